"""What is done to the plans' data: begin with the district's known plan; edit items and their goals."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, func, select

from services.tracker.actions.results import adopt_results
from services.tracker.actions.targets import recompute
from services.tracker.actions.words import publish_plans
from services.tracker.queries.plan import goals, items, levels
from services.tracker.rules.known import FINAL_LABEL, ITEMS, KINDS, LEVELS, PERIODS, PLAN_ID, PLAN_NAME, goal_of
from services.tracker.rules.plan import LABEL_LONGEST, NAME_LONGEST, ItemText
from services.tracker.tables.plan import Goal, Item, KindLevel, Level, Period, StrategicPlan
from shared.access import Who, audit
from shared.errors import Conflict, Invalid, NotFound
from shared.names import name_key

_LOCK = text("select pg_advisory_xact_lock(hashtextextended('tracker plan', 0))")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_WORDS = ("pillar", "metric", "respondents", "item", "category", "area", "from_rates")
ITEMS_AT_MOST = 60


def lock_plans(session: Session) -> None:
    """Edits of plans take turns until the end of the transaction."""
    session.execute(_LOCK)


def begin_plan(session: Session) -> None:
    """Begins with the district's known plan where there is none; plans that are there stay as they are."""
    lock_plans(session)
    if session.exec(select(StrategicPlan.plan_id).limit(1)).first() is not None:
        return
    session.add(StrategicPlan(plan_id=PLAN_ID, name=PLAN_NAME, final_label=FINAL_LABEL, position=1))
    session.flush()
    session.add_all(KindLevel(kind=kind, levels=list(expected)) for kind, expected in KINDS.items())
    session.add_all(Level(plan_id=PLAN_ID, level=level, position=place) for place, level in enumerate(LEVELS, 1))
    session.add_all(Period(plan_id=PLAN_ID, position=place, label=label) for place, label in enumerate(PERIODS))
    for place, known in enumerate(ITEMS, 1):
        columns: dict[str, Any] = {name: getattr(known, name) for name in ("item_id", *_WORDS)}
        session.add(Item(plan_id=PLAN_ID, position=place, aliases=list(known.aliases), **columns))
    session.flush()
    for known in ITEMS:
        for level in LEVELS:
            increase, words = goal_of(known, level)
            points = None if increase is None else Decimal(increase)
            session.add(Goal(item_id=known.item_id, level=level, increase=points, district_goal=words))
    publish_plans(session)


def add_item(session: Session, who: Who, plan_id: str, typed: ItemText) -> str:
    """A new item, last in order; its id is made of its words."""
    lock_plans(session)
    _refuse_other_item(session, plan_id, typed, None)
    followed = items(session, plan_id)
    if len(followed) >= ITEMS_AT_MOST:
        raise Conflict(f"The plan has {ITEMS_AT_MOST} items already. Change one of them.")
    last = max((item.position for item in followed), default=0)
    item_id = free_item_id(session, f"{typed.pillar.rpartition(' ')[2]} {typed.item}")
    session.add(Item(item_id=item_id, plan_id=plan_id, position=last + 1, **_columns(typed)))
    session.flush()
    _keep_goals(session, item_id, typed)
    audit(session, who.actor, "item.added", item_id, {"was": {}, "now": _words(typed)})
    publish_plans(session)
    adopt_results(session, item_ids=[item_id])
    recompute(session, item_ids=[item_id])
    return item_id


def free_item_id(session: Session, words: str) -> str:
    """An id made of words that no item of any plan has."""
    stem = _NOT_SLUG.sub("-", name_key(words))[:40].strip("-") or "item"
    taken = set(session.exec(select(Item.item_id)))
    return next(name for name in (stem, *(f"{stem}-{n}" for n in range(2, 1000))) if name not in taken)


def change_item(session: Session, who: Who, item_id: str, typed: ItemText) -> None:
    """Changes an item and its goals, and recomputes all schools' targets for it."""
    lock_plans(session)
    item = item_named(session, item_id)
    _refuse_other_item(session, item.plan_id, typed, item_id)
    before, former = _words_of(session, item), item.item
    for name, value in _columns(typed).items():
        setattr(item, name, value)
    if name_key(former) not in {name_key(word) for word in (item.item, *item.aliases)}:
        # Workbooks and results files that are out already have the former wording.
        item.aliases = [*item.aliases, former]
    session.add(item)
    _keep_goals(session, item_id, typed)
    _audit_change(session, who, "item.changed", item_id, before, _words_of(session, item))
    publish_plans(session)
    adopt_results(session, item_ids=[item_id])
    recompute(session, item_ids=[item_id])


def _audit_change(
    session: Session, who: Who, action: str, item_id: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Keeps only what is different, was and is."""
    changed = [name for name in after if before.get(name) != after[name]]
    was, now = {name: before.get(name) for name in changed}, {name: after[name] for name in changed}
    audit(session, who.actor, action, item_id, {"item": after["item"], "was": was, "now": now})


def move_item(session: Session, who: Who, item_id: str, steps: int) -> bool:
    """Moves an item up (-1) or down (1) in its plan; False, changing nothing, where there is no such place."""
    lock_plans(session)
    item = item_named(session, item_id)
    order = list(items(session, item.plan_id, with_retired=False))
    place = next((at for at, one in enumerate(order) if one.item_id == item_id), None)
    if place is None or not 0 <= place + steps < len(order):
        return False
    order.insert(place + steps, order.pop(place))
    for position, one in enumerate(order, 1):
        one.position = position
        session.add(one)
    session.flush()
    audit(session, who.actor, "item.moved", item_id, {"was": place + 1, "now": place + 1 + steps})
    return True


def retire_item(session: Session, who: Who, item_id: str, *, is_retired: bool) -> None:
    """Takes an item out of pages, counts and workbooks with its values kept, or brings it back."""
    lock_plans(session)
    item = item_named(session, item_id)
    if item.is_retired == is_retired:
        return
    item.is_retired = is_retired
    session.add(item)
    states = {"was": "followed" if is_retired else "retired", "now": "retired" if is_retired else "followed"}
    audit(session, who.actor, "item.retired" if is_retired else "item.restored", item_id, {"item": item.item, **states})


def item_named(session: Session, item_id: str) -> Item:
    item = session.get(Item, item_id)
    if item is None:
        raise NotFound("There is no item with this id. Look at the list of items.")
    return item


def _columns(typed: ItemText) -> dict[str, Any]:
    texts = {name: getattr(typed, name) for name in (*_WORDS, "owner", "next_step")}
    return {"aliases": list(typed.aliases), **texts}


def _words(typed: ItemText) -> dict[str, Any]:
    increases = {level: None if value is None else str(value) for level, value in typed.increases.items()}
    return {**_columns(typed), "increases": increases, "goals": dict(typed.goals)}


def _words_of(session: Session, item: Item) -> dict[str, Any]:
    session.flush()
    found = goals(session, item.item_id)
    increases = {level: None if goal.increase is None else f"{goal.increase:.1f}" for level, goal in found.items()}
    words = {name: getattr(item, name) for name in (*_WORDS, "owner", "next_step", "aliases")}
    return {**words, "increases": increases, "goals": {level: goal.district_goal for level, goal in found.items()}}


def _keep_goals(session: Session, item_id: str, typed: ItemText) -> None:
    for level, increase in typed.increases.items():
        session.merge(Goal(item_id=item_id, level=level, increase=increase, district_goal=typed.goals.get(level, "")))
    session.flush()


def _refuse_other_item(session: Session, plan_id: str, typed: ItemText, own: str | None) -> None:
    """Two items of one wording could not be told apart in a results file."""
    keys = {name_key(word) for word in (typed.item, *typed.aliases)}
    for item in items(session, plan_id):
        if item.item_id != own and keys & {name_key(word) for word in (item.item, *item.aliases)}:
            raise Invalid(f"The item “{item.item}” has this wording already. Change the wording.", code="item_known")


def add_plan(session: Session, who: Who, name: str, final_label: str, labels: list[str], copied: str | None) -> str:
    """A new plan beside the others, a draft until it is begun; its items and goals may be copied from another one."""
    lock_plans(session)
    if not name or not final_label or len(labels) < 2 or len({name_key(label) for label in labels}) < len(labels):
        raise Invalid(
            "Give the plan a name, the year of its goal, and at least two different years, the baseline first.",
            code="plan_incomplete",
        )
    _refuse_long(name, final_label, labels)
    if any(name_key(plan.name) == name_key(name) for plan in session.exec(select(StrategicPlan))):
        raise Invalid(f"There is a plan {name} already. Use another name.", code="plan_known")
    if copied and session.get(StrategicPlan, copied) is None:
        raise NotFound("There is no plan with this id to copy the items of.")
    last = session.exec(select(func.coalesce(func.max(StrategicPlan.position), 0))).one()
    stem = _NOT_SLUG.sub("-", name_key(name))[:40].strip("-") or "plan"
    taken = set(session.exec(select(StrategicPlan.plan_id)))
    plan_id = next(one for one in (stem, *(f"{stem}-{n}" for n in range(2, 1000))) if one not in taken)
    session.add(StrategicPlan(plan_id=plan_id, name=name, final_label=final_label, position=last + 1, is_draft=True))
    session.flush()
    source = copied or PLAN_ID
    names = levels(session, source) or list(LEVELS)
    session.add_all(Level(plan_id=plan_id, level=level, position=place) for place, level in enumerate(names, 1))
    session.add_all(Period(plan_id=plan_id, position=place, label=label) for place, label in enumerate(labels))
    session.flush()
    if copied:
        _copy_items(session, copied, plan_id)
    audit(session, who.actor, "plan.added", plan_id, {"was": "", "now": name, "years": labels, "items of": copied})
    publish_plans(session)
    return plan_id


def _refuse_long(name: str, final_label: str, labels: Sequence[str]) -> None:
    if len(name) > NAME_LONGEST or any(len(label) > LABEL_LONGEST for label in (final_label, *labels)):
        raise Invalid(
            f"Use at most {NAME_LONGEST} characters in a plan's name and {LABEL_LONGEST} in the label of a year.",
            code="plan_too_long",
        )


def _copy_items(session: Session, source: str, plan_id: str) -> None:
    copies = []
    for item in items(session, source, with_retired=False):
        columns = item.model_dump(exclude={"item_id", "plan_id", "is_retired"})
        item_id = free_item_id(session, f"{item.item_id} {plan_id}")
        session.add(Item(item_id=item_id, plan_id=plan_id, **columns))
        session.flush()
        for level, goal in goals(session, item.item_id).items():
            session.add(Goal(item_id=item_id, level=level, increase=goal.increase, district_goal=goal.district_goal))
        copies.append(item_id)
    adopt_results(session, item_ids=copies)
    recompute(session, plan_id=plan_id)


def begin_draft(session: Session, who: Who, plan_id: str) -> None:
    """Makes a draft the plan that is shown by itself."""
    plan = session.get(StrategicPlan, plan_id, with_for_update=True)
    if plan is None:
        raise NotFound("There is no such plan.")
    if not plan.is_draft:
        return
    plan.is_draft = False
    session.add(plan)
    audit(session, who.actor, "plan.begun", plan_id, {"was": "draft", "now": plan.name})
