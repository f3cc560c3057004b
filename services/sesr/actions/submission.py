"""Taking a report: what has to be known, whether it may be taken, and the one statement that keeps and tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from services.sesr.queries.context import Context
from services.sesr.rules.acceptance import Refusal, refusal, zero_refusal
from services.sesr.rules.contact import Private, read_phone
from services.sesr.rules.counts import FLAGS, Counts, Problem, read_counts, warnings
from services.sesr.rules.timing import Counted, counted_when
from shared.access import Who
from shared.access.audits import request_places
from shared.delivery.outbox import CHANNEL
from shared.errors import Conflict, Invalid, NotFound
from shared.events import ReportSubmitted

SUPERSEDED = "Somebody else corrected this report just now. Open the school's history and correct the newest one."
DESKS = ("desk", "central")
MOST_NAME = 100
MOST_REASON = 300


@dataclass(frozen=True)
class Asked:
    """A report as it arrives; `counted_at` and `sent_at` are readings of the sender's own clock.

    `same_as`: the report whose numbers it says have not changed.
    """

    report_id: UUID
    school_key: str
    incident_id: UUID | None
    day: date | None
    counts: Mapping[str, object]
    flags: Mapping[str, bool | None]
    commander: str = ""
    landline: str = field(default="", repr=False)
    cell: str = field(default="", repr=False)
    counted_at: datetime | None = None
    sent_at: datetime | None = None
    supersedes: UUID | None = None
    same_as: UUID | None = None
    reason: str = ""
    proxy_for: str = ""
    confirmed_zero: bool = False


class Receipt(NamedTuple):
    """What the sender keeps: number and time; `is_new` is false for a report that was here already."""

    report_id: UUID
    number: int
    received_at: datetime
    is_new: bool
    warnings: list[str]
    note: str


class Prepared(NamedTuple):
    """What the statement KEEP writes of a report, and what to tell the sender."""

    values: dict[str, Any]
    warnings: list[str]
    note: str


# Reports, their audit rows, their events with the deliveries, and the bell: one statement, so one round trip and one
# commit however many there are. In the order of their ids, so that two such statements do not wait for each other.
KEEP = """
with asked as (
  select * from jsonb_to_recordset(%(rows)s::jsonb) as r(report_id uuid, incident_id uuid, school_key text, day date,
    counted_at timestamptz, author text, author_name text, proxy_for text, reason text, supersedes uuid, commander text,
    landline text, cell text, counts jsonb, flags jsonb, note text, action text, detail jsonb, event jsonb)),
kept as (
  insert into report(report_id, incident_id, school_key, day, counted_at, author, author_name, proxy_for, reason,
    supersedes, commander, landline, cell, counts, flags, note)
  select report_id, incident_id, school_key, day, least(counted_at, now()), author, author_name, proxy_for, reason,
    supersedes, commander, landline, cell, counts, flags, note from asked order by report_id
  on conflict do nothing
  returning report_id, number, counted_at, received_at),
audited as (
  insert into audit(actor, action, object, detail)
  select author, action, report_id::text, detail || jsonb_build_object('number', number) from kept join asked using (report_id)),
said as (
  insert into outbox_event(topic, key, version, payload)
  select %(topic)s, report_id::text, 1, (event
    || jsonb_build_object('sequence', number, 'counted_at', kept.counted_at, 'received_at', received_at))::text
  from kept join asked using (report_id)
  returning event_id),
delivered as (
  insert into outbox_delivery(event_id, subscriber) select event_id, unnest(%(subscribers)s::text[]) from said),
rung as (select pg_notify(%(channel)s, current_schema()) where exists (select from said))
select report_id, number, received_at, (select count(*) from rung) from kept
"""


def keep_values(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The values of the statement KEEP for reports of different ids."""
    told = {"topic": ReportSubmitted.topic, "subscribers": list(ReportSubmitted.subscribers), "channel": CHANNEL}
    return {**told, "rows": orjson.dumps(rows).decode()}


def prepare(who: Who, asked: Asked, known: Context, now: datetime, zone: tzinfo) -> Prepared | Receipt:
    """The values to keep, or the receipt of a report that is here already.

    Raises NotFound for a school that is not the sender's, Conflict for an incident or report that takes it no more,
    Invalid with every problem of the form.
    """
    if known.school is None:
        raise NotFound("This school is not one of yours. Choose one of your schools.", code="school_unknown")
    if known.kept_number is not None:
        return _repeat(who, asked, known)
    counted = _counted(asked, known, now)
    refused = _refused(who, asked, known, counted.at, now, zone)
    if refused is not None and not refused.field:
        raise Conflict(refused.sentence, code=refused.code)
    counts, problems = read_counts(asked.counts)
    told = _words(who, asked)
    zero = zero_refusal(counts, asked.confirmed_zero)
    problems += [*told.problems, *(_problem(found) for found in (zero, refused) if found)]
    if problems:
        sentence = "The report is not sent yet: correct the fields below."
        raise Invalid(sentence, problems=problems, code=problems[0]["code"])
    counts |= known.totals
    values = {**told.values, **_values(who, asked, known, counts, counted)}
    return Prepared(values, warnings(counts, known.last_counts), counted.note)


def asked_day(asked: Asked, now: datetime, zone: tzinfo) -> date:
    """The day that the report is for: the one named, else the district's day of the count."""
    return asked.day or counted_when(now, asked.counted_at, asked.sent_at).at.astimezone(zone).date()


def repeated(who: Who, asked: Asked, known: Context) -> Receipt:
    """The receipt when KEEP kept nothing: the same report came at the same time, or another correction was faster."""
    if known.kept_number is not None:
        return _repeat(who, asked, known)
    raise Conflict(SUPERSEDED, code="superseded")


class _Words(NamedTuple):
    values: dict[str, Any]
    problems: list[Problem]


def _repeat(who: Who, asked: Asked, known: Context) -> Receipt:
    """The same id twice is one report; under another school or person it is nobody's business what is there."""
    if (known.kept_author, known.kept_school) != (who.actor, asked.school_key):
        raise Conflict("This report id is taken. Open the form again and send it once more.", code="report_id_taken")
    assert known.kept_number is not None and known.kept_at is not None
    counts, _ = read_counts(asked.counts)
    other_counts = any((known.kept_counts or {}).get(name) != value for name, value in counts.items())
    if other_counts or known.kept_flags != _flags(asked):
        text = f"This form was sent already, with other answers, as report {known.kept_number}. Open the form anew."
        raise Conflict(text, code="sent_with_other_numbers")
    return Receipt(asked.report_id, known.kept_number, known.kept_at, False, [], "")


def _words(who: Who, asked: Asked) -> _Words:
    """The text fields, checked; phones as `213-555-0100`."""
    problems: list[Problem] = []
    phones = {}
    for name, text in (("landline", asked.landline), ("cell", asked.cell)):
        try:
            phones[name] = read_phone(text).reveal()
        except ValueError as error:
            problems.append({"code": "not_a_phone", "field": name, "message": f"{name.capitalize()}: {error}"})
    if who.role in DESKS and not asked.supersedes and not asked.proxy_for.strip():
        problems.append({"code": "missing", "field": "proxy_for", "message": "Enter who gave you the numbers"})
    if asked.supersedes and not asked.reason.strip():
        problems.append({"code": "missing", "field": "reason", "message": "Enter why the report is corrected"})
    commander = Private(" ".join(asked.commander.split())[:MOST_NAME]).reveal()
    proxy = " ".join(asked.proxy_for.split())[:MOST_NAME] if who.role in DESKS else ""
    words = {"commander": commander, "reason": asked.reason.strip()[:MOST_REASON], "proxy_for": proxy}
    return _Words({**words, **phones}, problems)


def _counted(asked: Asked, known: Context, now: datetime) -> Counted:
    """When it was counted; a correction is of the time of the report it supersedes. Raises NotFound, Conflict."""
    if asked.supersedes is None:
        if asked.same_as is not None and known.old_superseded_by is not None:
            raise Conflict("That report was corrected meanwhile. Open the form again.", code="superseded")
        return counted_when(now, asked.counted_at, asked.sent_at)
    if known.old_counted_at is None:
        raise NotFound("The report to be corrected is not among this school's reports of that day.")
    if known.old_superseded_by is not None:
        text = f"This report was corrected already, by number {known.old_superseded_by}. Correct that one."
        raise Conflict(text, code="superseded")
    return Counted(known.old_counted_at, "")


def _refused(
    who: Who, asked: Asked, known: Context, counted_at: datetime, now: datetime, zone: tzinfo
) -> Refusal | None:
    # A correction counts for the time of the old report; whether it was made before the closing, its own time says.
    at = counted_when(now, asked.counted_at, asked.sent_at).at if asked.supersedes else counted_at
    on = known.day if asked.supersedes else counted_at.astimezone(zone).date()
    late_ok = known.late_ok or who.role in DESKS
    return refusal(known.days, known.day, at, on, now.astimezone(zone).date(), late_ok=late_ok)


def _values(who: Who, asked: Asked, known: Context, counts: Counts, counted: Counted) -> dict[str, Any]:
    shared = {
        "report_id": asked.report_id,
        "incident_id": known.incident_id,
        "school_key": asked.school_key,
        "day": known.day,
        "supersedes": asked.supersedes,
        "counts": counts,
        "flags": _flags(asked),
    }
    return {
        **shared,
        "counted_at": counted.at,
        "author": who.actor,
        "author_name": who.name,
        "note": counted.note,
        "action": "report.correct" if asked.supersedes else "report.submit",
        "detail": {"school_key": asked.school_key, "day": known.day, **request_places()},
        "event": shared,
    }


def _flags(asked: Asked) -> dict[str, bool]:
    """Those that were answered."""
    return {name: bool(value) for name in FLAGS if (value := asked.flags.get(name)) is not None}


def _problem(refused: Refusal) -> Problem:
    return {"code": refused.code, "field": refused.field, "message": refused.sentence}
