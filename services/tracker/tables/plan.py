"""Strategic plans as data: each with its levels, years, items and the goal of each item at each level."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import DateTime, SmallInteger, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.tracker.tables.schema import TrackerTable

_FALSE = {"server_default": text("false")}
_EMPTY = {"server_default": text("'{}'")}


class StrategicPlan(TrackerTable, table=True):
    """A strategic plan; `final_label` names its goal's year. The newest one that is not a draft is shown by itself."""

    __tablename__ = "strategic_plan"

    plan_id: str = Field(primary_key=True)
    name: str
    final_label: str
    position: int
    is_draft: bool = Field(default=False, sa_column_kwargs=_FALSE)
    added_at: datetime | None = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )


class Level(TrackerTable, table=True):
    """A school level of a plan, a tab of the workbook."""

    __tablename__ = "level"

    plan_id: str = Field(primary_key=True, foreign_key="tracker.strategic_plan.plan_id")
    level: str = Field(primary_key=True)
    position: int


class Period(TrackerTable, table=True):
    """A year's survey in a plan; position 0 is the baseline. `aliases` are other labels in results files, `terms` the
    terms of the rates that belong to it."""

    __tablename__ = "period"

    plan_id: str = Field(primary_key=True, foreign_key="tracker.strategic_plan.plan_id")
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    label: str
    aliases: list[str] = Field(default_factory=list, sa_type=ARRAY(Text), sa_column_kwargs=_EMPTY)
    terms: list[str] = Field(default_factory=list, sa_type=ARRAY(Text), sa_column_kwargs=_EMPTY)


class Item(TrackerTable, table=True):
    """A survey item that a plan follows; `aliases` are other wordings in result files. A retired one keeps its values."""

    __tablename__ = "item"

    item_id: str = Field(primary_key=True)
    plan_id: str = Field(foreign_key="tracker.strategic_plan.plan_id", index=True)
    position: int
    pillar: str
    metric: str
    respondents: str
    item: str
    category: str
    area: str
    aliases: list[str] = Field(default_factory=list, sa_type=ARRAY(Text), sa_column_kwargs=_EMPTY)
    from_rates: bool = Field(default=False, sa_column_kwargs=_FALSE)
    is_retired: bool = Field(default=False, sa_column_kwargs=_FALSE)
    owner: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    next_step: str = Field(default="", sa_column_kwargs={"server_default": text("''")})


class Goal(TrackerTable, table=True):
    """The increase in percentage points that a level's schools are to reach; None is to be set."""

    __tablename__ = "goal"

    item_id: str = Field(primary_key=True, foreign_key="tracker.item.item_id")
    level: str = Field(primary_key=True)
    increase: Decimal | None = Field(max_digits=4, decimal_places=1)
    district_goal: str


class KindLevel(TrackerTable, table=True):
    """At which levels of the tracker the schools of a level of the directory are expected; central staff edit it."""

    __tablename__ = "kind_level"

    kind: str = Field(primary_key=True)
    levels: list[str] = Field(sa_type=ARRAY(Text))


class SchoolLevel(TrackerTable, table=True):
    """At which levels one school is expected, where that is not as its kind says."""

    __tablename__ = "school_level"

    school_key: str = Field(primary_key=True)
    levels: list[str] = Field(sa_type=ARRAY(Text))


class PlanRevision(TrackerTable, table=True):
    """Counts the changes of the plans' words, in one row."""

    __tablename__ = "plan_revision"

    id: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    revision: int
