"""What tracker keeps of the LCAP: the rows as they came, each table's versions with what was read, people's decisions."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Numeric, SmallInteger, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.tracker.tables.schema import TrackerTable

_NOW = {"server_default": func.now()}
_EMPTY_LIST = {"server_default": text("'[]'")}
_EMPTY_OBJECT = {"server_default": text("'{}'")}


class LcapRow(TrackerTable, table=True):
    """A row of an LCAP table as read from its file."""

    __tablename__ = "lcap_row"

    upload_id: UUID = Field(primary_key=True)
    part: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    content: dict[str, Any] = Field(sa_type=JSONB)


class LcapLoad(TrackerTable, table=True):
    """A load of one file: which of its parts have come, and from which file they are."""

    __tablename__ = "lcap_load"

    upload_id: UUID = Field(primary_key=True)
    table_name: str
    revision: int
    file_name: str
    parts: list[int] = Field(sa_type=ARRAY(SmallInteger))
    part_count: int
    read_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class LcapVersion(TrackerTable, table=True):
    """What one load gave for one table of one plan year; the state says whether it counts.

    `state`: waiting for a person, standing, replaced by a newer one, undone, or declined. `plan_year` is empty until a
    person has said it. Of one table and plan year one version stands.
    """

    __tablename__ = "lcap_version"
    __table_args__ = (
        Index(
            "uq_lcap_version_standing",
            "table_name",
            "form",
            "plan_year",
            unique=True,
            postgresql_where=text("state = 'standing'"),
        ),
    )

    version_id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    table_name: str
    form: str
    plan_year: str
    upload_id: UUID
    revision: int
    file_name: str
    state: str
    kept: int
    unread: list[Any] = Field(default_factory=list, sa_type=JSONB, sa_column_kwargs=_EMPTY_LIST)
    warnings: list[Any] = Field(default_factory=list, sa_type=JSONB, sa_column_kwargs=_EMPTY_LIST)
    read_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs=_NOW)
    decided_by: str = ""
    decided_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    replaces: int | None = Field(default=None, sa_type=BigInteger)


class LcapAction(TrackerTable, table=True):
    """An action as a version of a table has it; amounts in whole dollars, absent ones null.

    `planned_next` is planned for the plan year, `planned` and `estimated_actual` are of the year before it (of the plan
    year itself in an annual update). `funds` has the planned amount by fund, `details` the texts of the State's form.
    """

    __tablename__ = "lcap_action"

    version_id: int = Field(
        primary_key=True, sa_type=BigInteger, foreign_key="tracker.lcap_version.version_id", ondelete="CASCADE"
    )
    goal: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    action: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    line: int
    title: str
    pages: str
    description: str
    contributing: bool | None
    fund: str
    change: int | None = Field(sa_type=BigInteger)
    planned_next: int | None = Field(sa_type=BigInteger)
    planned: int | None = Field(sa_type=BigInteger)
    estimated_actual: int | None = Field(sa_type=BigInteger)
    explanation: str
    damage: list[str] = Field(sa_type=ARRAY(Text))
    funds: dict[str, int] = Field(default_factory=dict, sa_type=JSONB, sa_column_kwargs=_EMPTY_OBJECT)
    details: dict[str, str] = Field(default_factory=dict, sa_type=JSONB, sa_column_kwargs=_EMPTY_OBJECT)
    improved_percent: Decimal | None = Field(default=None, sa_type=Numeric)
    actual_improved_percent: Decimal | None = Field(default=None, sa_type=Numeric)


class LcapCarryover(TrackerTable, table=True):
    """The one row of the State's LCFF carryover table: dollars and percentages by the name of their line."""

    __tablename__ = "lcap_carryover"

    version_id: int = Field(
        primary_key=True, sa_type=BigInteger, foreign_key="tracker.lcap_version.version_id", ondelete="CASCADE"
    )
    amounts: dict[str, str] = Field(sa_type=JSONB)
    damage: list[str] = Field(sa_type=ARRAY(Text))


class LcapMeasure(TrackerTable, table=True):
    """A progress measure as a version of its table has it; `key` stays the same as long as its words do."""

    __tablename__ = "lcap_measure"
    __table_args__ = (
        Index("uq_lcap_measure_key", "version_id", "key", unique=True),
        Index("ix_lcap_measure_action", "version_id", "goal", "action"),
    )

    version_id: int = Field(
        primary_key=True, sa_type=BigInteger, foreign_key="tracker.lcap_version.version_id", ondelete="CASCADE"
    )
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    key: str
    line: int
    goal: int = Field(sa_type=SmallInteger)
    goal_name: str
    action: int = Field(sa_type=SmallInteger)
    action_title: str
    measure: str
    growth: str
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
    """A group's value of a measure now and before, with the decimals it was written with; `level` holds a color or level
    instead of a number, `doubt` why the value itself is not to be judged."""

    __tablename__ = "lcap_value"

    version_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    measure: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    seq: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    group_name: str
    value_now: Decimal | None = Field(sa_type=Numeric)
    value_before: Decimal | None = Field(sa_type=Numeric)
    unit: str
    period_now: str
    inferred: bool
    period_before: str
    as_of: str
    level: str
    part_year: bool
    doubt: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    words: str = Field(default="", sa_column_kwargs={"server_default": text("''")})


class LcapCheck(TrackerTable, table=True):
    """A person's word on a measure's reading: right as it is, or with these values instead."""

    __tablename__ = "lcap_check"

    key: str = Field(primary_key=True)
    corrected: bool
    given: list[Any] = Field(sa_type=JSONB)
    note: str
    checked_by: str
    checked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs=_NOW)


class LcapMove(TrackerTable, table=True):
    """A line of the renumbering: an action of a plan year that has another number, or none, in the year after."""

    __tablename__ = "lcap_move"

    plan_year: str = Field(primary_key=True)
    goal: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    action: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    goal_now: int | None = Field(sa_type=SmallInteger)
    action_now: int | None = Field(sa_type=SmallInteger)
    set_by: str


class LcapGoal(TrackerTable, table=True):
    """The name of a goal in a plan year."""

    __tablename__ = "lcap_goal"

    plan_year: str = Field(primary_key=True)
    goal: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    name: str


class LcapSetting(TrackerTable, table=True):
    """From which percent spent on a difference counts as material; one row."""

    __tablename__ = "lcap_setting"

    id: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    under_percent: Decimal = Field(max_digits=5, decimal_places=1)
    over_percent: Decimal = Field(max_digits=5, decimal_places=1)
    set_by: str
    set_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs=_NOW)
