"""What tracker keeps."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from shared.db import schema
from shared.platform import add_platform_tables

metadata = schema("tracker")
add_platform_tables(metadata)


class TrackerTable(SQLModel):
    metadata = metadata


class School(TrackerTable, table=True):
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


class Result(TrackerTable, table=True):
    """A school's survey result for an item and a period, as loaded from a file."""

    __tablename__ = "result"

    school_key: str = Field(primary_key=True)
    level: str = Field(primary_key=True)
    item: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    upload_id: UUID
    revision: int
    percent: Decimal | None = Field(max_digits=5, decimal_places=1)


class FinalRate(TrackerTable, table=True):
    """A school's Parents response rate at an extraction, offered as a result of the item Participation Rate."""

    __tablename__ = "final_rate"

    school_key: str = Field(primary_key=True)
    term: str = Field(primary_key=True)
    on: date
    state: int
    rate: Decimal | None = Field(max_digits=9, decimal_places=4)


class LcapRow(TrackerTable, table=True):
    """A row of an LCAP table as read from its file."""

    __tablename__ = "lcap_row"

    table: str = Field(primary_key=True)
    upload_id: UUID = Field(primary_key=True)
    part: int = Field(primary_key=True, sa_type=SmallInteger)
    number: int = Field(primary_key=True)
    row: dict[str, Any] = Field(sa_type=JSONB)
