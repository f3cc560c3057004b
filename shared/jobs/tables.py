"""The tables of a service that writes long files: what was requested, how far it is, and the written pieces."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB


def add_file_job_tables(metadata: MetaData) -> None:
    """Adds the tables of file jobs to a service's metadata."""
    Table(
        "file_job",
        metadata,
        Column("job_id", Uuid, primary_key=True, server_default=text("uuidv7()")),
        Column("who", JSONB, nullable=False),
        Column("kind", Text, nullable=False),
        Column("parameters", JSONB, nullable=False),
        Column("title", Text, nullable=False),
        Column("file_name", Text, nullable=False),
        Column("media_type", Text, nullable=False),
        Column("thing", Text, nullable=False),
        Column("result_path", Text, nullable=False, server_default=""),
        Column("requested_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("state", Text, nullable=False, server_default="waiting"),
        Column("done", Integer, nullable=False, server_default="0"),
        Column("total", Integer, nullable=False, server_default="0"),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("leased_until", DateTime(timezone=True)),
        CheckConstraint("state in ('waiting','running','done','failed','canceled')", name="state"),
        Index(None, "requested_at"),
    )
    Table(
        "file_job_part",
        metadata,
        Column("job_id", ForeignKey(f"{metadata.schema}.file_job.job_id", ondelete="CASCADE"), primary_key=True),
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("content", LargeBinary, nullable=False),
    )
