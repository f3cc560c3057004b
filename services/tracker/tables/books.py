"""Workbooks on their way: uploaded ones waiting for a decision, and large ones being written."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.tracker.tables.schema import TrackerTable

_NOW = {"server_default": func.now(), "nullable": False}


class BookImport(TrackerTable, table=True):
    """An uploaded workbook: the cells that differ, each with what stood in the export, in the file and in the tracker."""

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


class BookExport(TrackerTable, table=True):
    """A large workbook or a zip of workbooks: which schools, for whom, and how far it is."""

    __tablename__ = "book_export"

    export_id: UUID = Field(primary_key=True)
    ordered_by: str
    role: str
    scope: list[str] = Field(sa_type=ARRAY(Text))
    spellings: list[str] = Field(sa_type=ARRAY(Text))
    kind: str
    filters: dict[str, Any] = Field(sa_type=JSONB)
    at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs=_NOW)
    state: str
    done: int = 0
    total: int = 0
    error: str | None = None


class BookPart(TrackerTable, table=True):
    """A piece of a written file."""

    __tablename__ = "book_part"

    export_id: UUID = Field(primary_key=True, foreign_key="tracker.book_export.export_id", ondelete="CASCADE")
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    content: bytes = Field(sa_type=LargeBinary)
