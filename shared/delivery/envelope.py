"""What travels through the broker: events or a receipt for them, signed by the sender."""

import hmac
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from shared.settings import settings


class ForgedMessage(Exception):
    """The signature does not match: nobody who holds the sender's key made this message."""


class Envelope(NamedTuple):
    """An event under way; `payload` is the JSON text exactly as it was signed."""

    event_id: UUID
    publisher: str
    topic: str
    key: str
    version: int
    payload: str


def event_message(*envelopes: Envelope) -> dict[str, Any]:
    """The arguments of one task for events of one publisher and topic, with one signature over all of them."""
    publisher = envelopes[0].publisher
    events = [
        {"event_id": str(e.event_id), "topic": e.topic, "key": e.key, "version": e.version, "payload": e.payload}
        for e in envelopes
    ]
    return {"publisher": publisher, "events": events, "signature": _sign(publisher, _signed_part(envelopes))}


def open_events(message: dict[str, Any]) -> list[Envelope]:
    """The envelopes of a message; ForgedMessage when the signature is not its publisher's."""
    try:
        publisher, signature = str(message["publisher"]), str(message["signature"])
        envelopes = [
            Envelope(
                UUID(e["event_id"]), publisher, str(e["topic"]), str(e["key"]), int(e["version"]), str(e["payload"])
            )
            for e in message["events"]
        ]
    except (TypeError, KeyError, ValueError) as error:
        raise ForgedMessage(f"not events: {error}") from error
    topics = {envelope.topic for envelope in envelopes}
    if len(topics) != 1:
        raise ForgedMessage(f"a message has events of one topic, this one of {len(topics)}")
    if envelopes[0].topic.partition(".")[0] != publisher:
        raise ForgedMessage(f"{publisher!r} does not publish {envelopes[0].topic!r}")
    _verify(publisher, _signed_part(envelopes), signature)
    return envelopes


def receipt_message(event_ids: Sequence[UUID], subscriber: str) -> dict[str, Any]:
    """The task's arguments for a subscriber's one receipt for events."""
    ids = [str(event_id) for event_id in event_ids]
    return {"event_ids": ids, "subscriber": subscriber, "signature": _sign(subscriber, _receipt_part(ids, subscriber))}


def open_receipt(event_ids: Sequence[str], subscriber: str, signature: str) -> list[UUID]:
    """The ids of the events; ForgedMessage when the signature is not the subscriber's, ValueError for no ids."""
    ids = [str(event_id) for event_id in event_ids]
    _verify(subscriber, _receipt_part(ids, subscriber), signature)
    return [UUID(event_id) for event_id in ids]


def _signed_part(envelopes: Sequence[Envelope]) -> bytes:
    parts = (part for e in envelopes for part in (str(e.event_id), e.topic, e.key, str(e.version), e.payload))
    return _framed("events", envelopes[0].publisher, *parts)


def _receipt_part(event_ids: Sequence[str], subscriber: str) -> bytes:
    return _framed("receipt", subscriber, *event_ids)


def _framed(*parts: str) -> bytes:
    """The parts, each behind its length, so that no other parts make the same bytes."""
    return b"".join(b"%d:%b" % (len(data), data) for data in map(str.encode, parts))


def _sign(sender: str, content: bytes) -> str:
    return hmac.digest(settings().event_keys_of(sender)[0], content, "sha256").hex()


def _verify(sender: str, content: bytes, signature: str) -> None:
    if sender not in settings().event_keys:
        raise ForgedMessage(f"no key of {sender!r} is known here")
    keys = settings().event_keys_of(sender)
    if not any(hmac.compare_digest(hmac.digest(key, content, "sha256").hex(), signature) for key in keys):
        raise ForgedMessage(f"the signature is not {sender}'s")
