"""What schools have reached: each entered value with its origin, its history, and what is computed from it."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Numeric, SmallInteger, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.tracker.tables.schema import TrackerTable


class Entry(TrackerTable, table=True):
    """A school's percent for an item in a year; None was cleared by a person, or
    went with the undo of its file. `revision` is that of the results file."""

    __tablename__ = "entry"

    school_key: str = Field(primary_key=True)
    level: str = Field(primary_key=True)
    item_id: str = Field(primary_key=True)
    period: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    percent: Decimal | None = Field(max_digits=4, decimal_places=1)
    source: str
    entered_by: str
    revision: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    at: datetime | None = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )


class EntryLog(TrackerTable, table=True):
    """Who changed which value from what to what, when and by which way."""

    __tablename__ = "entry_log"
    __table_args__ = (Index("ix_entry_log_school", "school_key", "level", "id"),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    school_key: str
    level: str
    item_id: str
    period: int = Field(sa_type=SmallInteger)
    was: Decimal | None = Field(max_digits=4, decimal_places=1)
    now: Decimal | None = Field(max_digits=4, decimal_places=1)
    source: str
    entered_by: str
    at: datetime | None = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )


class ItemProgress(TrackerTable, table=True):
    """What follows from a school's values for an item; percents unrounded, see rules.progress."""

    __tablename__ = "item_progress"
    __table_args__ = (Index("ix_item_progress_item", "level", "item_id", "status"),)

    school_key: str = Field(primary_key=True)
    level: str = Field(primary_key=True)
    item_id: str = Field(primary_key=True)
    goal: Decimal | None
    targets: list[Decimal | None] = Field(sa_type=ARRAY(Numeric))
    differences: list[Decimal | None] = Field(sa_type=ARRAY(Numeric))
    status: str
    difference: Decimal | None
    latest: Decimal | None
    latest_period: int | None = Field(sa_type=SmallInteger)
    gains: list[Decimal] = Field(sa_type=ARRAY(Numeric))
    needed: Decimal | None
