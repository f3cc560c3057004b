"""Uploaded workbooks: a large one until it is read, and what differs until somebody decides."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.tracker.tables.schema import TrackerTable

_NOW = {"server_default": func.now(), "nullable": False}


class BookImport(TrackerTable, table=True):
    """An uploaded workbook: the cells that differ, each with what stood in the export, in the file and in the tracker.

    `state` is reading, refused (`problems` say why), open, saving or applied; small ones are open at once.
    """

    __tablename__ = "book_import"

    import_id: UUID = Field(primary_key=True)
    uploaded_by: str
    file_name: str
    written_at: str
    at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs=_NOW)
    state: str
    cells: list[dict[str, Any]] = Field(sa_type=JSONB)
    notes: list[dict[str, Any]] = Field(
        default_factory=list, sa_type=JSONB, sa_column_kwargs={"server_default": text("'[]'")}
    )
    problems: list[dict[str, Any]] = Field(
        default_factory=list, sa_type=JSONB, sa_column_kwargs={"server_default": text("'[]'")}
    )
    saved: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})


class BookPart(TrackerTable, table=True):
    """A piece of an uploaded workbook that is read beside, until it is read."""

    __tablename__ = "book_part"

    import_id: UUID = Field(primary_key=True, foreign_key="tracker.book_import.import_id", ondelete="CASCADE")
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    content: bytes = Field(sa_type=LargeBinary)
