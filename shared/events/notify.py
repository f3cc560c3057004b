"""What notify publishes: mails planned and sent, spellings of names that a person matched, and answers that came in."""

import hashlib
from datetime import datetime
from typing import ClassVar, NamedTuple
from uuid import UUID

from shared.events.event import Event

__all__ = ["AliasResolved", "DigestsPlanned", "DigestsSent", "ReplyReceived", "SentDigest"]


class DigestsPlanned(Event):
    """How many mails an upload leads to: planned, held back and without a route."""

    topic: ClassVar[str] = "notify.digests_planned"
    subscribers: ClassVar[dict[str, str]] = {"ingest": "ingest.note_digests"}

    upload_id: UUID
    revision: int
    planned: int
    held: int
    unroutable: int

    @property
    def key(self) -> str:
        return str(self.upload_id)

    @property
    def version(self) -> int:
        return self.revision


class SentDigest(NamedTuple):
    """A digest that the mail server accepted, and the schools that it told of."""

    mail_id: int
    director: str
    school_keys: list[str]


class DigestsSent(Event):
    """The digests of an upload that one round of sending delivered. Each is in one event only."""

    topic: ClassVar[str] = "notify.digests_sent"
    subscribers: ClassVar[dict[str, str]] = {"ingest": "ingest.note_sent", "rates": "rates.note_sent"}

    upload_id: UUID
    mails: list[SentDigest]

    @property
    def key(self) -> str:
        return f"mails/{self.mails[0].mail_id}"

    @property
    def version(self) -> int:
        return 1


class AliasResolved(Event):
    """A person matched a spelling of a director's name to a person of the directory."""

    topic: ClassVar[str] = "notify.alias_resolved"
    subscribers: ClassVar[dict[str, str]] = {"ingest": "ingest.keep_alias"}

    alias: str
    person_id: str
    matched_by: str
    revision: int

    @property
    def key(self) -> str:
        # A name is no key: keys are in Flower and in logs.
        return f"alias/{hashlib.sha256(self.alias.encode()).hexdigest()[:16]}"

    @property
    def version(self) -> int:
        return self.revision


class ReplyReceived(Event):
    """A person wrote a strike report as an answer. `person_key` is `address_hash` of their address in the directory.

    `school_key` is the school that the answered message was about, empty where it named none; `text` what they wrote.
    """

    topic: ClassVar[str] = "notify.reply_received"
    subscribers: ClassVar[dict[str, str]] = {"sesr": "sesr.take_reply"}

    reply_id: UUID
    person_key: str
    school_key: str
    text: str
    channel: str
    written_at: datetime | None
    received_at: datetime

    @property
    def key(self) -> str:
        return f"reply/{self.reply_id}"

    @property
    def version(self) -> int:
        return 1
