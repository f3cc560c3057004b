"""What sesr keeps."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from shared.db import schema
from shared.platform import add_platform_tables

metadata = schema("sesr")
add_platform_tables(metadata)


class SesrTable(SQLModel):
    metadata = metadata


class School(SesrTable, table=True):
    """A school of the directory, as ingest last told it."""

    __tablename__ = "school"

    school_key: str = Field(primary_key=True)
    revision: int
    ploc: str
    cost_centre: str | None
    name: str
    level: str
    region: str
    cos: str
    director: str
    enrolled: int | None
    classified_classroom: int | None
    classified_other: int | None
    certificated_admin: int | None
    certificated_other: int | None
    principal: str
    landline: str


class Recorded(SesrTable, table=True):
    """A strike report as recorded by the worker: counts and flags, no names or phones."""

    __tablename__ = "recorded"

    report_id: UUID = Field(primary_key=True)
    incident_id: UUID
    school_key: str
    day: date
    sequence: int
    counts: dict[str, int | None] = Field(sa_type=JSONB)
    flags: dict[str, Any] = Field(sa_type=JSONB)
    recorded_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})
