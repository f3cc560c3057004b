"""What tracker keeps of the LCAP: the rows as they came, the actions and measures read from them, and people's checks."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, Numeric, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.tracker.tables.schema import TrackerTable


class LcapRow(TrackerTable, table=True):
    """A row of an LCAP table as read from its file."""

    __tablename__ = "lcap_row"

    table: str = Field(primary_key=True)
    upload_id: UUID = Field(primary_key=True)
    part: int = Field(primary_key=True, sa_type=SmallInteger)
    number: int = Field(primary_key=True)
    row: dict[str, Any] = Field(sa_type=JSONB)


class LcapLoad(TrackerTable, table=True):
    """A load of one table: which of its parts have come, and once all have, what its reading gave."""

    __tablename__ = "lcap_load"

    table: str = Field(primary_key=True)
    upload_id: UUID = Field(primary_key=True)
    revision: int
    parts: list[int] = Field(sa_type=ARRAY(SmallInteger))
    of: int
    kept: int | None = None
    unread: list[Any] = Field(default_factory=list, sa_type=JSONB, sa_column_kwargs={"server_default": text("'[]'")})
    read_at: datetime | None = None


class LcapAction(TrackerTable, table=True):
    """An action of the 2024-25 table; amounts in whole dollars, absent ones null."""

    __tablename__ = "lcap_action"

    goal: int = Field(primary_key=True, sa_type=SmallInteger)
    action: int = Field(primary_key=True, sa_type=SmallInteger)
    line: int = Field(sa_type=Integer)
    title: str
    pages: str
    description: str
    contributing: bool | None
    fund: str
    change: int | None = Field(sa_type=BigInteger)
    planned_2024_25: int | None = Field(sa_type=BigInteger)
    planned_2023_24: int | None = Field(sa_type=BigInteger)
    est_actual_2023_24: int | None = Field(sa_type=BigInteger)
    explanation: str
    damage: list[str] = Field(sa_type=ARRAY(Text))


class LcapMeasure(TrackerTable, table=True):
    """A progress measure of a 2023-24 action; `key` stays the same as long as its words do."""

    __tablename__ = "lcap_measure"
    __table_args__ = (UniqueConstraint("key"), Index("ix_lcap_measure_action", "goal", "action"))

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    key: str
    line: int
    goal: int = Field(sa_type=SmallInteger)
    goal_name: str
    action: int = Field(sa_type=SmallInteger)
    action_title: str
    measure: str
    text: str
    status: str
    pending: bool
    polarity: str
    survey_kind: str
    survey_item: str
    respondents: str
    survey_level: str
    survey_subgroup: str
    doubts: list[str] = Field(sa_type=ARRAY(Text))
    damage: list[str] = Field(sa_type=ARRAY(Text))


class LcapValue(TrackerTable, table=True):
    """A group's value of a measure now and before, with the decimals it was written with; `level` holds a colour or level instead of a number."""

    __tablename__ = "lcap_value"

    measure: int = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=SmallInteger)
    group: str
    now: Decimal | None = Field(sa_type=Numeric)
    before: Decimal | None = Field(sa_type=Numeric)
    unit: str
    period_now: str
    inferred: bool
    period_before: str
    as_of: str
    level: str
    part_year: bool


class LcapCheck(TrackerTable, table=True):
    """A person's word on a measure's reading: right as it is, or with these values instead."""

    __tablename__ = "lcap_check"

    key: str = Field(primary_key=True)
    corrected: bool
    values: list[Any] = Field(sa_type=JSONB)
    note: str
    by: str
    at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})


class LcapSetting(TrackerTable, table=True):
    """From which percent spent on a difference counts as material; one row."""

    __tablename__ = "lcap_setting"

    id: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    under: Decimal = Field(max_digits=5, decimal_places=1)
    over: Decimal = Field(max_digits=5, decimal_places=1)
    by: str
    at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})
