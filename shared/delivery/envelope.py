"""What travels through the broker: an event or a receipt, signed by its sender."""

import hmac
import json
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


def event_message(envelope: Envelope) -> dict[str, Any]:
    """The task's arguments for an envelope."""
    fields = {**envelope._asdict(), "event_id": str(envelope.event_id)}
    return {**fields, "signature": _sign(envelope.publisher, _signed_part(envelope))}


def open_event(message: dict[str, Any]) -> Envelope:
    """The envelope of a message; ForgedMessage when the signature is not its publisher's."""
    fields = dict(message)
    signature = str(fields.pop("signature", ""))
    try:
        envelope = Envelope(**{**fields, "event_id": UUID(fields["event_id"])})
    except (TypeError, KeyError, ValueError) as error:
        raise ForgedMessage(f"not an event: {error}") from error
    if str(envelope.topic).partition(".")[0] != envelope.publisher:
        raise ForgedMessage(f"{envelope.publisher!r} does not publish {envelope.topic!r}")
    _verify(envelope.publisher, _signed_part(envelope), signature)
    return envelope


def receipt_message(event_id: UUID, subscriber: str) -> dict[str, str]:
    """The task's arguments for the receipt of an event by a subscriber."""
    return {
        "event_id": str(event_id),
        "subscriber": subscriber,
        "signature": _sign(subscriber, f"receipt {event_id} {subscriber}"),
    }


def open_receipt(event_id: str, subscriber: str, signature: str) -> UUID:
    """The event's id; ForgedMessage when the signature is not the subscriber's."""
    _verify(subscriber, f"receipt {event_id} {subscriber}", signature)
    return UUID(event_id)


def _signed_part(envelope: Envelope) -> str:
    return json.dumps([str(envelope.event_id), *envelope[1:]], ensure_ascii=False)


def _sign(sender: str, content: str) -> str:
    return hmac.digest(settings().event_keys_of(sender)[0], content.encode(), "sha256").hex()


def _verify(sender: str, content: str, signature: str) -> None:
    if sender not in settings().event_keys:
        raise ForgedMessage(f"no key of {sender!r} is known here")
    data = content.encode()
    keys = settings().event_keys_of(sender)
    if not any(hmac.compare_digest(hmac.digest(key, data, "sha256").hex(), signature) for key in keys):
        raise ForgedMessage(f"the signature is not {sender}'s")
