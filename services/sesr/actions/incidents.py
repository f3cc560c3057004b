"""Opening and closing incidents, excusing a school, allowing a late entry, noting a call."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.sesr.actions.directory import expect_schools
from services.sesr.rules.timing import read_times
from services.sesr.tables import Chase, Incident
from shared.access import Who, audit
from shared.errors import Conflict, Invalid

OUTCOMES = {
    "no_answer": "Called, no answer",
    "message": "Left a message",
    "will_report": "Will report",
    "entered": "Report taken by telephone",
}
MOST_DAYS = 60

_EXCUSE = text(
    "insert into expected(incident_id, school_key, excused) values (:incident_id, :school_key, :excused)"
    " on conflict (incident_id, school_key) do update set excused = excluded.excused"
)
_ALLOW = text(
    "insert into late_entry(incident_id, day, school_key, author, reason)"
    " values (:incident_id, :day, :school_key, :author, :reason) on conflict do nothing"
)
_RING = text("select pg_notify('sesr_board', '')")


@dataclass(frozen=True)
class NewIncident:
    """What is asked for a new incident; empty `regions` and `levels` mean all schools."""

    name: str
    first_day: date
    last_day: date
    windows: str
    drill: bool = False
    grace_minutes: int = 10
    most_per_adult: int = 30
    regions: list[str] = field(default_factory=list)
    levels: list[str] = field(default_factory=list)


def open_incident(session: Session, who: Who, asked: NewIncident) -> Incident:
    """Opens an incident; the schools that fit it are expected from now on. Raises Invalid."""
    made = Incident(
        name=_name(asked.name),
        drill=asked.drill,
        first_day=asked.first_day,
        last_day=asked.last_day,
        windows=_windows(asked),
        grace_minutes=_within(asked.grace_minutes, 0, 120, "grace_minutes", "Minutes of grace"),
        most_per_adult=_within(asked.most_per_adult, 1, 1000, "most_per_adult", "Students per adult"),
        regions=asked.regions,
        levels=asked.levels,
        opened_by=who.actor,
    )
    session.add(made)
    session.flush()
    session.refresh(made)
    expect_schools(session, made.incident_id)
    audit(session, who.actor, "incident.open", str(made.incident_id), {"name": made.name, "drill": made.drill})
    session.execute(_RING)
    return made


def change_incident(session: Session, who: Who, incident: Incident, last_day: date, windows: str, most: int) -> None:
    """A strike that lasts longer, other times of reports, another alarm. Raises Invalid, Conflict for a closed one."""
    if incident.closed_at is not None:
        raise Conflict("This incident is closed. Open it again to change it.", code="incident_closed")
    asked = NewIncident(incident.name, incident.first_day, last_day, windows)
    changed = {
        "last_day": last_day,
        "windows": _windows(asked),
        "most_per_adult": _within(most, 1, 1000, "most_per_adult", "Students per adult"),
    }
    before = {name: getattr(incident, name) for name in changed}
    for name, value in changed.items():
        setattr(incident, name, value)
    session.add(incident)
    session.flush()
    told = {"before": {**before, "last_day": str(before["last_day"])}, "now": {**changed, "last_day": str(last_day)}}
    audit(session, who.actor, "incident.change", str(incident.incident_id), told)
    session.execute(_RING)


def close_incident(session: Session, who: Who, incident: Incident) -> None:
    """Closes it; what was counted before and still travels is taken."""
    if incident.closed_at is not None:
        raise Conflict("This incident is closed already.", code="incident_closed")
    closing = text("update incident set closed_at = now(), closed_by = :by where incident_id = :incident_id")
    session.execute(closing, {"by": who.actor, "incident_id": incident.incident_id})
    audit(session, who.actor, "incident.close", str(incident.incident_id))
    session.execute(_RING)


def reopen_incident(session: Session, who: Who, incident: Incident) -> None:
    """Opens it again; what fell due while it was closed is asked of nobody."""
    opening = text(
        "update incident set pauses = pauses + tstzmultirange(tstzrange(closed_at, now())), closed_at = null,"
        " closed_by = null where incident_id = :incident_id and closed_at is not null"
    )
    session.execute(opening, {"incident_id": incident.incident_id})
    expect_schools(session, incident.incident_id)
    audit(session, who.actor, "incident.reopen", str(incident.incident_id))
    session.execute(_RING)


def excuse_school(session: Session, who: Who, incident: Incident, school_key: str, excused: bool) -> None:
    """Takes a school out of those expected, or puts it back."""
    values = {"incident_id": incident.incident_id, "school_key": school_key, "excused": excused}
    session.execute(_EXCUSE, values)
    action = "school.excuse" if excused else "school.expect"
    audit(session, who.actor, action, f"{incident.incident_id}/{school_key}")
    session.execute(_RING)


def allow_late_entry(session: Session, who: Who, incident: Incident, day: date, school_key: str, reason: str) -> None:
    """Lets a school enter a day of the incident that is over. Raises Invalid without a reason."""
    if not reason.strip():
        raise Invalid("Say why the school may enter that day.", problems=[_problem("reason", "Enter a reason")])
    values = {"incident_id": incident.incident_id, "day": day, "school_key": school_key}
    session.execute(_ALLOW, {**values, "author": who.actor, "reason": reason.strip()[:300]})
    audit(session, who.actor, "late_entry.allow", f"{incident.incident_id}/{day}/{school_key}")


def note_call(
    session: Session, who: Who, incident_id: UUID, day: date, school_key: str, outcome: str, note: str
) -> None:
    """Notes that a school was called and what came of it."""
    if outcome not in OUTCOMES:
        raise Invalid("Choose what came of the call.", problems=[_problem("outcome", "Choose an outcome")])
    session.add(
        Chase(
            incident_id=incident_id, day=day, school_key=school_key, author=who.name, outcome=outcome, note=note[:300]
        )
    )
    session.flush()
    audit(session, who.actor, "chase.note", f"{incident_id}/{day}/{school_key}", {"outcome": outcome})
    session.execute(_RING)


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > 100:
        raise Invalid(
            "The incident needs a name.", problems=[_problem("name", "Enter a name of at most 100 characters")]
        )
    return name


def _windows(asked: NewIncident) -> list[str]:
    if not asked.first_day <= asked.last_day or (asked.last_day - asked.first_day).days >= MOST_DAYS:
        told = _problem("last_day", f"The last day is not before the first, and within {MOST_DAYS} days")
        raise Invalid("The days of the incident are not in order.", problems=[told])
    try:
        windows = read_times(asked.windows)
    except ValueError as error:
        raise Invalid(
            "The times of the reports are not understood.", problems=[_problem("windows", str(error))]
        ) from None
    if not windows:
        raise Invalid(
            "Say when reports are due.", problems=[_problem("windows", "Enter at least one time, such as 8:30")]
        )
    return windows


def _within(value: int, least: int, most: int, field: str, label: str) -> int:
    if not least <= value <= most:
        told = _problem(field, f"{label}: from {least} to {most}")
        raise Invalid("A number of the incident is out of range.", problems=[told])
    return value


def _problem(field: str, message: str) -> dict[str, str]:
    return {"code": "invalid_field", "field": field, "message": message}
