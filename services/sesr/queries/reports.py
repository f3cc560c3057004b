"""Reports within a scope: one by its id, a school's day, the last one."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.sesr.queries.scope import WITHIN
from services.sesr.rules.standing import Told, valid
from shared.access import Scope

_COLUMNS = (
    "select r.*, s.name as school, s.ploc, x.number as superseded_by, x.report_id as superseded_by_id, i.name as incident,"
    " i.drill from report r join school s using (school_key) join incident i using (incident_id)"
    " left join report x on x.supersedes = r.report_id"
)
_REPORT = text(f"{_COLUMNS} where {WITHIN} and r.report_id = :report_id")
_HISTORY = text(
    f"{_COLUMNS} where {WITHIN} and r.incident_id = :incident_id and r.day = :day and r.school_key = :school_key"
    " order by r.counted_at desc, r.number desc limit 200"
)
_KNOWN = text(
    "select report_id, number, received_at, author, school_key, note from report where report_id = :report_id"
)
_LATE_OK = text(
    "select author, reason from late_entry where (incident_id, day, school_key) = (:incident_id, :day, :school_key)"
)


def report(session: Session, scope: Scope, report_id: UUID) -> Any | None:
    """The report's row with its school; None where it does not exist or its school is not in the scope."""
    return session.execute(_REPORT, {**scope.values, "report_id": report_id}).one_or_none()


def history(session: Session, scope: Scope, incident_id: UUID, day: date, school_key: str) -> Sequence[Any]:
    """A school's reports of a day, the latest counted first, superseded ones among them."""
    values = {"incident_id": incident_id, "day": day, "school_key": school_key}
    return session.execute(_HISTORY, {**scope.values, **values}).all()


def last_valid(rows: Sequence[Any]) -> Any | None:
    """Of a day's history, the report that stands."""
    told = [told_of(row) for row in rows]
    standing = valid(told)
    return next((row for row in rows if row.report_id == standing[-1].report_id), None) if standing else None


def told_of(row: Any) -> Told:
    """A row of `report` as the fold reads it."""
    return Told(row.report_id, row.number, row.counted_at, row.received_at, row.supersedes, row.counts, row.flags)


def known_report(session: Session, report_id: UUID) -> Any | None:
    """What is already kept under a report's id, whoever sent it."""
    return session.execute(_KNOWN, {"report_id": report_id}).one_or_none()


def late_entry(session: Session, incident_id: UUID, day: date, school_key: str) -> Any | None:
    """Who let the school enter a day that is over, and why; None where nobody did."""
    values = {"incident_id": incident_id, "day": day, "school_key": school_key}
    return session.execute(_LATE_OK, values).one_or_none()
