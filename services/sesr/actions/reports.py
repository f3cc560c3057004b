"""Taking a report: inside a session's transaction for the pages, or together with others for the busy API."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from sqlmodel import Session

from services.sesr.actions.keeping import KEEP, keep_values
from services.sesr.actions.submission import Arrival, Receipt, Submission, day_of, prepare, repeated
from services.sesr.queries.context import CONTEXTS, ContextQuestion, ReportContext, context_of, context_values
from services.sesr.rules.acceptance import Earlier
from shared.access import Who, scope_of
from shared.db import raw

Connection = psycopg.AsyncConnection[Any]


class KeptRow(NamedTuple):
    """A report's number, and when it was received."""

    number: int
    received_at: datetime


def submit(session: Session, who: Who, sent: Submission, arrival: Arrival) -> Receipt:
    """Keeps and publishes the report; the same id twice is one report. Raises what `prepare` raises."""
    question = _question(who, sent, arrival)
    prepared = prepare(who, sent, _context(session, question), arrival)
    if isinstance(prepared, Receipt):
        return prepared
    with raw(session).cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(KEEP, keep_values([prepared.values])).fetchone()
    if found is None:
        return repeated(who, sent, _context(session, question))
    return Receipt(sent.report_id, found["number"], found["received_at"], True, prepared.warnings, prepared.note)


def newest_report(session: Session, who: Who, sent: Submission, arrival: Arrival) -> Earlier | None:
    """The report of the school's day that counts until now, of the incident that the submission is for."""
    return _context(session, _question(who, sent, arrival)).newest


async def submit_together(
    know: Callable[[ContextQuestion], Awaitable[ReportContext]],
    keep: Callable[[Mapping[str, Any]], Awaitable[KeptRow | None]],
    who: Who,
    sent: Submission,
    arrival: Arrival,
) -> Receipt:
    """The same by two questions that go with those of other senders: `contexts` and `keep_reports` answer them."""
    question = _question(who, sent, arrival)
    prepared = prepare(who, sent, await know(question), arrival)
    if isinstance(prepared, Receipt):
        return prepared
    kept = await keep(prepared.values)
    if kept is None:
        return repeated(who, sent, await know(question))
    return Receipt(sent.report_id, kept.number, kept.received_at, True, prepared.warnings, prepared.note)


async def contexts(connection: Connection, questions: Sequence[ContextQuestion]) -> list[ReportContext]:
    """What has to be known for each, in their order."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(CONTEXTS, context_values(questions))
        return [context_of(row) for row in await cursor.fetchall()]


async def keep_reports(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[KeptRow | None]:
    """Keeps and publishes them in one commit; None for one that was kept already, also the second of one id here."""
    first: dict[UUID, int] = {}
    for place, row in enumerate(rows):
        first.setdefault(row["report_id"], place)
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(KEEP, keep_values([rows[place] for place in first.values()]))
        found = await cursor.fetchall()
    kept = {first[row["report_id"]]: KeptRow(row["number"], row["received_at"]) for row in found}
    return [kept.get(place) for place in range(len(rows))]


def _context(session: Session, question: ContextQuestion) -> ReportContext:
    with raw(session).cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(CONTEXTS, context_values([question])).fetchone()
    assert found is not None
    return context_of(found)


def _question(who: Who, sent: Submission, arrival: Arrival) -> ContextQuestion:
    day = day_of(sent, arrival)
    return ContextQuestion(scope_of(who), sent.school_key, sent.incident_id, day, sent.report_id, sent.old)
