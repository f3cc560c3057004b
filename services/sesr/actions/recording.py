"""The worker's part: records a report once and folds the school's day; any order and repetition leads to the same."""

from typing import Any

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, select

from services.sesr.rules.reports import RecordedReport, current_report_of
from services.sesr.tables import CurrentOfDay, Recorded
from shared.events import ReportSubmitted

BOARDS = "sesr_board"


def record_report(session: Session, event: ReportSubmitted) -> None:
    """Records the report and folds the school's day anew; the boards follow when this commits."""
    # One writer per incident: places of the feed become visible in their order, and a school's fold sees all before it.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(event.incident_id), 1))))
    values = event.model_dump(include=set(Recorded.model_fields) - {"place", "recorded_at"})
    session.execute(insert(Recorded).values(values).on_conflict_do_nothing())
    key = {"incident_id": event.incident_id, "day": event.day, "school_key": event.school_key}
    rows = session.exec(select(Recorded).filter_by(**key))
    current = current_report_of(
        RecordedReport(
            row.report_id, row.sequence, row.counted_at, row.received_at, row.supersedes, row.counts, row.flags
        )
        for row in rows
    )
    if current is not None:
        _keep_current(session, key, {**current._asdict(), "times": list(current.times)})
    notify_boards(session)


def _keep_current(session: Session, key: dict[str, Any], values: dict[str, Any]) -> None:
    fresh = insert(CurrentOfDay).values({**key, **values})
    session.execute(
        fresh.on_conflict_do_update(index_elements=list(key), set_={name: fresh.excluded[name] for name in values})
    )


def notify_boards(session: Session) -> None:
    """Lets the open boards follow when this commits."""
    session.execute(text("select pg_notify(:channel, '')"), {"channel": BOARDS})
