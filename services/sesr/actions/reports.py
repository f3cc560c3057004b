"""Taking a report: inside a session's transaction for the pages, or on a bare connection for the busy API."""

from datetime import date, datetime, tzinfo
from typing import Any

import psycopg
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


async def submit_directly(
    connection: psycopg.AsyncConnection[Any], who: Who, asked: Asked, now: datetime, zone: tzinfo
) -> Receipt:
    """The same on a connection where each statement is its own commit: the report and its event are one statement."""
    day = asked_day(asked, now, zone)
    values = _asked_values(who, asked, day)
    row = await (await connection.execute(CONTEXT, values)).fetchone()
    prepared = prepare(who, asked, context_of(row, day), now, zone)
    if isinstance(prepared, Receipt):
        return prepared
    kept = await (await connection.execute(KEEP, prepared.values)).fetchone()
    if kept is None:
        row = await (await connection.execute(CONTEXT, values)).fetchone()
        return repeated(who, asked, context_of(row, day))
    return Receipt(asked.report_id, kept[0], kept[1], True, prepared.warnings, prepared.note)


def _context(session: Session, who: Who, asked: Asked, now: datetime, zone: tzinfo) -> Context:
    day = asked_day(asked, now, zone)
    return context_of(raw(session).execute(CONTEXT, _asked_values(who, asked, day)).fetchone(), day)


def _asked_values(who: Who, asked: Asked, day: date) -> dict[str, Any]:
    return context_values(scope_of(who), asked.school_key, asked.incident_id, day, asked.report_id, asked.supersedes)
