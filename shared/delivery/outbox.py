"""Publishing an event: the row of the event and one delivery per subscriber, in the transaction of what happened."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from shared.events import Event

CHANNEL = "ses_outbox"

_EVENT = text(
    """
    insert into outbox_event(topic, key, version, payload) values (:topic, :key, :version, :payload)
    on conflict (topic, key, version) do nothing returning event_id
    """
)
_DELIVERY = text("insert into outbox_delivery(event_id, subscriber) select :event_id, unnest(cast(:names as text[]))")
_RING = text("select pg_notify(:channel, current_schema())")
_RECEIPT = text(
    """
    update outbox_delivery set state = 'acked', acked_at = now()
    where event_id = any(:event_ids) and subscriber = :subscriber and state in ('pending', 'sent')
    """
)
_NEXT_VERSION = text("select nextval('event_version')")
_DUE = text("update job set due_at = least(due_at, now()), next_at = now() where name = :name")


def publish(session: Session, event: Event) -> UUID | None:
    """Writes the event for all its subscribers; None where this key was already published at this version."""
    values: dict[str, Any] = {
        "topic": event.topic,
        "key": event.key,
        "version": event.version,
        "payload": event.model_dump_json(),
    }
    event_id: UUID | None = session.execute(_EVENT, values).scalar()
    if event_id is not None:
        session.execute(_DELIVERY, {"event_id": event_id, "names": list(event.subscribers)})
        session.execute(_RING, {"channel": CHANNEL})
    return event_id


def next_version(session: Session) -> int:
    """A version above all that this service has taken so far: for an event whose key has no count of its own.

    Take it while the row of the key is locked, as an update of it does, so that versions grow as states do.
    """
    version: int = session.execute(_NEXT_VERSION).scalar_one()
    return version


def call_job(session: Session, name: str) -> None:
    """Makes a job of this service due now; the relay learns of it when the transaction commits."""
    session.execute(_DUE, {"name": name})
    session.execute(_RING, {"channel": CHANNEL})


def take_receipt(session: Session, event_ids: Sequence[UUID], subscriber: str) -> None:
    """A subscriber has the events: the relay need not send them again."""
    session.execute(_RECEIPT, {"event_ids": list(event_ids), "subscriber": subscriber})
