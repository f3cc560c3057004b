"""Whether a report may be taken and as what: the values that the one statement in `keeping` writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any, NamedTuple
from uuid import UUID

from services.sesr.queries.context import KeptReport, ReportContext
from services.sesr.rules.acceptance import Earlier, Merged, Refusal, merged, refusal, zero_refusal
from services.sesr.rules.contact import Private, read_phone
from services.sesr.rules.counts import FLAGS, STATUSES, Counts, Problem, read_counts, status_flags, warnings
from services.sesr.rules.timing import Counted, counted_by_hand, counted_when
from shared.access import Who
from shared.access.audits import request_places
from shared.errors import Conflict, Invalid, NotFound

SUPERSEDED = "Someone else just corrected this report. Open the school's history and correct the newest one."
CLOCK_UNSET = "This device's clock was not set when this was counted. Enter the time of the count."
BY_KEY = "It was sent after the session had ended."
AFTER_CLOSING = "It came after the incident was closed, and was counted before."
AFTER_DAY = "It came after its day."
KEPT_AS_WRITTEN = "{} is kept as it is written; it does not read as a phone number."
DESKS = ("desk", "central")
MOST_NAME = 100
MOST_REASON = 300


@dataclass(frozen=True)
class Submission:
    """A report as it arrives; `counted_at` and `sent_at` are readings of the sender's own clock.

    `counted_time` (such as 8:30) is entered by hand where that clock was not set. `same_as` is the report whose numbers
    it says have not changed, `based_on` the one that its form was filled in from; `after` is a newer one that the sender
    has seen and still means this. `confirmed_incident`: the sender knows that it is for a drill and not for a strike.
    """

    report_id: UUID
    school_key: str
    incident_id: UUID | None
    day: date | None
    counts: Mapping[str, object]
    flags: Mapping[str, bool | None]
    status: str = ""
    commander: str = ""
    landline: str = field(default="", repr=False)
    cell: str = field(default="", repr=False)
    counted_at: datetime | None = None
    sent_at: datetime | None = None
    counted_time: str = ""
    supersedes: UUID | None = None
    same_as: UUID | None = None
    based_on: UUID | None = None
    after: UUID | None = None
    confirmed_incident: bool = False
    reason: str = ""
    proxy_for: str = ""
    confirmed_zero: bool = False

    @property
    def old(self) -> UUID | None:
        """The report that this one corrects, repeats or started from."""
        return self.supersedes or self.same_as or self.based_on


class Receipt(NamedTuple):
    """What the sender keeps: number and time; `is_new` is false for a report that was here already."""

    report_id: UUID
    number: int
    received_at: datetime
    is_new: bool
    warnings: list[str]
    note: str


class Prepared(NamedTuple):
    """What the statement KEEP writes of a report, and what the sender gets to know."""

    values: dict[str, Any]
    warnings: list[str]
    note: str


class Arrival(NamedTuple):
    """The moment at which a report arrives, and how: `by_key` after its author's session had ended; `said` goes into its note."""

    now: datetime
    zone: tzinfo
    by_key: bool = False
    said: str = ""


def prepare(who: Who, sent: Submission, known: ReportContext, arrival: Arrival) -> Prepared | Receipt:
    """The values to keep, or the receipt of a report that is here already.

    Raises NotFound for a school that is not the sender's, Conflict for an incident or report that takes it no more, or
    where only the sender can tell what is meant, Invalid with every problem of the form.
    """
    if known.school is None:
        raise NotFound("This school is not one of yours. Choose one of your schools.", code="school_unknown")
    if known.kept is not None:
        return _repeat(who, sent, known.kept)
    made_at, counted = _times(sent, known, arrival)
    refused = _refused(who, known, made_at, arrival)
    if refused is not None and not refused.field:
        raise Conflict(refused.sentence, code=refused.code)
    _ask_which_incident(sent, known, made_at)
    counts, problems = read_counts(sent.counts)
    words = _words(who, sent)
    zero = zero_refusal(counts, sent.confirmed_zero)
    problems += [*words.problems, *(_problem(found) for found in (zero, refused) if found)]
    if problems:
        raise Invalid(
            "The report is not sent yet: correct the fields below.", problems=problems, code=problems[0]["code"]
        )
    mixed = _merged(sent, known, counts, counted)
    note = " ".join([counted.note, *_notes(known, made_at, arrival)]).strip()
    values = {**words.values, **_values(who, sent, known, mixed, counted, note), "by_key": arrival.by_key}
    last = known.newest.counts if known.newest else None
    return Prepared(values, [*warnings(mixed.counts | known.totals, last), *words.warnings], note)


def day_of(sent: Submission, arrival: Arrival) -> date:
    """The day that the report is for: the one named, else the district's day of the count."""
    at = counted_when(arrival.now, sent.counted_at, sent.sent_at).at or arrival.now
    return sent.day or at.astimezone(arrival.zone).date()


def repeated(who: Who, sent: Submission, known: ReportContext) -> Receipt:
    """The receipt when KEEP kept nothing: the same report came at the same time, or another correction was faster."""
    if known.kept is not None:
        return _repeat(who, sent, known.kept)
    raise Conflict(SUPERSEDED, code="superseded")


class _Words(NamedTuple):
    values: dict[str, Any]
    problems: list[Problem]
    warnings: list[str]


def _repeat(who: Who, sent: Submission, kept: KeptReport) -> Receipt:
    """The same id twice is one report; under another school or person it is nobody's business what is there."""
    if (kept.author, kept.school_key) != (who.actor, sent.school_key):
        raise Conflict("This report id is taken. Open the form again and send it once more.", code="report_id_taken")
    counts, _ = read_counts(sent.counts)
    has_other = any(kept.counts.get(name) != value for name, value in counts.items() if name not in kept.carried)
    if has_other or kept.flags != _flags(sent):
        text = f"This form was sent already, with other answers, as report {kept.number}. Open a new form."
        raise Conflict(text, code="sent_with_other_numbers")
    return Receipt(sent.report_id, kept.number, kept.received_at, False, [], "")


def _words(who: Who, sent: Submission) -> _Words:
    """The text fields; phones in one form where they read as phones, else as they are written."""
    problems: list[Problem] = []
    odd: list[str] = []
    phones = {}
    for name, text in (("landline", sent.landline), ("cell", sent.cell)):
        phone, is_known = read_phone(text)
        phones[name] = phone.reveal()
        if not is_known:
            odd.append(KEPT_AS_WRITTEN.format("The landline" if name == "landline" else "The cell phone"))
    if who.role in DESKS and not sent.supersedes and not sent.proxy_for.strip():
        problems.append({"code": "missing", "field": "proxy_for", "message": "Enter who gave you the numbers"})
    if sent.status and sent.status not in STATUSES:
        message = f"Choose one of {', '.join(STATUSES.values())}"
        problems.append({"code": "unknown", "field": "status", "message": message})
    if sent.supersedes and not sent.reason.strip():
        problems.append({"code": "missing", "field": "reason", "message": "Enter why the report is corrected"})
    commander = Private(" ".join(sent.commander.split())[:MOST_NAME]).reveal()
    proxy = " ".join(sent.proxy_for.split())[:MOST_NAME] if who.role in DESKS else ""
    words = {"commander": commander, "reason": sent.reason.strip()[:MOST_REASON], "proxy_for": proxy}
    return _Words({**words, **phones}, problems, odd)


def _times(sent: Submission, known: ReportContext, arrival: Arrival) -> tuple[datetime, Counted]:
    """When it was made, and the time that it counts for: a correction has that of the report it supersedes.

    Raises Invalid where nobody knows, NotFound and Conflict for a report that cannot be corrected.
    """
    made = counted_when(arrival.now, sent.counted_at, sent.sent_at)
    if sent.counted_time:
        made = counted_by_hand(arrival.now, known.day, sent.counted_time, arrival.zone)
    if made.at is None:
        problem = {"code": "clock_unset", "field": "counted_time", "message": "Enter a time before now, such as 8:30"}
        raise Invalid(CLOCK_UNSET, problems=[problem], code="clock_unset")
    if sent.supersedes is None:
        if sent.same_as is not None and known.old is not None and known.old.superseded_by is not None:
            raise Conflict("That report was corrected meanwhile. Open the form again.", code="superseded")
        return made.at, made
    if known.old is None:
        raise NotFound("The report to be corrected is not among this school's reports of that day.")
    if known.old.superseded_by is not None:
        text = f"This report was corrected already, by number {known.old.superseded_by}. Correct that one."
        raise Conflict(text, code="superseded")
    return made.at, Counted(known.old.counted_at, "")


def _refused(who: Who, known: ReportContext, made_at: datetime, arrival: Arrival) -> Refusal | None:
    today, made_on = (moment.astimezone(arrival.zone).date() for moment in (arrival.now, made_at))
    return refusal(known.days, known.day, made_at, made_on, today, late_ok=known.late_ok or who.role in DESKS)


def _ask_which_incident(sent: Submission, known: ReportContext, made_at: datetime) -> None:
    """A form of a drill that stayed open when a strike began: only its sender knows which of them is meant."""
    real = known.real
    if real is None or sent.confirmed_incident or sent.supersedes or real.opened_at > made_at:
        return
    text = f"{real.name} is open now, which is not a drill. Say which of the two this report is for."
    choices = [(str(real.incident_id), f"For {real.name}"), (str(known.incident_id), f"For the drill {known.incident}")]
    problems = [{"code": "which_incident", "field": "", "incident_id": key, "message": label} for key, label in choices]
    raise Conflict(text, code="which_incident", problems=problems)


def _merged(sent: Submission, known: ReportContext, counts: Counts, counted: Counted) -> Merged:
    """The counts, with those of a newer report where the form still shows the older one's. Raises Conflict to ask."""
    newest, old = known.newest, known.old
    is_start = sent.supersedes is None and (sent.same_as or sent.based_on) and old is not None
    if not is_start or newest is None or newest.report_id == sent.old or sent.after == newest.report_id:
        return Merged(counts, (), False)
    if counted.at is None or newest.counted_at > counted.at:
        return Merged(counts, (), False)
    assert old is not None
    found = merged(counts, old.counts, newest)
    if found.asks or (sent.same_as and found.carried):
        raise _newer(newest, counts)
    return found


def _newer(newest: Earlier, counts: Counts) -> Conflict:
    theirs, ours = newest.counts.get("students_present"), counts.get("students_present")
    text = (
        f"A newer report, number {newest.number}, is here: {theirs} students present."
        f" Yours says {ours}. Send yours only if it is right as of now."
    )
    problem = {"code": "newer_report", "field": "", "report_id": str(newest.report_id), "message": ""}
    return Conflict(text, code="newer_report", problems=[problem])


def _notes(known: ReportContext, made_at: datetime, arrival: Arrival) -> list[str]:
    closed = known.days.closed_at if known.days else None
    today, made_on = (moment.astimezone(arrival.zone).date() for moment in (arrival.now, made_at))
    found = [
        (bool(arrival.said), arrival.said),
        (arrival.by_key, BY_KEY),
        (closed is not None, AFTER_CLOSING),
        (made_on < today, AFTER_DAY),
    ]
    return [note for is_so, note in found if is_so]


def _values(
    who: Who, sent: Submission, known: ReportContext, mixed: Merged, counted: Counted, note: str
) -> dict[str, Any]:
    shared = {
        "report_id": sent.report_id,
        "incident_id": known.incident_id,
        "school_key": sent.school_key,
        "day": known.day,
        "supersedes": sent.supersedes,
        "counts": mixed.counts | known.totals,
        "flags": _flags(sent),
    }
    return {
        **shared,
        "counted_at": counted.at,
        "author": who.actor,
        "author_name": who.name,
        "note": note,
        "carried": list(mixed.carried),
        "action": "report.correct" if sent.supersedes else "report.submit",
        "detail": {"school_key": sent.school_key, "day": known.day, **request_places()},
        "event": shared,
    }


def _flags(sent: Submission) -> dict[str, bool]:
    """Those that were answered, with the school's status."""
    answered = {name: bool(value) for name in FLAGS if (value := sent.flags.get(name)) is not None}
    return answered | status_flags(sent.status)


def _problem(refused: Refusal) -> Problem:
    return {"code": refused.code, "field": refused.field, "message": refused.sentence}
