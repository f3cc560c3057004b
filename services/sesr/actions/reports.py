"""Taking a report inside a session's transaction, for the pages."""

from datetime import datetime, tzinfo

from sqlmodel import Session

from services.sesr.actions.submission import KEEP, Asked, Receipt, asked_day, prepare, repeated
from services.sesr.queries.context import CONTEXT, Context, context_of, context_values
from services.sesr.queries.scope import scope_of
from shared.access import Who
from shared.db import raw


def submit(session: Session, who: Who, asked: Asked, now: datetime, zone: tzinfo) -> Receipt:
    """Keeps and tells the report; the same id twice is one report. Raises what `prepare` raises."""
    prepared = prepare(who, asked, _context(session, who, asked, now, zone), now, zone)
    if isinstance(prepared, Receipt):
        return prepared
    kept = raw(session).execute(KEEP, prepared.values).fetchone()
    if kept is None:
        return repeated(who, asked, _context(session, who, asked, now, zone))
    return Receipt(asked.report_id, kept[0], kept[1], True, prepared.warnings, prepared.note)


def _context(session: Session, who: Who, asked: Asked, now: datetime, zone: tzinfo) -> Context:
    day = asked_day(asked, now, zone)
    values = context_values(scope_of(who), asked.school_key, asked.incident_id, day, asked.report_id, asked.supersedes)
    return context_of(raw(session).execute(CONTEXT, values).fetchone(), day)
