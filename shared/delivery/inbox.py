"""Hearing an event once: a row per event, the handler's effects and "done" in one commit, attempts counted before.

An event whose handler keeps failing is parked after MAX_ATTEMPTS with its error; it never blocks the others.
"""

from collections.abc import Callable
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlmodel import Session

from shared.db import transaction
from shared.delivery.envelope import Envelope
from shared.events import EVENTS, Event

MAX_ATTEMPTS = 8
Handler = Callable[[Session, Event], None]
log = structlog.get_logger()

_ARRIVE = text(
    "insert into inbox(event_id, publisher, topic, key, version, payload, attempts, next_at)"
    " values (:event_id, :publisher, :topic, :key, :version, :payload, 1, now() + interval '60 s')"
    " on conflict (event_id) do nothing"
)
_TAKE = text("select topic, payload from inbox where event_id = :event_id and state = 'new' for update skip locked")
_DONE = text("update inbox set state = 'done', done_at = now(), last_error = null where event_id = :event_id")
_FAILED = text(
    "update inbox set last_error = :error,"
    " state = case when attempts >= :most then 'parked' else state end,"
    " next_at = now() + least(power(2, attempts), 60) * interval '1 s' * (0.75 + random() / 2)"
    " where event_id = :event_id and state = 'new'"
)
_SWEEP = text(
    "with x as (select event_id from inbox where state = 'new' and next_at <= now()"
    " order by next_at limit 1 for update skip locked)"
    " update inbox i set attempts = attempts + 1, next_at = now() + interval '60 s',"
    " last_error = case when attempts >= :most then coalesce(last_error, 'the worker died each time') else last_error end,"
    " state = case when attempts >= :most then 'parked' else 'new' end"
    " from x where i.event_id = x.event_id returning i.event_id, i.state"
)


def arrive(service: str, envelope: Envelope) -> None:
    """Keeps the event (once, however often it comes); after this commit a receipt may be given."""
    with transaction(service) as session:
        session.execute(_ARRIVE, envelope._asdict())


def run(service: str, event_id: UUID, handlers: dict[str, Handler]) -> None:
    """Runs the handler of a kept event, unless it is done or someone else is at it."""
    structlog.contextvars.bind_contextvars(event_id=str(event_id))
    try:
        with transaction(service) as session:
            _handle(session, event_id, handlers)
    except Exception as error:
        log.exception("event failed")
        with transaction(service) as session:
            told = f"{type(error).__name__}: {error}"[:2000]
            session.execute(_FAILED, {"event_id": event_id, "error": told, "most": MAX_ATTEMPTS})
    finally:
        structlog.contextvars.unbind_contextvars("event_id", "topic")


def _handle(session: Session, event_id: UUID, handlers: dict[str, Handler]) -> None:
    row = session.execute(_TAKE, {"event_id": event_id}).one_or_none()
    if row is None:
        return
    topic, payload = row
    structlog.contextvars.bind_contextvars(topic=topic)
    handlers[topic](session, EVENTS[topic].model_validate_json(payload))
    session.flush()
    session.execute(_DONE, {"event_id": event_id})
    log.info("event done")


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
