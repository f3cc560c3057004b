"""The tables that every service has in its own schema for events, jobs, liveness and audit (docs/decisions/0001)."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Interval,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

NOW = func.now()


def _instant(name: str, *, now: bool = True) -> Column[object]:
    if now:
        return Column(name, DateTime(timezone=True), nullable=False, server_default=NOW)
    return Column(name, DateTime(timezone=True))


def add_platform_tables(metadata: MetaData) -> None:
    """Adds outbox, inbox, job, liveness and audit tables to a service's metadata."""
    _outbox(metadata)
    _inbox(metadata)
    _clockwork(metadata)
    Table(
        "audit",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        _instant("at"),
        Column("actor", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("object", Text, nullable=False),
        Column("detail", JSONB, nullable=False),
        Index(None, "at"),
        Index(None, "object"),
    )


def _outbox(metadata: MetaData) -> None:
    Table(
        "outbox_event",
        metadata,
        Column("event_id", Uuid, primary_key=True, server_default=text("uuidv7()")),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("payload", Text, nullable=False),
        _instant("created_at"),
        UniqueConstraint("topic", "key", "version"),
    )
    Table(
        "outbox_delivery",
        metadata,
        Column(
            "event_id", ForeignKey(f"{metadata.schema}.outbox_event.event_id", ondelete="CASCADE"), primary_key=True
        ),
        Column("subscriber", Text, primary_key=True),
        Column("state", Text, nullable=False, server_default="pending"),
        Column("attempts", Integer, nullable=False, server_default="0"),
        _instant("next_at"),
        _instant("acked_at", now=False),
        CheckConstraint("state in ('pending','sent','acked','held')", name="state"),
        Index(None, "next_at", postgresql_where=text("state in ('pending','sent')")),
    )


def _inbox(metadata: MetaData) -> None:
    Table(
        "inbox",
        metadata,
        Column("event_id", Uuid, primary_key=True),
        Column("publisher", Text, nullable=False),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("payload", Text, nullable=False),
        Column("state", Text, nullable=False, server_default="new"),
        Column("attempts", Integer, nullable=False, server_default="0"),
        _instant("next_at"),
        Column("last_error", Text),
        _instant("received_at"),
        _instant("done_at", now=False),
        CheckConstraint("state in ('new','done','parked','discarded')", name="state"),
        Index(None, "next_at", postgresql_where=text("state = 'new'")),
        Index(None, "state", postgresql_where=text("state = 'parked'")),
    )


def _clockwork(metadata: MetaData) -> None:
    Table(
        "job",
        metadata,
        Column("name", Text, primary_key=True),
        Column("every", Interval, nullable=False),
        _instant("due_at"),
        _instant("next_at"),
    )
    Table(
        "job_log",
        metadata,
        Column("name", Text, primary_key=True),
        Column("slot", DateTime(timezone=True), primary_key=True),
    )
    Table("loop_beat", metadata, Column("id", Text, primary_key=True), _instant("at"))
