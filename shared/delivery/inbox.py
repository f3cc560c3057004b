"""Handling an event once: a row per event, the handler's effects and "done" in one commit, attempts counted before.

Events that came together are handled in one transaction; where that fails, each runs alone with its own attempts. An
event whose handler keeps failing is parked after MAX_ATTEMPTS with its error; it never blocks the others.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import TextClause, text
from sqlmodel import Session

from shared.db import transaction
from shared.delivery.envelope import Envelope
from shared.events import EVENTS, Event, NewerSchema

MAX_ATTEMPTS = 8
# Under Celery's soft limit: what a batch has not reached by then is left to the next sweep.
BATCH_SECONDS = 20.0
ERROR_LENGTH = 2000
Handler = Callable[[Session, Event], None]
BatchHandler = Callable[[Session, Sequence[Event]], None]
log = structlog.get_logger()

_ARRIVE = text("""
    insert into inbox(event_id, publisher, topic, key, version, payload, attempts, next_at)
    select *, 1, now() + interval '60 s' from unnest(cast(:event_id as uuid[]), cast(:publisher as text[]),
      cast(:topic as text[]), cast(:key as text[]), cast(:version as bigint[]), cast(:payload as text[]))
    on conflict (event_id) do nothing
""")
_TAKE = text("""
    select event_id, topic, payload from inbox where event_id = any(:event_ids) and state = 'new'
    order by received_at, event_id for update skip locked
""")
_DONE = text("update inbox set state = 'done', done_at = now(), last_error = null where event_id = any(:event_ids)")
# The sweep is rung for when the event is due again, however seldom it runs otherwise.
_FAILED = text("""
    with failed as (
      update inbox set last_error = :error, state = case when attempts >= :most then 'parked' else state end,
        next_at = now() + least(power(2, attempts), 60) * interval '1 s' * (0.75 + random() / 2)
      where event_id = :event_id and state = 'new' returning topic, key, state, next_at),
    again as (
      update job set due_at = least(due_at, f.next_at), next_at = least(job.next_at, f.next_at)
      from failed f where f.state = 'new' and name = current_schema() || '.sweep_inbox')
    select topic, key from failed
""")
# No attempt is counted: during an upgrade a worker of the new version may come much later.
_WAIT = text("""
    update inbox set last_error = :error, attempts = attempts - 1,
      next_at = now() + interval '60 s'
    where event_id = :event_id and state = 'new' returning topic, key
""")
_LEAVE = text("""
    with left_over as (
      update inbox set attempts = attempts - 1, next_at = now() where event_id = any(:event_ids) and state = 'new'
      returning 1)
    update job set due_at = least(due_at, now()), next_at = now()
    where name = current_schema() || '.sweep_inbox' and exists (select 1 from left_over)
""")
_SWEEP = text("""
    with x as (select event_id from inbox where state = 'new' and next_at <= now()
      order by next_at limit 1 for update skip locked)
    update inbox i set attempts = attempts + 1, next_at = now() + interval '60 s',
      last_error = case when attempts >= :most then coalesce(last_error, 'the worker died each time') else last_error end,
      state = case when attempts >= :most then 'parked' else 'new' end
    from x where i.event_id = x.event_id returning i.event_id, i.state
""")


class Failure(NamedTuple):
    """An attempt that failed, with the error as it is kept."""

    event_id: UUID
    topic: str
    key: str
    error: str


def arrive(service: str, *envelopes: Envelope) -> None:
    """Keeps the events (once, however often they come); after this commit a receipt may be given."""
    columns = {name: [getattr(envelope, name) for envelope in envelopes] for name in Envelope._fields}
    with transaction(service) as session:
        session.execute(_ARRIVE, columns)


def run(service: str, event_id: UUID, handlers: Mapping[str, Handler]) -> Failure | None:
    """Runs the handler of a kept event, unless it is done or someone else is at it; answers how it failed, if so."""
    structlog.contextvars.bind_contextvars(event_id=str(event_id))
    try:
        with transaction(service) as session:
            for row in _taken(session, [event_id]):
                _handle(session, row, handlers)
                _done(session, [event_id])
        return None
    except NewerSchema as error:
        log.warning("event waits for a newer worker", reason=str(error))
        return _failed(service, event_id, str(error), _WAIT)
    except Exception as error:
        log.exception("event failed")
        return _failed(service, event_id, f"{type(error).__name__}: {error}"[:ERROR_LENGTH])
    finally:
        structlog.contextvars.unbind_contextvars("event_id", "topic")


def run_batch(
    service: str,
    event_ids: Sequence[UUID],
    handlers: Mapping[str, Handler],
    batch_handlers: Mapping[str, BatchHandler],
) -> list[Failure]:
    """Runs kept events of one topic in one transaction, or one at a time where that fails; answers what failed."""
    until = time.monotonic() + BATCH_SECONDS
    try:
        with transaction(service) as session:
            left = _handle_batch(session, event_ids, handlers, batch_handlers, until)
        failures: list[Failure] = []
    except Exception:
        log.exception("batch failed: its events run one at a time", count=len(event_ids))
        failures, left = _run_each(service, event_ids, handlers, until)
    if left:
        log.warning("batch took too long: the rest is left to the sweep", count=len(left))
        with transaction(service) as session:
            session.execute(_LEAVE, {"event_ids": left})
    return failures


def _handle_batch(
    session: Session,
    event_ids: Sequence[UUID],
    handlers: Mapping[str, Handler],
    batch_handlers: Mapping[str, BatchHandler],
    until: float,
) -> list[UUID]:
    """Handles what is new of the events, and marks it done; answers those that were not reached in time."""
    rows = _taken(session, event_ids)
    if rows and rows[0].topic in batch_handlers:
        batch_handlers[rows[0].topic](session, [_event_of(row) for row in rows])
        handled = len(rows)
    else:
        handled = 0
        for row in rows:
            if time.monotonic() > until:
                break
            _handle(session, row, handlers)
            session.expire_all()  # the next handler must not meet rows as they were before this one's statements
            handled += 1
    _done(session, [row.event_id for row in rows[:handled]])
    return [row.event_id for row in rows[handled:]]


def _run_each(
    service: str, event_ids: Sequence[UUID], handlers: Mapping[str, Handler], until: float
) -> tuple[list[Failure], list[UUID]]:
    failures: list[Failure] = []
    for place, event_id in enumerate(event_ids):
        if time.monotonic() > until:
            return failures, list(event_ids[place:])
        failure = run(service, event_id, handlers)
        if failure is not None:
            failures.append(failure)
    return failures, []


def _taken(session: Session, event_ids: Sequence[UUID]) -> Sequence[Any]:
    return session.execute(_TAKE, {"event_ids": list(event_ids)}).all()


def _event_of(row: Any) -> Event:
    return EVENTS[row.topic].read(row.payload)


def _handle(session: Session, row: Any, handlers: Mapping[str, Handler]) -> None:
    structlog.contextvars.bind_contextvars(topic=row.topic, event_id=str(row.event_id))
    handlers[row.topic](session, _event_of(row))
    session.flush()
    log.info("event done")


def _done(session: Session, event_ids: Sequence[UUID]) -> None:
    session.flush()
    session.execute(_DONE, {"event_ids": list(event_ids)})


def _failed(service: str, event_id: UUID, error: str, statement: TextClause = _FAILED) -> Failure | None:
    with transaction(service) as session:
        row = session.execute(statement, {"event_id": event_id, "error": error, "most": MAX_ATTEMPTS}).one_or_none()
    return None if row is None else Failure(event_id, row.topic, row.key, error)


def claim_due(service: str) -> UUID | None:
    """The next event that is due again, its attempt counted; None when there is none. Parks what is spent."""
    while True:
        with transaction(service) as session:
            row = session.execute(_SWEEP, {"most": MAX_ATTEMPTS}).one_or_none()
        if row is None:
            return None
        if row.state == "new":
            event_id: UUID = row.event_id
            return event_id
        log.error("event parked", event_id=str(row.event_id))
