"""The plan's data: goals, who changed them, and which item, level and year a file's words mean."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.tracker.rules.known import level_of
from services.tracker.tables.plan import Goal, Item, Level, Period
from shared.names import name_key

_CHANGES = text(
    "select at, actor, action, object, detail from audit where action like 'item.%' or action like 'period.%'"
    " order by id desc limit :limit"
)


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


def goal_table(session: Session) -> dict[tuple[str, str], Goal]:
    """Every goal by (item id, level)."""
    return {(goal.item_id, goal.level): goal for goal in session.exec(select(Goal))}


def plan_changes(session: Session, limit: int) -> Sequence[Any]:
    """Who changed items, goals and years, newest first."""
    return session.execute(_CHANGES, {"limit": limit}).all()


def item_texts(session: Session) -> dict[str, str]:
    """Each item as the workbook shows it: group and item."""
    return {item.item_id: f"{item.group} / {item.item}" for item in session.exec(select(Item))}
