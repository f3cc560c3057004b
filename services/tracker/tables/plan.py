"""The strategic plan as data: levels, years, items and the goal of each item at each level."""

from decimal import Decimal

from sqlalchemy import Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.tracker.tables.schema import TrackerTable


class Level(TrackerTable, table=True):
    """A school level, a tab of the workbook."""

    __tablename__ = "level"

    level: str = Field(primary_key=True)
    position: int


class Period(TrackerTable, table=True):
    """A year's survey; position 0 is the baseline."""

    __tablename__ = "period"

    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    label: str = Field(unique=True)


class Item(TrackerTable, table=True):
    """A survey item that the plan follows; `aliases` are other wordings in result files."""

    __tablename__ = "item"

    item_id: str = Field(primary_key=True)
    position: int
    pillar: str
    metric: str
    group: str
    item: str
    category: str
    area: str
    aliases: list[str] = Field(sa_type=ARRAY(Text), sa_column_kwargs={"server_default": text("'{}'")})
    from_rates: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class Goal(TrackerTable, table=True):
    """The increase in percentage points that a level's schools are to reach; None is to be set."""

    __tablename__ = "goal"

    item_id: str = Field(primary_key=True, foreign_key="tracker.item.item_id")
    level: str = Field(primary_key=True, foreign_key="tracker.level.level")
    increase: Decimal | None = Field(max_digits=4, decimal_places=1)
    district_goal: str
