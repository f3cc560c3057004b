"""The worker's part: records reports once and folds the schools' days; any order and repetition leads to the same."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from services.sesr.rules.reports import RecordedReport, current_report_of
from services.sesr.tables import CurrentOfDay, Recorded
from shared.db import upsert
from shared.events import ReportSubmitted

BOARDS = "sesr_board"
_RECORDED = tuple(set(Recorded.model_fields) - {"place", "recorded_at"})


class SchoolDay(NamedTuple):
    """What reports are folded by."""

    incident_id: UUID
    day: date
    school_key: str


def record_report(session: Session, events: Sequence[ReportSubmitted]) -> None:
    """Records the reports and folds the day of each school again; the boards follow when this commits."""
    # One writer per incident: places of the feed become visible in their order, and a school's fold sees all before it.
    for incident_id in sorted({str(event.incident_id) for event in events}):
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(incident_id, 1))))
    rows = [event.model_dump(include=set(_RECORDED)) for event in events]
    session.execute(insert(Recorded).on_conflict_do_nothing(), rows)
    days = sorted({SchoolDay(event.incident_id, event.day, event.school_key) for event in events})
    _keep_current(session, days)
    notify_boards(session)


def _keep_current(session: Session, days: Sequence[SchoolDay]) -> None:
    """Folds what is recorded of these schools and days, and keeps what counts now."""
    reports = _reports_of(session, days)
    found = [(key, current) for key in days if (current := current_report_of(reports.get(key, ()))) is not None]
    rows = [{**key._asdict(), **current._asdict(), "times": list(current.times)} for key, current in found]
    upsert(session, CurrentOfDay, rows)


def _reports_of(session: Session, days: Sequence[SchoolDay]) -> dict[SchoolDay, list[RecordedReport]]:
    columns = [col(getattr(Recorded, name)) for name in (*SchoolDay._fields, *_FOLDED)]
    key = tuple_(col(Recorded.incident_id), col(Recorded.day), col(Recorded.school_key))
    found: dict[SchoolDay, list[RecordedReport]] = {}
    for row in session.execute(select(*columns).where(key.in_(days))):
        report = RecordedReport(*(getattr(row, name) for name in _FOLDED))
        found.setdefault(SchoolDay(row.incident_id, row.day, row.school_key), []).append(report)
    return found


# The columns of `recorded` in the order of RecordedReport, whose `number` is the sequence of the event.
_FOLDED = tuple("sequence" if name == "number" else name for name in RecordedReport._fields)


def notify_boards(session: Session) -> None:
    """Lets the open boards follow when this commits."""
    session.execute(text("select pg_notify(:channel, '')"), {"channel": BOARDS})
