"""What others published: tiers per extraction, uploads and how much of each is here, directors, the days off."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY, DATE
from sqlmodel import Field

from services.notify.tables.schema import NOW, NotifyTable, default
from shared.events import UndoFacts


class TierState(NotifyTable, table=True):
    """A school's tier for one group at one extraction, as rates last published it, with the forecast (`TierRow`)."""

    __tablename__ = "tier_state"

    term: str = Field(primary_key=True)
    extraction_date: date = Field(primary_key=True)
    respondent_group: str = Field(primary_key=True)
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
    rate: Decimal | None = Field(max_digits=16, decimal_places=4)
    final_low: int | None
    final_likely: int | None
    final_high: int | None
    outlook: str = Field(sa_column_kwargs=default("''"))
    needed_per_day: Decimal | None = Field(max_digits=16, decimal_places=4)
    removed: bool = Field(sa_column_kwargs=default("false"))


class Upload(NotifyTable, table=True):
    """An upload whose tiers arrived; `outcome` says how it was planned, once it is. `late` names groups not here."""

    __tablename__ = "upload"

    upload_id: UUID = Field(primary_key=True)
    term: str = Field(index=True)
    extraction_date: date
    revision: int
    groups: list[str] = Field(sa_type=ARRAY(Text))
    thin: bool
    hold_mails: bool = Field(default=False, sa_column_kwargs=default("false"))
    is_undo: bool
    window_closes: date
    arrived_at: datetime | None = Field(default=None, sa_column_kwargs=NOW)
    outcome: str | None = None
    late: list[str] = Field(default=[], sa_type=ARRAY(Text), sa_column_kwargs=default("'{}'"))
    planned_at: datetime | None = None
    released_at: datetime | None = None


class Arrival(NotifyTable, table=True):
    """One group of an upload: which parts of its newest state have come. `is_whole`: rates published it with all rows."""

    __tablename__ = "arrival"

    upload_id: UUID = Field(primary_key=True)
    respondent_group: str = Field(primary_key=True)
    state: int = Field(default=0, sa_column_kwargs=default("0"))
    parts: list[int] = Field(sa_type=ARRAY(SmallInteger))
    part_count: int
    groups: list[str] = Field(sa_type=ARRAY(Text))
    is_whole: bool = Field(default=True, sa_column_kwargs=default("true"))
    arrived_at: datetime | None = Field(default=None, sa_column_kwargs=NOW)


class BegunUndo(NotifyTable, UndoFacts, table=True):
    """An undo that ingest accepted, by its own upload; it is under way until that upload has an outcome here."""

    __tablename__ = "begun_undo"

    upload_id: UUID = Field(primary_key=True)
    arrived_at: datetime | None = Field(default=None, sa_column_kwargs=NOW)


class Director(NotifyTable, table=True):
    """A regional director of the directory, `since` the revision that first named this id.

    `refused` is the mail server's no to `refused_email`.
    """

    __tablename__ = "director"

    person_id: str = Field(primary_key=True)
    revision: int
    since: int = Field(default=0, sa_column_kwargs=default("0"))
    name: str
    email: str
    aliases: list[str] = Field(sa_type=ARRAY(Text))
    refused_email: str = Field(default="", sa_column_kwargs=default("''"))
    refused: str = Field(default="", sa_column_kwargs=default("''"))


class DirectoryArrival(NotifyTable, table=True):
    """The one newest directory revision that arrived, and which of its parts have come."""

    __tablename__ = "directory_arrival"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    revision: int
    parts: list[int] = Field(sa_type=ARRAY(SmallInteger))


class SchoolCalendar(NotifyTable, table=True):
    """The newest calendar of rates, in one row: the weekdays without school."""

    __tablename__ = "school_calendar"

    id: int = Field(default=1, primary_key=True, sa_type=SmallInteger)
    revision: int
    days_off: list[date] = Field(sa_type=ARRAY(DATE))


class AliasMatch(NotifyTable, table=True):
    """A spelling that a person matched to a director."""

    __tablename__ = "alias_match"

    alias_key: str = Field(primary_key=True)
    alias: str
    person_id: str
    matched_by: str
    at: datetime | None = Field(default=None, sa_column_kwargs=NOW)
