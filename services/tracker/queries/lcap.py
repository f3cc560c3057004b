"""What of the LCAP's spending can be seen: actions with their explanation, percent spent and checked change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text
from sqlmodel import Session

from services.tracker.rules.lcap_actions import AMOUNTS, GOALS, Action
from services.tracker.rules.lcap_explanations import Cover, covers
from services.tracker.rules.lcap_spending import (
    OVER,
    UNDER,
    ChangeCheck,
    Totals,
    change_check,
    gap,
    is_material,
    percent_spent,
    totals,
)
from services.tracker.tables.lcap import LcapAction

_SETTING = text('select under, "over", "by", at from lcap_setting where id = 1')
_LOAD = text(
    'select upload_id, revision, kept, unread, read_at from lcap_load where "table" = :table and kept > 0'
    " order by revision desc, read_at desc limit 1"
)
_UNREADABLE = text(
    'select kept = 0 from lcap_load where "table" = :table and kept is not null'
    " order by revision desc, read_at desc limit 1"
)
_WAITING = text(
    'select count(*) from lcap_load l where "table" = :table and read_at is null and cardinality(parts) < "of" and not'
    ' exists (select 1 from lcap_load newer where newer."table" = :table and newer.revision > l.revision)'
)


@dataclass(frozen=True)
class Material:
    """From which percent spent on a difference needs an explanation, and who said so; nobody: the proposal."""

    under: Decimal
    over: Decimal
    by: str
    at: datetime | None


@dataclass(frozen=True)
class Seen:
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
class Chosen:
    """Which actions are asked for; None is no filter."""

    goal: int | None = None
    contributing: bool | None = None
    show: str = "all"
    sort: str = "number"


_Key = Callable[[Seen], Any]
SHOWS: dict[str, Callable[[Seen], bool]] = {
    "all": lambda seen: True,
    "material": lambda seen: seen.material,
    "missing": lambda seen: seen.missing,
    "damaged": lambda seen: bool(seen.row.damage),
}
SORTS: dict[str, _Key] = {
    "number": lambda seen: (seen.row.goal, seen.row.action),
    "gap": lambda seen: seen.gap or 0,
    "-gap": lambda seen: -(seen.gap or 0),
    "size": lambda seen: -abs(seen.gap or 0),
    "spent": lambda seen: seen.spent or 0,
    "-spent": lambda seen: -(seen.spent or 0),
    "change": lambda seen: seen.row.change or 0,
    "-change": lambda seen: -(seen.row.change or 0),
    "planned": lambda seen: -(seen.row.planned_2024_25 or 0),
}


def material(session: Session) -> Material:
    row = session.execute(_SETTING).one_or_none()
    return Material(UNDER, OVER, "", None) if row is None else Material(row.under, row.over, row.by, row.at)


def load(session: Session, table: str) -> Any | None:
    """The load that a table was read from; None before the first of which a row could be read."""
    return session.execute(_LOAD, {"table": table}).one_or_none()


def is_unreadable(session: Session, table: str) -> bool:
    """Whether no row of the newest whole load could be read, so that it replaced nothing."""
    return bool(session.execute(_UNREADABLE, {"table": table}).scalar())


def is_waiting(session: Session, table: str) -> bool:
    """Whether a load of the table is still under way, some of its parts not here yet."""
    return bool(session.execute(_WAITING, {"table": table}).scalar_one())


def actions(session: Session, limits: Material) -> list[Seen]:
    """All actions in their order."""
    found = session.execute(select(LcapAction).order_by(LcapAction.goal, LcapAction.action)).scalars()  # type: ignore[arg-type]
    rows = [_action(row) for row in found]
    covered = covers(rows)
    return [_seen(row, covered.get(row.number), limits) for row in rows]


def choose(seen: Sequence[Seen], chosen: Chosen) -> list[Seen]:
    """The asked-for ones, sorted; those without an amount come last."""
    kept = [
        one
        for one in seen
        if chosen.goal in (None, one.row.goal)
        and chosen.contributing in (None, one.row.contributing)
        and SHOWS[chosen.show](one)
    ]
    unknown = chosen.sort != "number"
    return sorted(kept, key=lambda one: (unknown and one.gap is None, SORTS[chosen.sort](one)))


def goal_totals(seen: Sequence[Seen]) -> list[tuple[int, str, Totals]]:
    """(goal, name, totals) of each goal that has actions."""
    goals = sorted({one.row.goal for one in seen})
    return [(goal, GOALS.get(goal, f"Goal {goal}"), totals(_rows(seen, goal))) for goal in goals]


def _rows(seen: Sequence[Seen], goal: int) -> list[Action]:
    return [one.row for one in seen if one.row.goal == goal]


def _seen(row: Action, cover: Cover | None, limits: Material) -> Seen:
    spent = percent_spent(row.est_actual_2023_24, row.planned_2023_24)
    return Seen(row, cover, spent, gap(row), change_check(row), is_material(row, limits.under, limits.over))


def _action(row: LcapAction) -> Action:
    amounts = {name: getattr(row, name) for name in AMOUNTS}
    return Action(
        row.line,
        row.goal,
        row.action,
        row.title,
        row.pages,
        row.description,
        row.contributing,
        row.fund,
        **amounts,
        explanation=row.explanation,
        damage=tuple(row.damage),
    )
