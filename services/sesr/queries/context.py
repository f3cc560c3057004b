"""All that has to be known to take a report, in one statement: school, incident, what stands, what is kept already."""

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.sesr.queries.scope import WITHIN, Scope
from services.sesr.rules.acceptance import Days
from services.sesr.rules.counts import TOTALS, Counts
from shared.db import psycopg_style


class Context(NamedTuple):
    """`school` is None outside the sender's scope, `days` where no incident is open for it; `kept_*` is the report
    that has this id already, `old_*` the one to be corrected."""

    school: str | None
    totals: Counts
    incident_id: UUID | None
    days: Days | None
    day: date | None
    last_counts: Counts | None
    late_ok: bool
    kept_number: int | None
    kept_at: datetime | None
    kept_author: str | None
    kept_school: str | None
    kept_counts: Counts | None
    old_counted_at: datetime | None
    old_superseded_by: int | None


_WITHIN = psycopg_style(WITHIN)
CONTEXT = f"""
select s.name, s.enrolled, s.classified_classroom, s.classified_other, s.certificated_admin, s.certificated_other,
  i.incident_id, i.first_day, i.last_day, i.closed_at, st.counts, l.school_key is not null,
  k.number, k.received_at, k.author, k.school_key, k.counts, o.counted_at, x.number
from (values (1)) as one
left join school s on s.school_key = %(school_key)s and {_WITHIN}
left join incident i on i.incident_id = coalesce(%(incident_id)s::uuid, (
  select c.incident_id from incident c left join expected e using (incident_id)
  where e.school_key = s.school_key and not e.excused and c.closed_at is null
    and %(day)s::date between c.first_day and c.last_day order by c.drill, c.opened_at desc limit 1))
left join standing st on (st.incident_id, st.day, st.school_key) = (i.incident_id, %(day)s::date, s.school_key)
left join late_entry l on (l.incident_id, l.day, l.school_key) = (i.incident_id, %(day)s::date, s.school_key)
left join report k on k.report_id = %(report_id)s
left join report o on o.report_id = %(supersedes)s::uuid
  and (o.incident_id, o.day, o.school_key) = (i.incident_id, %(day)s::date, s.school_key)
left join report x on x.supersedes = o.report_id
"""


def context_values(
    scope: Scope, school_key: str, incident_id: UUID | None, day: date, report_id: UUID, supersedes: UUID | None
) -> dict[str, Any]:
    """The values of the statement CONTEXT."""
    asked = {"school_key": school_key, "incident_id": incident_id, "day": day}
    return {**scope.values, **asked, "report_id": report_id, "supersedes": supersedes}


def context_of(row: Any, day: date) -> Context:
    """The statement's row by names."""
    days = None if row[6] is None else Days(*row[7:10])
    return Context(row[0], dict(zip(TOTALS, row[1:6], strict=True)), row[6], days, day, *row[10:19])
