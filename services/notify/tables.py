"""What notify keeps: the tiers as last told, the directors, the digests planned and every mail with its state."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from shared.db import schema
from shared.platform import add_platform_tables

metadata = schema("notify")
add_platform_tables(metadata)
NOW = {"server_default": text("now()"), "nullable": False}


class NotifyTable(SQLModel):
    metadata = metadata


class TierState(NotifyTable, table=True):
    """A school's tier for one group at one extraction, as rates last told it."""

    __tablename__ = "tier_state"

    term: str = Field(primary_key=True)
    on: date = Field(primary_key=True)
    group: str = Field(primary_key=True)
    school_key: str = Field(primary_key=True)
    state: int
    ploc: str
    school: str
    region: str
    cos: str
    director: str
    total: int | None
    submitted: int | None
    tier: int | None = Field(sa_type=SmallInteger)
    needed: int | None
    rate: Decimal | None = Field(max_digits=9, decimal_places=4)
    removed: bool = Field(sa_column_kwargs={"server_default": text("false")})


class Arrival(NotifyTable, table=True):
    """One group of an upload: which parts have come; `groups` names all the groups to wait for."""

    __tablename__ = "arrival"

    upload_id: UUID = Field(primary_key=True)
    group: str = Field(primary_key=True)
    parts: list[int] = Field(sa_type=ARRAY(SmallInteger))
    of: int
    groups: list[str] = Field(sa_type=ARRAY(Text))
    arrived_at: datetime | None = Field(default=None, sa_column_kwargs=NOW)


class Plan(NotifyTable, table=True):
    """An upload whose digests have been planned: its one row makes planning happen once."""

    __tablename__ = "plan"

    upload_id: UUID = Field(primary_key=True)
    term: str
    on: date
    revision: int
    outcome: str
    planned_at: datetime | None = Field(default=None, sa_column_kwargs=NOW)


class Director(NotifyTable, table=True):
    """A regional director of the directory with the spellings of the name."""

    __tablename__ = "director"

    person_id: str = Field(primary_key=True)
    revision: int
    name: str
    email: str
    aliases: list[str] = Field(sa_type=ARRAY(Text))


class Digest(NotifyTable, table=True):
    """What one director is to be told of one extraction; without a route it waits, never dropped."""

    __tablename__ = "digest"
    __table_args__ = (
        CheckConstraint("state in ('planned','held','unroutable')", name="state"),
        Index("ix_digest_director", "director_key", "term", "digest_id"),
    )

    digest_id: int | None = Field(
        default=None, sa_type=BigInteger, primary_key=True, sa_column_args=(Identity(always=True),)
    )
    upload_id: UUID = Field(index=True)
    term: str
    on: date
    revision: int
    director: str
    director_key: str
    person_id: str | None
    reason: str
    state: str
    why: str = ""
    fingerprint: str
    content: dict[str, Any] = Field(sa_type=JSONB)
    planned_at: datetime | None = Field(default=None, sa_column_kwargs=NOW)


class Mail(NotifyTable, table=True):
    """One mail to one recipient; its Message-ID is fixed when the row is made."""

    __tablename__ = "mail"
    __table_args__ = (
        CheckConstraint("state in ('queued','sending','sent','failed')", name="state"),
        Index("ix_mail_due", "next_at", postgresql_where=text("state in ('queued','sending')")),
    )

    mail_id: int | None = Field(
        default=None, sa_type=BigInteger, primary_key=True, sa_column_args=(Identity(always=True),)
    )
    digest_id: int = Field(foreign_key="notify.digest.digest_id", sa_type=BigInteger, index=True)
    upload_id: UUID
    dedupe_key: str = Field(unique=True)
    rcpt: str
    subject: str
    body: str
    html: str
    message_id: str = Field(unique=True)
    state: str = Field(default="queued", sa_column_kwargs={"server_default": "queued"})
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    unknown: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    next_at: datetime | None = Field(default=None, sa_column_kwargs=NOW)
    expires_at: datetime | None = None
    queued_at: datetime | None = Field(default=None, sa_column_kwargs=NOW)
    sent_at: datetime | None = None
    last_reply: str = ""
