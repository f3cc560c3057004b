"""What rates keeps: each school's counts and tier per extraction and group, and which parts of an upload have come."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from shared.db import schema
from shared.platform import add_platform_tables

metadata = schema("rates")
add_platform_tables(metadata)


class RatesTable(SQLModel):
    metadata = metadata


class Rate(RatesTable, table=True):
    """A school's counts for one group at one extraction; `removed` where an undo took the row back."""

    __tablename__ = "rate"
    __table_args__ = (
        Index("ix_rate_school", "school_key", "group", "on"),
        Index("ix_rate_tier", "term", "on", "group", "tier"),
        Index("ix_rate_director", "director_key", "term", "on", "group"),
    )

    term: str = Field(primary_key=True)
    on: date = Field(primary_key=True)
    group: str = Field(primary_key=True)
    school_key: str = Field(primary_key=True)
    revision: int
    upload_id: UUID
    ploc: str
    cost_centre: str | None
    school: str
    school_sort: str
    region: str
    cos: str
    director: str
    director_key: str
    level: str
    total: int | None
    submitted: int | None
    tier: int | None = Field(sa_type=SmallInteger)
    rate: Decimal | None = Field(max_digits=9, decimal_places=4)
    needed: int | None
    file_tier: str
    file_rate: str
    removed: bool = Field(sa_column_kwargs={"server_default": text("false")})


class Extraction(RatesTable, table=True):
    """One group of one extraction: its newest revision, how many schools it holds and how often told."""

    __tablename__ = "extraction"

    term: str = Field(primary_key=True)
    on: date = Field(primary_key=True)
    group: str = Field(primary_key=True)
    revision: int
    upload_id: UUID
    window_opens: date
    window_closes: date
    schools: int = 0
    state: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    computed_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})


class Arrival(RatesTable, table=True):
    """Which parts of one group of an upload have been stored, and how many rows they changed."""

    __tablename__ = "arrival"

    upload_id: UUID = Field(primary_key=True)
    group: str = Field(primary_key=True)
    parts: list[int] = Field(sa_type=ARRAY(SmallInteger))
    of: int
    changed: int = 0


class School(RatesTable, table=True):
    """A school of the directory, for levels and scopes."""

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


class Mailed(RatesTable, table=True):
    """A school of which a director was told by a mail."""

    __tablename__ = "mailed"

    mail_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    school_key: str = Field(primary_key=True)
    upload_id: UUID
    director: str
    at: datetime | None = Field(default=None, sa_column_kwargs={"server_default": text("now()"), "nullable": False})
