"""All that has to be known to take a report, in one statement: school, incident, what stands, what is kept already."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from services.sesr.queries.scope import WITHIN_EACH
from services.sesr.rules.acceptance import Days
from services.sesr.rules.counts import TOTALS, Counts
from shared.access import Scope


class Context(NamedTuple):
    """`school` is None outside the sender's scope, `days` where no incident is open for it; `kept_*` is the report
    that has this id already, `old_*` the one to be corrected, or that has not changed."""

    school: str | None
    totals: Counts
    incident_id: UUID | None
    days: Days | None
    day: date
    last_counts: Counts | None
    late_ok: bool
    kept_number: int | None
    kept_at: datetime | None
    kept_author: str | None
    kept_school: str | None
    kept_counts: Counts | None
    kept_flags: dict[str, bool] | None
    old_counted_at: datetime | None
    old_superseded_by: int | None


# `limit 1` keeps each look-up a look-up by its index, however many are asked for and however large a table is.
CONTEXTS = f"""
select s.name, s.enrolled, s.classified_classroom, s.classified_other, s.certificated_admin, s.certificated_other,
  i.incident_id, i.first_day, i.last_day, i.closed_at, st.counts, l.school_key is not null,
  k.number, k.received_at, k.author, k.school_key, k.counts, k.flags, o.counted_at, x.number, q.place, q.day
from jsonb_to_recordset(%(asked)s::jsonb) as q(place int, everywhere boolean, scope_schools text[],
  scope_directors text[], scope_regions text[],
  school_key text, incident_id uuid, day date, report_id uuid, old uuid)
left join lateral (select * from school s where s.school_key = q.school_key and {WITHIN_EACH} limit 1) s on true
left join lateral (select c.* from incident c where c.incident_id = coalesce(q.incident_id, (
  select n.incident_id from incident n left join expected e using (incident_id)
  where e.school_key = s.school_key and not e.excused and n.closed_at is null
    and q.day between n.first_day and n.last_day order by n.drill, n.opened_at desc limit 1)) limit 1) i on true
left join lateral (select counts from standing
  where (incident_id, day, school_key) = (i.incident_id, q.day, s.school_key) limit 1) st on true
left join lateral (select school_key from late_entry
  where (incident_id, day, school_key) = (i.incident_id, q.day, s.school_key) limit 1) l on true
left join lateral (select * from report where report_id = q.report_id limit 1) k on true
left join lateral (select report_id, counted_at from report where report_id = q.old
  and (incident_id, day, school_key) = (i.incident_id, q.day, s.school_key) limit 1) o on true
left join lateral (select number from report where supersedes = o.report_id limit 1) x on true
order by q.place
"""


class Question(NamedTuple):
    """The report that somebody of a scope wants to send; `old` is the one that it corrects or repeats."""

    scope: Scope
    school_key: str
    incident_id: UUID | None
    day: date
    report_id: UUID
    old: UUID | None


def context_values(questions: Sequence[Question]) -> dict[str, str]:
    """The values of the statement CONTEXTS, which answers one row for each, in their order."""
    asked = [
        {"place": place, **question._asdict(), "scope": None, **question.scope.values}
        for place, question in enumerate(questions)
    ]
    return {"asked": orjson.dumps(asked).decode()}


def context_of(row: Any) -> Context:
    """A row of CONTEXTS by names."""
    days = None if row[6] is None else Days(*row[7:10])
    return Context(row[0], dict(zip(TOTALS, row[1:6], strict=True)), row[6], days, row[21], *row[10:20])
