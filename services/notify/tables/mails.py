"""Digests and mails: what one person is to read, and each mail with its state and the server's answers."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.notify.tables.schema import NOW, NotifyTable, default, number


class Digest(NotifyTable, table=True):
    """What one person is to read about one extraction; without a route it waits, never dropped.

    `kind` is digest (to a director) or escalation (to a region's head). `content` holds its lines as lists, the day
    of each group and the close of the window.
    """

    __tablename__ = "digest"
    __table_args__ = (
        CheckConstraint("state in ('planned','held','unroutable','superseded')", name="state"),
        Index("ix_digest_director", "director_key", "term", "digest_id"),
        Index("ix_digest_waiting", "state", postgresql_where=text("state in ('held','unroutable')")),
    )

    digest_id: int | None = number()
    upload_id: UUID = Field(index=True)
    term: str
    extraction_date: date
    revision: int
    kind: str = Field(default="digest", sa_column_kwargs=default("'digest'"))
    director: str
    director_key: str
    person_id: str | None
    reason: str
    correction: bool = Field(default=False, sa_column_kwargs=default("false"))
    state: str
    why: str = ""
    content: dict[str, Any] = Field(sa_type=JSONB)
    planned_at: datetime | None = Field(default=None, sa_column_kwargs=NOW)


class Mail(NotifyTable, table=True):
    """One mail to one recipient; its Message-ID follows from what it says. `kind`: digest, reminder, resend."""

    __tablename__ = "mail"
    __table_args__ = (
        CheckConstraint("state in ('queued','held','sending','sent','failed','bounced','superseded')", name="state"),
        Index("ix_mail_due", "next_at", postgresql_where=text("state in ('queued','sending')")),
        Index("ix_mail_sent", "sent_at"),
        Index("ix_mail_unannounced", "mail_id", postgresql_where=text("state = 'sent' and not announced")),
    )

    mail_id: int | None = number()
    digest_id: int = Field(foreign_key="notify.digest.digest_id", sa_type=BigInteger, index=True)
    upload_id: UUID
    kind: str = Field(default="digest", sa_column_kwargs=default("'digest'"))
    dedupe_key: str = Field(unique=True)
    rcpt: str
    subject: str
    body: str
    html: str
    message_id: str = Field(index=True)
    in_reply_to: str = Field(default="", sa_column_kwargs=default("''"))
    state: str = Field(default="queued", sa_column_kwargs={"server_default": "queued"})
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    unknown: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    next_at: datetime | None = Field(default=None, sa_column_kwargs=NOW)
    queued_at: datetime | None = Field(default=None, sa_column_kwargs=NOW)
    sent_at: datetime | None = None
    announced: bool = Field(default=False, sa_column_kwargs=default("false"))
    failure: str = Field(default="", sa_column_kwargs=default("''"))
    last_reply: str = ""


class MailNote(NotifyTable, table=True):
    """One thing that happened to a mail besides being sent: held, released, refused, tried again."""

    __tablename__ = "mail_note"

    note_id: int | None = number()
    mail_id: int = Field(foreign_key="notify.mail.mail_id", sa_type=BigInteger, index=True)
    at: datetime | None = Field(default=None, sa_column_kwargs=NOW)
    what: str
    words: str
