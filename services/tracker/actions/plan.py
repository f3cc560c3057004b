"""What is done to the plan's data: begin with the district's known items; edit items, goals and years."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from services.tracker.actions.results import adopt_results
from services.tracker.actions.targets import compute_targets
from services.tracker.rules.known import ITEMS, LEVELS, PERIODS, goal_of
from services.tracker.tables.plan import Goal, Item, Level, Period
from shared.access import Who, audit
from shared.errors import Conflict, Invalid, NotFound
from shared.names import name_key

_HAS_ENTRIES = text("select exists(select 1 from entry where period = :period and percent is not null)")
_DROP_ENTRIES = text("delete from entry where period = :period")
_LOCK = text("select pg_advisory_xact_lock(hashtextextended('tracker plan', 0))")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_WORDS = ("pillar", "metric", "group", "item", "category", "area", "from_rates")
ITEMS_AT_MOST = 60
PERIODS_AT_MOST = 12


@dataclass(frozen=True)
class ItemText:
    """What an editor types about an item; `increases` and `goals` by level, None is to be set."""

    pillar: str
    metric: str
    group: str
    item: str
    category: str
    area: str
    aliases: tuple[str, ...]
    from_rates: bool
    increases: Mapping[str, Decimal | None]
    goals: Mapping[str, str]


def begin_plan(session: Session) -> None:
    """Fills an empty plan with the known items; a plan that has items stays as it is."""
    session.execute(_LOCK)
    if session.exec(select(Item.item_id).limit(1)).first() is not None:
        return
    session.add_all(Level(level=level, position=place) for place, level in enumerate(LEVELS, 1))
    session.add_all(Period(position=place, label=label) for place, label in enumerate(PERIODS))
    for place, known in enumerate(ITEMS, 1):
        columns: dict[str, Any] = {name: getattr(known, name) for name in ("item_id", *_WORDS)}
        session.add(Item(position=place, aliases=list(known.aliases), **columns))
    session.flush()
    for known in ITEMS:
        for level in LEVELS:
            increase, words = goal_of(known, level)
            chosen = None if increase is None else Decimal(increase)
            session.add(Goal(item_id=known.item_id, level=level, increase=chosen, district_goal=words))
    session.flush()


def add_item(session: Session, who: Who, typed: ItemText) -> str:
    """A new item, last in order; its id is made of its words."""
    session.execute(_LOCK)
    _refuse_other_item(session, typed, None)
    count = session.exec(select(func.count()).select_from(Item)).one()
    if count >= ITEMS_AT_MOST:
        raise Conflict(f"There are {ITEMS_AT_MOST} items already. Change one of them.")
    last = session.exec(select(func.coalesce(func.max(Item.position), 0))).one()
    stem = _NOT_SLUG.sub("-", name_key(f"{typed.pillar.rpartition(' ')[2]} {typed.item}"))[:40].strip("-") or "item"
    taken = set(session.exec(select(Item.item_id)))
    item_id = next(name for name in (stem, *(f"{stem}-{n}" for n in range(2, 100))) if name not in taken)
    session.add(Item(item_id=item_id, position=last + 1, **_columns(typed)))
    session.flush()
    _keep_goals(session, item_id, typed)
    audit(session, who.actor, "item.added", item_id, {"item": typed.item, "increases": dict(typed.increases)})
    adopt_results(session, item_id=item_id)
    compute_targets(session, item_ids=[item_id])
    return item_id


def change_item(session: Session, who: Who, item_id: str, typed: ItemText) -> None:
    """Changes an item and its goals, and recomputes all schools' targets for it."""
    session.execute(_LOCK)
    item = session.get(Item, item_id)
    if item is None:
        raise NotFound("There is no item with this id.")
    _refuse_other_item(session, typed, item_id)
    before = {"item": item.item, "increases": _increases(session, item_id)}
    for name, value in _columns(typed).items():
        setattr(item, name, value)
    _keep_goals(session, item_id, typed)
    after = {"item": typed.item, "increases": dict(typed.increases)}
    audit(session, who.actor, "item.changed", item_id, {"before": before, "after": after})
    adopt_results(session, item_id=item_id)
    compute_targets(session, item_ids=[item_id])


def rename_period(session: Session, who: Who, position: int, label: str) -> None:
    """Gives a year another label; one without values takes over what earlier files hold under the new label."""
    session.execute(_LOCK)
    period = session.get(Period, position)
    if period is None:
        raise NotFound("There is no such year.")
    audit(session, who.actor, "period.renamed", str(position), {"before": period.label, "after": label})
    period.label = _free_label(session, label, position)
    session.flush()
    if not session.execute(_HAS_ENTRIES, {"period": position}).scalar_one():
        adopt_results(session, position=position)
        compute_targets(session)


def add_period(session: Session, who: Who, label: str) -> None:
    """Adds a year at the end with what earlier files hold for it.

    Every target is computed anew, because there are more steps to the goal.
    """
    session.execute(_LOCK)
    last = session.exec(select(func.coalesce(func.max(Period.position), -1))).one()
    if last + 1 >= PERIODS_AT_MOST:
        raise Conflict(f"The plan has {PERIODS_AT_MOST} years, which is the most it can hold.")
    session.add(Period(position=last + 1, label=_free_label(session, label, None)))
    session.flush()
    audit(session, who.actor, "period.added", str(last + 1), {"label": label})
    adopt_results(session, position=last + 1)
    compute_targets(session)


def drop_last_period(session: Session, who: Who) -> None:
    """Takes the last year away, as long as no school has entered a value for it."""
    session.execute(_LOCK)
    last = session.exec(select(Period).order_by(col(Period.position).desc()).limit(1)).first()
    if last is None or last.position < 2:
        raise Conflict("The plan needs a baseline and at least one year of results.")
    if session.execute(_HAS_ENTRIES, {"period": last.position}).scalar_one():
        raise Conflict(f"Schools have entered results for {last.label}. A year with results cannot be removed.")
    session.execute(_DROP_ENTRIES, {"period": last.position})
    session.delete(last)
    session.flush()
    audit(session, who.actor, "period.removed", str(last.position), {"label": last.label})
    compute_targets(session)


def _columns(typed: ItemText) -> dict[str, Any]:
    return {"aliases": list(typed.aliases), **{name: getattr(typed, name) for name in _WORDS}}


def _increases(session: Session, item_id: str) -> dict[str, Decimal | None]:
    return {goal.level: goal.increase for goal in session.exec(select(Goal).where(Goal.item_id == item_id))}


def _keep_goals(session: Session, item_id: str, typed: ItemText) -> None:
    for level, increase in typed.increases.items():
        session.merge(Goal(item_id=item_id, level=level, increase=increase, district_goal=typed.goals.get(level, "")))
    session.flush()


def _refuse_other_item(session: Session, typed: ItemText, own: str | None) -> None:
    """Two items of one wording could not be told apart in a results file."""
    wanted = {name_key(word) for word in (typed.item, *typed.aliases)}
    for item in session.exec(select(Item)):
        same = wanted & {name_key(word) for word in (item.item, *item.aliases)}
        if item.item_id != own and same:
            raise Invalid(f"The item “{item.item}” has this wording already. Change the wording.", code="item_known")


def _free_label(session: Session, label: str, own: int | None) -> str:
    if not label:
        raise Invalid("Enter a label for the year, such as Fall 2026.", code="period_label_missing")
    for period in session.exec(select(Period)):
        if period.position != own and name_key(period.label) == name_key(label):
            raise Invalid(f"There is a year {period.label} already. Use another label.", code="period_known")
    return label
