"""Opening, changing and closing incidents, excusing a school, allowing a late entry, noting a call."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select, update

from services.sesr.actions.intake import expect_schools
from services.sesr.actions.plans import MOST_TEXT, NewIncident, field_problem, read_incident
from services.sesr.actions.recording import notify_boards
from services.sesr.rules.contact import OUTCOMES
from services.sesr.tables import CallAssignment, Expected, FormerPlan, Incident, LateEntry, School, SchoolCall
from shared.access import Who, audit
from shared.errors import Conflict, Invalid

MOST_NOTE = 300
_PLAN = set(FormerPlan.model_fields) - {"since"}
_REOPEN = text("""
    update incident
    set pauses = pauses + tstzmultirange(tstzrange(closed_at, now())), closed_at = null, closed_by = null
    where incident_id = :incident_id and closed_at is not null
""")


def open_incident(session: Session, who: Who, plan: NewIncident) -> Incident:
    """Opens an incident; the schools that fit it are expected from now on. Raises Invalid."""
    made = Incident(**read_incident(plan), opened_by=who.actor)
    session.add(made)
    session.flush()
    session.refresh(made)
    expect_schools(session, made.incident_id)
    audit(session, who.actor, "incident.open", str(made.incident_id), {"name": made.name, "drill": made.drill})
    notify_boards(session)
    return made


def change_incident(session: Session, who: Who, incident: Incident, plan: NewIncident) -> None:
    """Another name, more days, other times, regions or alarms. Raises Invalid, Conflict for a closed one.

    What was asked before stays known: a board of a past minute shows the plan of that minute.
    """
    if incident.closed_at is not None:
        raise Conflict("This incident is closed. Open it again to change it.", code="incident_closed")
    values = {name: value for name, value in read_incident(plan).items() if name not in ("drill", "first_day")}
    before = {name: getattr(incident, name) for name, value in values.items() if getattr(incident, name) != value}
    _keep_former(session, incident)
    for name in before:
        setattr(incident, name, values[name])
    session.add(incident)
    session.flush()
    session.refresh(incident)
    _end_expectations(session, incident)
    expect_schools(session, incident.incident_id)
    changes = {"before": before, "now": {name: values[name] for name in before}}
    audit(session, who.actor, "incident.change", str(incident.incident_id), changes)
    notify_boards(session)


def close_incident(session: Session, who: Who, incident: Incident) -> None:
    """Closes it; what was counted before and is still on its way is taken."""
    if incident.closed_at is not None:
        raise Conflict("This incident is closed already.", code="incident_closed")
    closing = update(Incident).where(col(Incident.incident_id) == incident.incident_id)
    session.execute(closing.values(closed_at=func.now(), closed_by=who.actor))
    audit(session, who.actor, "incident.close", str(incident.incident_id))
    notify_boards(session)


def reopen_incident(session: Session, who: Who, incident: Incident) -> None:
    """Opens it again; what fell due while it was closed is expected of no one."""
    session.execute(_REOPEN, {"incident_id": incident.incident_id})
    expect_schools(session, incident.incident_id)
    audit(session, who.actor, "incident.reopen", str(incident.incident_id))
    notify_boards(session)


def excuse_school(session: Session, who: Who, incident: Incident, school_key: str, excused: bool) -> None:
    """Takes a school out of those expected from now on, or puts it back; before, it was as it was."""
    now = select(Expected).where(Expected.incident_id == incident.incident_id, Expected.school_key == school_key)
    found = session.exec(now.where(col(Expected.until).is_(None)).with_for_update()).one_or_none()
    if found is None or found.excused != excused:
        if found is not None:
            ended = update(Expected).where(
                col(Expected.incident_id) == incident.incident_id,
                col(Expected.school_key) == school_key,
                col(Expected.until).is_(None),
            )
            session.execute(ended.values(until=func.clock_timestamp()))
        values = {"incident_id": incident.incident_id, "school_key": school_key, "excused": excused}
        session.execute(insert(Expected).values(**values, since=func.clock_timestamp()))
    action = "school.excuse" if excused else "school.expect"
    audit(session, who.actor, action, f"{incident.incident_id}/{school_key}")
    notify_boards(session)


def allow_late_entry(session: Session, who: Who, incident: Incident, day: date, school_key: str, reason: str) -> None:
    """Lets a school enter or correct a day of the incident that is over. Raises Invalid without a reason."""
    if not reason.strip():
        problem = field_problem("reason", "Enter a reason")
        raise Invalid("Say why the school may enter that day.", problems=[problem])
    values = {"incident_id": incident.incident_id, "day": day, "school_key": school_key}
    allowed = insert(LateEntry).values(**values, author=who.actor, reason=reason.strip()[:MOST_NOTE])
    session.execute(allowed.on_conflict_do_nothing())
    audit(session, who.actor, "late_entry.allow", f"{incident.incident_id}/{day}/{school_key}")


def note_call(
    session: Session, who: Who, incident_id: UUID, day: date, school_key: str, outcome: str, note: str
) -> None:
    """Notes that a school was called, and the result."""
    if outcome not in OUTCOMES:
        raise Invalid("Choose the result of the call.", problems=[field_problem("outcome", "Choose an outcome")])
    call: dict[str, Any] = {"incident_id": incident_id, "day": day, "school_key": school_key, "author": who.name}
    session.add(SchoolCall(**call, outcome=outcome, note=note[:MOST_NOTE]))
    session.flush()
    audit(session, who.actor, "chase.note", f"{incident_id}/{day}/{school_key}", {"outcome": outcome})
    notify_boards(session)


def assign_calls(
    session: Session, who: Who, incident: Incident, day: date, school_keys: Sequence[str], caller: str
) -> None:
    """Says who calls these schools on a day; an empty name takes the assignment back. Raises Invalid without a school."""
    if not school_keys:
        raise Invalid("Tick the schools first.", problems=[field_problem("school_key", "Tick at least one school")])
    name = " ".join(caller.split())[:MOST_TEXT]
    keys = sorted(set(school_keys))
    old = delete(CallAssignment).where(
        col(CallAssignment.incident_id) == incident.incident_id,
        col(CallAssignment.day) == day,
        col(CallAssignment.school_key).in_(keys),
    )
    session.execute(old)
    if name:
        columns = {"incident_id": incident.incident_id, "day": day, "caller": name, "author": who.actor}
        session.execute(insert(CallAssignment), [{**columns, "school_key": key} for key in keys])
    audit(session, who.actor, "chase.assign", f"{incident.incident_id}/{day}", {"schools": keys})


def _keep_former(session: Session, incident: Incident) -> None:
    """What was asked until now stays known; what the incident asks holds from now on."""
    values = {name: getattr(incident, name) for name in _PLAN}
    session.execute(insert(FormerPlan).values(**values, since=incident.planned_at).on_conflict_do_nothing())
    now = update(Incident).where(col(Incident.incident_id) == incident.incident_id)
    session.execute(now.values(planned_at=func.now()))


def _end_expectations(session: Session, incident: Incident) -> None:
    """Schools outside the regions and levels of the incident are not expected from now on."""
    fits = select(School.school_key)
    if incident.regions:
        fits = fits.where(col(School.region).in_(incident.regions))
    if incident.levels:
        fits = fits.where(col(School.level).in_(incident.levels))
    ended = update(Expected).where(
        col(Expected.incident_id) == incident.incident_id,
        col(Expected.until).is_(None),
        col(Expected.school_key).not_in(fits),
    )
    session.execute(ended.values(until=func.now()))
