"""What of the LCAP's spending can be seen: actions with their explanation, percent spent and checked change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from services.tracker.queries.lcap.versions import goal_names, years_known
from services.tracker.rules.lcap.actions import UPDATES, Action
from services.tracker.rules.lcap.explanations import Cover, covers
from services.tracker.rules.lcap.following import Number, Years
from services.tracker.rules.lcap.forms import year_before
from services.tracker.rules.lcap.spending import (
    OVER,
    UNDER,
    ChangeCheck,
    SpendingTotals,
    change_check,
    gap,
    is_material,
    percent_spent,
    totals,
)
from services.tracker.tables.lcap import LcapAction, LcapCarryover, LcapSetting, LcapVersion


@dataclass(frozen=True)
class Material:
    """From which percent spent on a difference needs an explanation, and who said so; nobody: the proposal."""

    under: Decimal
    over: Decimal
    set_by: str
    set_at: datetime | None


@dataclass(frozen=True)
class ActionView:
    """An action with what follows from its amounts; `missing`: material, and no explanation covers it."""

    row: Action
    cover: Cover | None
    spent: Decimal | None
    gap: int | None
    check: ChangeCheck
    material: bool

    @property
    def missing(self) -> bool:
        return self.material and self.cover is None


@dataclass(frozen=True)
class ActionFilter:
    """Which actions are shown, in which order; None means no filter."""

    goal: int | None = None
    contributing: bool | None = None
    show: str = "all"
    sort: str = "number"


_Key = Callable[[ActionView], Any]
SHOWS: dict[str, Callable[[ActionView], bool]] = {
    "all": lambda one: True,
    "material": lambda one: one.material,
    "missing": lambda one: one.missing,
    "damaged": lambda one: bool(one.row.damage),
}
SORTS: dict[str, _Key] = {
    "number": lambda one: (one.row.goal, one.row.action),
    "gap": lambda one: one.gap or 0,
    "-gap": lambda one: -(one.gap or 0),
    "size": lambda one: -abs(one.gap or 0),
    "spent": lambda one: one.spent or 0,
    "-spent": lambda one: -(one.spent or 0),
    "change": lambda one: one.row.change or 0,
    "-change": lambda one: -(one.row.change or 0),
    "planned": lambda one: -(one.row.planned_next or one.row.planned or 0),
}


def material(session: Session) -> Material:
    row = session.get(LcapSetting, 1)
    if row is None:
        return Material(UNDER, OVER, "", None)
    return Material(row.under_percent, row.over_percent, row.set_by, row.set_at)


def actions(session: Session, limits: Material, version: LcapVersion | None) -> list[ActionView]:
    """All actions of a table in their order."""
    if version is None:
        return []
    found = select(LcapAction).where(LcapAction.version_id == version.version_id)
    rows = [_action(row) for row in session.exec(found.order_by(col(LcapAction.goal), col(LcapAction.action)))]
    covered = covers(rows, _now_of(years_known(session), version))
    return [_view(row, covered.get(row.number), limits) for row in rows]


def _now_of(years: Years, version: LcapVersion) -> Callable[[Number], Number | None]:
    """The number in the table of an action that an explanation names by the number of the year that is ending."""
    if version.form in UPDATES or not version.plan_year:
        return lambda number: number
    moves = years.moves.get(year_before(version.plan_year), {})
    return lambda number: moves.get(number, number)


def actions_of(session: Session, versions: Sequence[LcapVersion], number: Number) -> list[tuple[LcapVersion, Action]]:
    """An action in each of the tables that has it."""
    made = []
    for version in versions:
        row = session.get(LcapAction, (version.version_id, *number))
        if row is not None:
            made.append((version, _action(row)))
    return made


def carryover(session: Session, version: LcapVersion) -> LcapCarryover | None:
    return session.get(LcapCarryover, version.version_id)


def filtered(views: Sequence[ActionView], filters: ActionFilter) -> list[ActionView]:
    """The actions that pass, sorted; those without an amount come last."""
    kept = [
        one
        for one in views
        if filters.goal in (None, one.row.goal)
        and filters.contributing in (None, one.row.contributing)
        and SHOWS[filters.show](one)
    ]
    by_number = filters.sort == "number"
    return sorted(kept, key=lambda one: (not by_number and _is_unknown(one, filters.sort), SORTS[filters.sort](one)))


def _is_unknown(one: ActionView, sort: str) -> bool:
    if sort == "planned":
        return one.row.planned_next is None and one.row.planned is None
    return one.row.change is None if sort.endswith("change") else one.gap is None


def goal_totals(session: Session, views: Sequence[ActionView], year: str) -> list[tuple[int, str, SpendingTotals]]:
    """(goal, name, totals) of each goal that has actions."""
    names = goal_names(session, year)
    goals = sorted({one.row.goal for one in views})
    return [(goal, names.get(goal, f"Goal {goal}"), totals(_rows(views, goal))) for goal in goals]


def _rows(views: Sequence[ActionView], goal: int) -> list[Action]:
    return [one.row for one in views if one.row.goal == goal]


def _view(row: Action, cover: Cover | None, limits: Material) -> ActionView:
    spent = percent_spent(row.estimated_actual, row.planned)
    return ActionView(row, cover, spent, gap(row), change_check(row), is_material(row, limits.under, limits.over))


def _action(row: LcapAction) -> Action:
    columns = row.model_dump(exclude={"version_id", "damage"})
    return Action(**columns, damage=tuple(row.damage))
