"""What can be seen of one school's progress in a plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlmodel import Session, col, select

from services.tracker.queries.plan import items_of, periods
from services.tracker.rules.progress import ProgressFacts, progress, projected
from services.tracker.tables.plan import Goal, Item
from services.tracker.tables.progress import Entry, EntryLog


@dataclass(frozen=True)
class ItemLine:
    """An item of a level with a school's values and what follows from them; `values[0]` is the baseline."""

    item: Item
    goal: Goal
    values: list[Decimal | None]
    facts: ProgressFacts
    projected: list[Decimal | None]
    origins: Mapping[int, Entry]


def lines(session: Session, school_key: str, plan_id: str, level: str) -> list[ItemLine]:
    """Every item of the level for a school, computed by the rules."""
    years = len(periods(session, plan_id))
    followed = items_of(session, plan_id, level)
    found = select(Entry).where(
        Entry.school_key == school_key,
        Entry.level == level,
        col(Entry.item_id).in_([item.item_id for item, _ in followed]),
        Entry.period < years,
    )
    origins: dict[str, dict[int, Entry]] = {}
    for row in session.exec(found.execution_options(populate_existing=True)):
        origins.setdefault(row.item_id, {})[row.period] = row
    return [line(item, goal, origins.get(item.item_id, {}), years) for item, goal in followed]


def line(item: Item, goal: Goal, origins: Mapping[int, Entry], years: int) -> ItemLine:
    """One line from the entries of its years."""
    values = [origins[place].percent if place in origins else None for place in range(years)]
    return line_of_values(item, goal, values, origins)


def line_of_values(item: Item, goal: Goal, values: list[Decimal | None], origins: Mapping[int, Entry]) -> ItemLine:
    """One line from plain values, such as those being typed."""
    if not values:
        return ItemLine(item, goal, [None], progress(None, goal.increase, [None]), [None], origins)
    facts = progress(values[0], goal.increase, values[1:])
    return ItemLine(item, goal, values, facts, projected(values[0], goal.increase, values[1:]), origins)


def levels_used(session: Session, school_keys: Sequence[str]) -> set[tuple[str, str]]:
    """(school, level) of the schools' levels for which anything was entered."""
    of_schools = col(Entry.school_key).in_(school_keys)
    found = select(Entry.school_key, Entry.level).where(of_schools, col(Entry.percent).is_not(None)).distinct()
    return {(key, level) for key, level in session.exec(found)}


def history(session: Session, school_key: str, level: str, before: int | None, limit: int) -> Sequence[EntryLog]:
    """Who changed what, newest first."""
    found = select(EntryLog).where(EntryLog.school_key == school_key, EntryLog.level == level)
    if before is not None:
        found = found.where(col(EntryLog.id) < before)
    return session.exec(found.order_by(col(EntryLog.id).desc()).limit(limit)).all()
