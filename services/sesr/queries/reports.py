"""Reports within a scope: one by its id, a school's day, the one that counts; those that wait for the desk."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.sesr.rules.reports import RecordedReport, valid
from services.sesr.tables import HeldReport, LateEntry, School
from shared.access import Scope, within

_COLUMNS = """
    select r.*, s.name as school, s.ploc, x.number as superseded_by, x.report_id as superseded_by_id,
      i.name as incident, i.drill
    from report r
    join school s using (school_key)
    join incident i using (incident_id)
    left join report x on x.supersedes = r.report_id
"""
_REPORT = text(f"{_COLUMNS} where {within('s')} and r.report_id = :report_id")
_HISTORY = text(f"""
    {_COLUMNS}
    where {within("s")} and r.incident_id = :incident_id and r.day = :day and r.school_key = :school_key
    order by r.counted_at desc, r.number desc
""")


def report(session: Session, scope: Scope, report_id: UUID) -> Any | None:
    """The report's row with its school; None where it does not exist or its school is not in the scope."""
    return session.execute(_REPORT, {**scope.values, "report_id": report_id}).one_or_none()


def history(session: Session, scope: Scope, incident_id: UUID, day: date, school_key: str) -> Sequence[Any]:
    """A school's reports of a day, the latest counted first, superseded ones among them."""
    values = {"incident_id": incident_id, "day": day, "school_key": school_key}
    return session.execute(_HISTORY, {**scope.values, **values}).all()


def last_valid(rows: Sequence[Any]) -> Any | None:
    """Of a day's history, the report that counts now."""
    known = valid(recorded_of(row) for row in rows)
    return next((row for row in rows if row.report_id == known[-1].report_id), None) if known else None


def recorded_of(row: Any) -> RecordedReport:
    """A row of `report` as the fold reads it."""
    return RecordedReport(
        row.report_id, row.number, row.counted_at, row.received_at, row.supersedes, row.counts, row.flags
    )


def late_entry(session: Session, incident_id: UUID, day: date, school_key: str) -> LateEntry | None:
    """Who let the school enter a day that is over, and why; None where nobody did."""
    return session.get(LateEntry, (incident_id, day, school_key))


class HeldRow(NamedTuple):
    """A held report with its school."""

    report: HeldReport
    school: School


def held_reports(session: Session, scope: Scope, limit: int | None = None) -> list[HeldRow]:
    """Reports of people who may not report any more that the desk has not decided on, the oldest first."""
    found = select(HeldReport, School).where(
        HeldReport.school_key == School.school_key, col(HeldReport.decided_at).is_(None), scope.covers(School)
    )
    return [HeldRow(*row) for row in session.exec(found.order_by(col(HeldReport.received_at)).limit(limit))]


def held_report(session: Session, scope: Scope, report_id: UUID) -> HeldReport | None:
    """One of them, decided or not; None outside the scope."""
    found = select(HeldReport).where(
        HeldReport.school_key == School.school_key, HeldReport.report_id == report_id, scope.covers(School)
    )
    return session.exec(found).one_or_none()
