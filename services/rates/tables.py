"""What rates keeps: counts and tiers per extraction, how each school stands at it, the directory, settings, saved views."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, Numeric, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from shared.db import schema
from shared.delivery.tables import add_platform_tables

metadata = schema("rates")
add_platform_tables(metadata)


class RatesTable(SQLModel):
    metadata = metadata


class Rate(RatesTable, table=True):
    """A school's counts for one group at one extraction; `removed` where an undo took the row back."""

    __tablename__ = "rate"
    __table_args__ = (Index("ix_rate_school", "school_key", "group", "on"),)

    term: str = Field(primary_key=True)
    on: date = Field(primary_key=True)
    group: str = Field(primary_key=True)
    school_key: str = Field(primary_key=True)
    revision: int
    upload_id: UUID
    ploc: str
    cost_center: str | None
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
    rate: Decimal | None = Field(max_digits=16, decimal_places=4)
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


class Standing(RatesTable, table=True):
    """How a school stands at an extraction, derived from all of the term's up to it; `present` is false where the
    extraction lacks the school. `was_*` is its row before, `trail` its rate at each extraction of the group so far."""

    __tablename__ = "standing"

    term: str = Field(primary_key=True)
    group: str = Field(primary_key=True)
    on: date = Field(primary_key=True)
    school_key: str = Field(primary_key=True)
    present: bool
    ploc: str
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
    rate: Decimal | None = Field(max_digits=16, decimal_places=4)
    needed: int | None
    was_on: date | None
    was_total: int | None
    was_submitted: int | None
    was_tier: int | None = Field(sa_type=SmallInteger)
    was_rate: Decimal | None = Field(max_digits=16, decimal_places=4)
    gained: int | None
    moved: Decimal | None = Field(max_digits=16, decimal_places=4)
    first_on: date
    last_on: date
    stalled: int = Field(sa_type=SmallInteger)
    mark: str
    trail: list[Decimal | None] = Field(sa_type=ARRAY(Numeric))


class School(RatesTable, table=True):
    """A school of the directory, for levels and scopes."""

    __tablename__ = "school"

    school_key: str = Field(primary_key=True)
    revision: int
    ploc: str
    cost_center: str | None
    name: str
    level: str
    region: str
    cos: str
    director: str


class DirectoryArrival(RatesTable, table=True):
    """The one newest directory revision heard of, and which of its parts have come."""

    __tablename__ = "directory_arrival"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    revision: int
    parts: list[int] = Field(sa_type=ARRAY(SmallInteger))


class SavedView(RatesTable, table=True):
    """A state of the table that a person keeps under a name."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("person_id", "name"),)

    id: int | None = Field(default=None, sa_type=BigInteger, primary_key=True, sa_column_args=[Identity(always=True)])
    person_id: str
    name: str
    query: str
    saved_at: datetime | None = Field(
        default=None, sa_column_kwargs={"server_default": text("now()"), "nullable": False}
    )


class SurveyWindow(RatesTable, table=True):
    """The survey window of a term as set here; without it the window that came with the extraction holds."""

    __tablename__ = "survey_window"

    term: str = Field(primary_key=True)
    opens: date
    closes: date


class DayOff(RatesTable, table=True):
    """A weekday without school."""

    __tablename__ = "day_off"

    day: date = Field(primary_key=True)
    name: str


class Goal(RatesTable, table=True):
    """The response rate, in percent, that each school should reach in a group."""

    __tablename__ = "goal"

    group: str = Field(primary_key=True)
    percent: int = Field(sa_type=SmallInteger)


class Mailed(RatesTable, table=True):
    """A school of which a director was told by a mail."""

    __tablename__ = "mailed"

    mail_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    school_key: str = Field(primary_key=True)
    upload_id: UUID
    director: str
    at: datetime | None = Field(default=None, sa_column_kwargs={"server_default": text("now()"), "nullable": False})
