"""What can be seen of the plan and of one school's progress."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.tracker.rules.known import LEVELS
from services.tracker.rules.progress import Progress, progress, projected
from services.tracker.tables.plan import Goal, Item, Level, Period
from shared.errors import NotFound

_ENTRIES = text(
    "select item_id, period, percent, source, by, at from entry where school_key = :school_key and level = :level"
)
_HISTORY = text(
    "select id, item_id, period, was, now, source, by, at from entry_log"
    " where school_key = :school_key and level = :level"
    " and (cast(:before as bigint) is null or id < :before) order by id desc limit :limit"
)
_USED = text("select distinct level from entry where school_key = :school_key and percent is not null")


@dataclass(frozen=True)
class Line:
    """An item of a level with a school's values and what follows from them; `values[0]` is the baseline."""

    item: Item
    goal: Goal
    values: list[Decimal | None]
    facts: Progress
    projected: list[Decimal | None]
    origins: dict[int, Any]


def levels(session: Session) -> list[str]:
    return list(session.exec(select(Level.level).order_by(col(Level.position))))


def periods(session: Session) -> list[str]:
    """The labels of the years in order, the baseline first."""
    return list(session.exec(select(Period.label).order_by(col(Period.position))))


def chosen_level(session: Session, school: Any, level: str | None) -> str:
    """The level asked for, else the school's own, else the first; NotFound for one that the plan does not have."""
    known = levels(session)
    chosen = level or school.tracker_level or (known or LEVELS)[0]
    if chosen not in known:
        raise NotFound(f"The plan has no level {chosen}. It has: {', '.join(known) or 'none yet'}.")
    return chosen


def items_of(session: Session, level: str) -> Sequence[tuple[Item, Goal]]:
    """The items of a level with their goals, in order."""
    chosen = select(Item, Goal).join(Goal, col(Goal.item_id) == col(Item.item_id)).where(Goal.level == level)
    return session.exec(chosen.order_by(col(Item.position))).all()


def items(session: Session) -> Sequence[Item]:
    return session.exec(select(Item).order_by(col(Item.position))).all()


def goals(session: Session, item_id: str) -> dict[str, Goal]:
    """The goals of an item by level."""
    return {goal.level: goal for goal in session.exec(select(Goal).where(Goal.item_id == item_id))}


def lines(session: Session, school_key: str, level: str) -> list[Line]:
    """Every item of the level for a school, computed by the rules."""
    years = len(periods(session))
    found = session.execute(_ENTRIES, {"school_key": school_key, "level": level}).all()
    origins: dict[str, dict[int, Any]] = {}
    for row in found:
        if row.period < years:
            origins.setdefault(row.item_id, {})[row.period] = row
    return [line(item, goal, origins.get(item.item_id, {}), years) for item, goal in items_of(session, level)]


def line(item: Item, goal: Goal, origins: dict[int, Any], years: int) -> Line:
    """One line from the entries of its years."""
    values = [origins[place].percent if place in origins else None for place in range(years)]
    return line_of_values(item, goal, values, origins)


def line_of_values(item: Item, goal: Goal, values: list[Decimal | None], origins: dict[int, Any]) -> Line:
    """One line from plain values, such as those being typed."""
    facts = progress(values[0], goal.increase, values[1:])
    return Line(item, goal, values, facts, projected(values[0], goal.increase, values[1:]), origins)


def levels_used(session: Session, school_key: str) -> set[str]:
    """The levels for which a school has entered anything."""
    return set(session.execute(_USED, {"school_key": school_key}).scalars())


def history(session: Session, school_key: str, level: str, before: int | None, limit: int) -> Sequence[Any]:
    """Who changed what, newest first."""
    values = {"school_key": school_key, "level": level, "before": before, "limit": limit}
    return session.execute(_HISTORY, values).all()
