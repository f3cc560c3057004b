"""All that has to be known to take a report, in one statement: school, incident, what is there already."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from services.sesr.rules.acceptance import Earlier, IncidentDays
from services.sesr.rules.counts import TOTALS, Counts
from shared.access import Scope, within


class KeptReport(NamedTuple):
    """What is kept under a report's id already, whoever sent it; `carried` names the counts taken from another report."""

    number: int
    received_at: datetime
    author: str
    school_key: str
    counts: Counts
    flags: dict[str, bool]
    carried: list[str]


class OldReport(NamedTuple):
    """The report that a new one corrects, repeats or started from."""

    counted_at: datetime
    counts: Counts
    superseded_by: int | None


class OpenIncident(NamedTuple):
    """The real incident that expects the school, while the report is for a drill."""

    incident_id: UUID
    name: str
    opened_at: datetime


class ReportContext(NamedTuple):
    """`school` is None outside the sender's scope, `days` where no incident is open for it; `newest` is the report of
    the day that counts until now."""

    school: str | None
    totals: Counts
    incident_id: UUID | None
    incident: str | None
    days: IncidentDays | None
    day: date
    newest: Earlier | None
    late_ok: bool
    kept: KeptReport | None
    old: OldReport | None
    real: OpenIncident | None


_WITHIN_EACH = re.sub(r":([a-z_]+)", r"q.\1", within("s"))
# `limit 1` keeps each look-up a look-up by its index, however many are asked for and however large a table is.
CONTEXTS = f"""
select s.name as school, s.enrolled, s.classified_classroom, s.classified_other, s.certificated_admin,
  s.certificated_other, i.incident_id, i.name as incident, i.first_day, i.last_day, i.closed_at,
  n.report_id as newest_id, n.number as newest_number, n.counted_at as newest_at, n.counts as newest_counts,
  n.flags as newest_flags, l.school_key is not null as late_ok,
  k.number as kept_number, k.received_at as kept_at, k.author as kept_author, k.school_key as kept_school,
  k.counts as kept_counts, k.flags as kept_flags, k.carried as kept_carried,
  o.counted_at as old_at, o.counts as old_counts, x.number as old_superseded_by,
  d.incident_id as real_id, d.name as real_name, d.opened_at as real_opened_at, q.day
from jsonb_to_recordset(%(questions)s::jsonb) as q(place int, everywhere boolean, scope_schools text[],
  scope_directors text[], scope_regions text[], school_key text, incident_id uuid, day date, report_id uuid, old uuid)
left join lateral (select * from school s where s.school_key = q.school_key and {_WITHIN_EACH} limit 1) s on true
left join lateral (select c.* from incident c where c.incident_id = coalesce(q.incident_id, (
  select n.incident_id from incident n left join expected e using (incident_id)
  where e.school_key = s.school_key and e.until is null and not e.excused and n.closed_at is null
    and q.day between n.first_day and n.last_day order by n.drill, n.opened_at desc limit 1)) limit 1) i on true
left join lateral (select n.* from report n
  where (n.incident_id, n.day, n.school_key) = (i.incident_id, q.day, s.school_key)
    and not exists (select from report y where y.supersedes = n.report_id)
  order by n.counted_at desc, n.number desc limit 1) n on true
left join lateral (select school_key from late_entry
  where (incident_id, day, school_key) = (i.incident_id, q.day, s.school_key) limit 1) l on true
left join lateral (select * from report where report_id = q.report_id limit 1) k on true
left join lateral (select report_id, counted_at, counts from report where report_id = q.old
  and (incident_id, day, school_key) = (i.incident_id, q.day, s.school_key) limit 1) o on true
left join lateral (select number from report where supersedes = o.report_id limit 1) x on true
left join lateral (select r.incident_id, r.name, r.opened_at from incident r join expected e using (incident_id)
  where i.drill and e.school_key = s.school_key and e.until is null and not e.excused and not r.drill
    and r.closed_at is null and q.day between r.first_day and r.last_day
  order by r.opened_at desc limit 1) d on true
order by q.place
"""


class ContextQuestion(NamedTuple):
    """The report that somebody of a scope wants to send; `old` is the one that it corrects, repeats or started from."""

    scope: Scope
    school_key: str
    incident_id: UUID | None
    day: date
    report_id: UUID
    old: UUID | None


def context_values(questions: Sequence[ContextQuestion]) -> dict[str, str]:
    """The values of the statement CONTEXTS, which answers one row for each, in their order."""
    rows = [
        {"place": place, **question._asdict(), "scope": None, **question.scope.values}
        for place, question in enumerate(questions)
    ]
    return {"questions": orjson.dumps(rows).decode()}


def context_of(row: Mapping[str, Any]) -> ReportContext:
    """A row of CONTEXTS, by the names of its columns."""
    is_there = row["incident_id"] is not None
    names = ("enrolled", "classified_classroom", "classified_other", "certificated_admin", "certificated_other")
    return ReportContext(
        school=row["school"],
        totals={total: row[name] for total, name in zip(TOTALS, names, strict=True)},
        incident_id=row["incident_id"],
        incident=row["incident"],
        days=IncidentDays(row["first_day"], row["last_day"], row["closed_at"]) if is_there else None,
        day=row["day"],
        newest=_newest(row),
        late_ok=row["late_ok"],
        kept=_kept(row),
        old=_old(row),
        real=_real(row),
    )


def _newest(row: Mapping[str, Any]) -> Earlier | None:
    if row["newest_id"] is None:
        return None
    return Earlier(row["newest_id"], row["newest_number"], row["newest_at"], row["newest_counts"], row["newest_flags"])


def _kept(row: Mapping[str, Any]) -> KeptReport | None:
    if row["kept_number"] is None:
        return None
    return KeptReport(
        row["kept_number"],
        row["kept_at"],
        row["kept_author"],
        row["kept_school"],
        row["kept_counts"],
        row["kept_flags"],
        row["kept_carried"],
    )


def _old(row: Mapping[str, Any]) -> OldReport | None:
    if row["old_at"] is None:
        return None
    return OldReport(row["old_at"], row["old_counts"], row["old_superseded_by"])


def _real(row: Mapping[str, Any]) -> OpenIncident | None:
    return OpenIncident(row["real_id"], row["real_name"], row["real_opened_at"]) if row["real_id"] else None
