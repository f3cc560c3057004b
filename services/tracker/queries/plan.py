"""The plan's data: goals, who changed them, and which item, level and year a file's words mean."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.tracker.rules.known import level_of
from services.tracker.tables.plan import Goal, Item, Level, Period
from shared.names import name_key

_CHANGES = text(
    "select at, actor, action, object, detail from audit where action like 'item.%' or action like 'period.%'"
    " order by id desc limit :limit"
)
_LOADED = text(
    "select level, item, period, count(distinct school_key) as schools from result where percent is not null"
    " group by level, item, period order by schools desc, item, period, level"
)


class Untaken(NamedTuple):
    """What results files say of an item in a year, of how many schools, and what of it the plan does not know."""

    level: str
    item: str
    period: str
    schools: int
    unknown: str


class Plan:
    """Finds the level, the item and the year that a results file names."""

    def __init__(self, session: Session) -> None:
        self.items = {
            name_key(word): item.item_id
            for item in session.exec(select(Item).order_by(col(Item.position)))
            for word in (item.item, *item.aliases)
        }
        self.levels = {name_key(level.level): level.level for level in session.exec(select(Level))}
        self.periods = {name_key(period.label): period.position for period in session.exec(select(Period))}

    def place(self, level: str, item: str, period: str) -> tuple[str, str, int] | None:
        """(level, item id, position of the year); None where one of them is not of the plan."""
        known = self.levels.get(name_key(level)) or level_of(level)
        item_id, position = self.items.get(name_key(item)), self.periods.get(name_key(period))
        return None if known is None or item_id is None or position is None else (known, item_id, position)

    def unknown(self, item: str, period: str) -> str:
        """What the plan does not know of a result that has no place in it."""
        lacking = [("item", name_key(item) not in self.items), ("year", name_key(period) not in self.periods)]
        return " and ".join(name for name, is_so in lacking if is_so) or "level"


def goal_table(session: Session) -> dict[tuple[str, str], Goal]:
    """Every goal by (item id, level)."""
    return {(goal.item_id, goal.level): goal for goal in session.exec(select(Goal))}


def untaken_results(session: Session) -> list[Untaken]:
    """The loaded results that stand nowhere in the tracker, those of the most schools first."""
    plan = Plan(session)
    loaded = session.execute(_LOADED).all()
    return [
        Untaken(row.level, row.item, row.period, row.schools, plan.unknown(row.item, row.period))
        for row in loaded
        if plan.place(row.level, row.item, row.period) is None
    ]


def plan_changes(session: Session, limit: int) -> Sequence[Any]:
    """Who changed items, goals and years, newest first."""
    return session.execute(_CHANGES, {"limit": limit}).all()


def item_texts(session: Session) -> dict[str, str]:
    """Each item as the workbook shows it: group and item."""
    return {item.item_id: f"{item.group} / {item.item}" for item in session.exec(select(Item))}
