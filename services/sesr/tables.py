"""What sesr keeps: schools, incidents, reports as they were sent, what stands of them, who was called."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP, TSTZMULTIRANGE
from sqlmodel import Field, SQLModel

from shared.db import schema
from shared.delivery.tables import add_platform_tables

metadata = schema("sesr")
add_platform_tables(metadata)
NOW = {"server_default": text("now()")}
OWN_ID = {"server_default": text("uuidv7()")}


class SesrTable(SQLModel):
    metadata = metadata


class School(SesrTable, table=True):
    """A school of the directory, as ingest last told it; `gone` when the newest whole directory has it no more."""

    __tablename__ = "school"
    __table_args__ = (Index("ix_school_region", "region"),)

    school_key: str = Field(primary_key=True)
    revision: int
    ploc: str
    cost_center: str | None
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
    gone: bool = Field(default=None, sa_column_kwargs={"server_default": text("false")})


class DirectoryArrival(SesrTable, table=True):
    """The newest directory and which of its parts are here; one row."""

    __tablename__ = "directory_arrival"

    id: int = Field(default=1, primary_key=True, sa_type=SmallInteger)
    revision: int
    parts: list[int] = Field(sa_type=ARRAY(SmallInteger))


class Incident(SesrTable, table=True):
    """A strike, or a drill of one: its days, the times at which reports are due, the alarm of the board.

    Empty `regions` and `levels` mean all; `pauses` are the times over which it was closed and then opened again.
    """

    __tablename__ = "incident"

    incident_id: UUID = Field(default=None, primary_key=True, sa_column_kwargs=OWN_ID)
    name: str
    drill: bool
    first_day: date
    last_day: date
    windows: list[str] = Field(sa_type=ARRAY(Text))
    grace_minutes: int
    most_per_adult: int
    regions: list[str] = Field(sa_type=ARRAY(Text))
    levels: list[str] = Field(sa_type=ARRAY(Text))
    opened_at: datetime = Field(default=None, sa_column_kwargs=NOW)
    opened_by: str
    closed_at: datetime | None = None
    closed_by: str | None = None
    pauses: list[Any] = Field(default=None, sa_type=TSTZMULTIRANGE, sa_column_kwargs={"server_default": text("'{}'")})


class Expected(SesrTable, table=True):
    """A school that is expected to report in an incident, or is excused from it."""

    __tablename__ = "expected"

    incident_id: UUID = Field(primary_key=True)
    school_key: str = Field(primary_key=True)
    excused: bool = Field(sa_column_kwargs={"server_default": text("false")})


class Report(SesrTable, table=True):
    """A report as it was sent; never changed. A correction is another row that supersedes it."""

    __tablename__ = "report"
    __table_args__ = (Index("ix_report_day", "incident_id", "day", "school_key"),)

    report_id: UUID = Field(primary_key=True)
    number: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False, unique=True))
    incident_id: UUID
    school_key: str
    day: date
    counted_at: datetime
    received_at: datetime = Field(sa_column_kwargs=NOW)
    author: str
    author_name: str
    proxy_for: str
    reason: str
    supersedes: UUID | None = Field(unique=True)
    commander: str
    landline: str
    cell: str
    counts: dict[str, int | None] = Field(sa_type=JSONB)
    flags: dict[str, bool] = Field(sa_type=JSONB)
    note: str


class Recorded(SesrTable, table=True):
    """A report as the worker recorded it: counts and flags, no names or phones. `place` is the order of the feed.

    Rows of one incident commit in the order of their place, so that whoever has seen a place has seen all before it.
    """

    __tablename__ = "recorded"
    __table_args__ = (
        Index("ix_recorded_day", "incident_id", "day", "school_key"),
        Index("ix_recorded_place", "incident_id", "place"),
        Index("ix_recorded_feed", "incident_id", "day", "place"),
    )

    report_id: UUID = Field(primary_key=True)
    place: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    incident_id: UUID
    school_key: str
    day: date
    sequence: int = Field(sa_type=BigInteger)
    counted_at: datetime
    received_at: datetime
    supersedes: UUID | None
    counts: dict[str, int | None] = Field(sa_type=JSONB)
    flags: dict[str, Any] = Field(sa_type=JSONB)
    recorded_at: datetime = Field(sa_column_kwargs=NOW)


class Stands(SesrTable, table=True):
    """A school's standing on a day: the current report, folded from all that were recorded."""

    __tablename__ = "standing"

    incident_id: UUID = Field(primary_key=True)
    day: date = Field(primary_key=True)
    school_key: str = Field(primary_key=True)
    report_id: UUID
    number: int = Field(sa_type=BigInteger)
    counted_at: datetime
    received_at: datetime
    times: list[datetime] = Field(sa_type=ARRAY(TIMESTAMP(timezone=True)))
    counts: dict[str, int | None] = Field(sa_type=JSONB)
    flags: dict[str, bool] = Field(sa_type=JSONB)


class Chase(SesrTable, table=True):
    """A call to a school that has not answered, and what came of it."""

    __tablename__ = "chase"
    __table_args__ = (Index("ix_chase_day", "incident_id", "day", "school_key"),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    incident_id: UUID
    day: date
    school_key: str
    at: datetime = Field(default=None, sa_column_kwargs=NOW)
    author: str
    outcome: str
    note: str


class LateEntry(SesrTable, table=True):
    """The desk's permission that a school enters a day that is over."""

    __tablename__ = "late_entry"

    incident_id: UUID = Field(primary_key=True)
    day: date = Field(primary_key=True)
    school_key: str = Field(primary_key=True)
    at: datetime = Field(sa_column_kwargs=NOW)
    author: str
    reason: str
