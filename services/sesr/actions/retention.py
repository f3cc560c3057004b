"""Names and phone numbers in strike reports that nobody needs any more; the figures stay."""

from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_
from sqlmodel import Session, col, update

from services.sesr.tables import HeldReport, Report
from shared.access import audit
from shared.db import rehearsed

DAYS = 400
_NAMES = ("commander", "landline", "cell", "author", "author_name", "proxy_for", "reason", "note")


def purge(session: Session, days: int = DAYS, *, dry_run: bool = False) -> dict[str, int]:
    """How many reports older than `days` lost their names; a dry run counts the same and leaves everything."""
    is_old = col(Report.received_at) < _before(days)
    has_names = or_(*(getattr(Report, name) != "" for name in _NAMES))
    blank = update(Report).where(is_old, has_names).values(dict.fromkeys(_NAMES, "")).returning(col(Report.report_id))
    held = delete(HeldReport).where(col(HeldReport.received_at) < _before(days)).returning(col(HeldReport.report_id))
    with rehearsed(session, dry_run=dry_run):
        counts = {
            "names and phones in strike reports": len(session.execute(blank).all()),
            "reports held for the desk": len(session.execute(held).all()),
        }
    if any(counts.values()) and not dry_run:
        audit(session, "retention", "purge", "reports", {"days": days, **counts})
    return counts


def _before(days: int) -> ColumnElement[Any]:
    return func.now() - func.make_interval(0, 0, 0, days)
