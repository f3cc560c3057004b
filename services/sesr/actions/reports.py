"""Taking a report: inside a session's transaction for the pages, or together with others for the busy API."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from sqlmodel import Session

from services.sesr.actions.submission import KEEP, Asked, Receipt, asked_day, keep_values, prepare, repeated
from services.sesr.queries.context import CONTEXTS, Context, Question, context_of, context_values
from shared.access import Who, scope_of
from shared.db import raw

Connection = psycopg.AsyncConnection[Any]


class Kept(NamedTuple):
    """A report's number, and when it was received."""

    number: int
    received_at: datetime


def submit(session: Session, who: Who, asked: Asked, now: datetime, zone: tzinfo) -> Receipt:
    """Keeps and tells the report; the same id twice is one report. Raises what `prepare` raises."""
    question = _question(who, asked, now, zone)
    prepared = prepare(who, asked, _context(session, question), now, zone)
    if isinstance(prepared, Receipt):
        return prepared
    found = raw(session).execute(KEEP, keep_values([prepared.values])).fetchone()
    if found is None:
        return repeated(who, asked, _context(session, question))
    return Receipt(asked.report_id, found[1], found[2], True, prepared.warnings, prepared.note)


async def submit_together(
    know: Callable[[Question], Awaitable[Context]],
    keep: Callable[[Mapping[str, Any]], Awaitable[Kept | None]],
    who: Who,
    asked: Asked,
    now: datetime,
    zone: tzinfo,
) -> Receipt:
    """The same by two questions that go with those of other senders: `contexts` and `keep_reports` answer them."""
    question = _question(who, asked, now, zone)
    prepared = prepare(who, asked, await know(question), now, zone)
    if isinstance(prepared, Receipt):
        return prepared
    kept = await keep(prepared.values)
    if kept is None:
        return repeated(who, asked, await know(question))
    return Receipt(asked.report_id, kept.number, kept.received_at, True, prepared.warnings, prepared.note)


async def contexts(connection: Connection, questions: Sequence[Question]) -> list[Context]:
    """What has to be known for each, in their order."""
    found = await connection.execute(CONTEXTS, context_values(questions))
    return [context_of(row) for row in await found.fetchall()]


async def keep_reports(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[Kept | None]:
    """Keeps and tells them in one commit; None for one that was kept already, also for the second of the same id here."""
    first: dict[UUID, int] = {}
    for place, row in enumerate(rows):
        first.setdefault(row["report_id"], place)
    found = await connection.execute(KEEP, keep_values([rows[place] for place in first.values()]))
    kept = {first[row[0]]: Kept(row[1], row[2]) for row in await found.fetchall()}
    return [kept.get(place) for place in range(len(rows))]


def _context(session: Session, question: Question) -> Context:
    return context_of(raw(session).execute(CONTEXTS, context_values([question])).fetchone())


def _question(who: Who, asked: Asked, now: datetime, zone: tzinfo) -> Question:
    day = asked_day(asked, now, zone)
    old = asked.supersedes or asked.same_as
    return Question(scope_of(who), asked.school_key, asked.incident_id, day, asked.report_id, old)
