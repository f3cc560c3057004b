"""The API of the plans: begun beside one another, their items added, changed, ordered and retired, as on the pages."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.tracker.actions import plan as actions
from services.tracker.api.plan_edits import STRICT, Edits, Mode, edited, years_out
from services.tracker.queries import plan as queries
from services.tracker.rules.plan import ItemText, read_item
from services.tracker.rules.values import shown_percent
from services.tracker.tables.plan import Item
from shared.access import Who
from shared.errors import Conflict, Invalid
from shared.names import tidy
from shared.web import Db, allow

router = APIRouter(prefix="/tracker/api/v1", tags=["tracker"])
OWN_WORDS = {
    "item_id", "plan_id", "pillar", "metric", "item", "category", "area", "owner", "next_step", "aliases", "from_rates",
    "is_retired",
}  # fmt: skip


class GoalWords(BaseModel):
    """The goal of an item at a level: `increase` in percentage points, null is to be set; `district_goal` in words."""

    model_config = STRICT
    increase: Decimal | str | None = None
    district_goal: str = ""


class ItemWords(BaseModel):
    """An item; in a change a field that is absent stays as it is, and so does a level that `goals` does not name."""

    model_config = STRICT
    pillar: str = ""
    metric: str = ""
    group: str = ""
    item: str = ""
    category: str = ""
    area: str = ""
    owner: str = ""
    next_step: str = ""
    aliases: list[str] = Field(default=[], description="Other wordings in results files; former ones are kept")
    from_rates: bool = Field(default=False, description="Offer the Parents response rate as its result")
    goals: dict[str, GoalWords] = {}


class NewPlan(BaseModel):
    """A plan as a draft: its name, the year of its goal, its years with the baseline first, and whose items it copies."""

    model_config = STRICT
    name: str
    final_label: str
    periods: list[str]
    copied: str | None = None


class ItemMove(BaseModel):
    """How many places down the order; up is below zero."""

    model_config = STRICT
    steps: int


class ItemRetirement(BaseModel):
    """Whether the item is taken out of pages, counts and workbooks; its values are kept."""

    model_config = STRICT
    is_retired: bool


def item_out(session: Db, item: Item) -> dict[str, Any]:
    goals = {
        level: {"increase": shown_percent(goal.increase) or None, "district_goal": goal.district_goal}
        for level, goal in queries.goals(session, item.item_id).items()
    }
    return {**item.model_dump(include=OWN_WORDS), "group": item.respondents, "goals": goals}


@router.get("/plans/{plan_id}")
def get_plan(session: Db, _: Annotated[Who, allow("tracker.see")], plan_id: str) -> dict[str, Any]:
    """A plan with its levels, years and items in order, the retired ones last."""
    plan = queries.plan_of(session, plan_id)
    return {
        "plan_id": plan.plan_id,
        "name": plan.name,
        "final_label": plan.final_label,
        "is_draft": plan.is_draft,
        "levels": queries.levels(session, plan_id),
        "periods": years_out(session, plan_id),
        "items": [item_out(session, item) for item in queries.items(session, plan_id)],
    }


@router.post("/plans", status_code=201)
def post_plan(session: Db, who: Edits, plan: NewPlan) -> dict[str, Any]:
    """Adds a plan as a draft: schools see the plan before it until this one is begun."""
    labels = [tidy(label) for label in plan.periods]
    plan_id = actions.add_plan(session, who, tidy(plan.name), tidy(plan.final_label), labels, plan.copied)
    return get_plan(session, who, plan_id)


@router.post("/plans/{plan_id}/begin")
def post_begin(session: Db, who: Edits, plan_id: str) -> dict[str, Any]:
    """Makes a draft the plan that is shown by itself; one that has begun stays as it is."""
    actions.begin_draft(session, who, plan_id)
    return get_plan(session, who, plan_id)


@router.post("/plans/{plan_id}/items", status_code=201)
def post_item(session: Db, who: Edits, plan_id: str, words: ItemWords) -> dict[str, Any]:
    """Adds an item, last in order, with what earlier files hold for it; levels that `goals` lacks are to be set."""
    plan = queries.plan_of(session, plan_id)
    to_be_set: dict[str, Any] = {level: {} for level in queries.levels(session, plan.plan_id)}
    item_id = actions.add_item(session, who, plan.plan_id, _read(session, plan.plan_id, {"goals": to_be_set}, words))
    return item_out(session, actions.item_named(session, item_id))


@router.get("/items/{item_id}")
def get_item(session: Db, _: Annotated[Who, allow("tracker.see")], item_id: str) -> dict[str, Any]:
    """An item with its goals at each level."""
    return item_out(session, actions.item_named(session, item_id))


@router.patch("/items/{item_id}")
def patch_item(session: Db, who: Edits, item_id: str, words: ItemWords, mode: Mode) -> dict[str, Any]:
    """Changes an item, its goals, its owner or its next step.

    409 `plan_effect_unconfirmed` where schools' targets or statuses would change and that was not confirmed;
    `dry_run` answers the effect alone.
    """
    item = actions.item_named(session, item_id)
    typed = _read(session, item.plan_id, item_out(session, item), words)

    def edit() -> None:
        actions.change_item(session, who, item_id, typed)

    made = edited(session, item.plan_id, mode, edit)
    return {**made, "item": item_out(session, actions.item_named(session, item_id))}


@router.post("/items/{item_id}/move")
def post_move(session: Db, who: Edits, item_id: str, move: ItemMove) -> dict[str, Any]:
    """Moves an item in the order of its plan; answers the order."""
    if not actions.move_item(session, who, item_id, move.steps):
        raise Conflict("The item cannot be moved by so many places, or it is retired. Nothing has been changed.")
    item = actions.item_named(session, item_id)
    followed = queries.items(session, item.plan_id, with_retired=False)
    return {"plan": item.plan_id, "items": [one.item_id for one in followed]}


@router.post("/items/{item_id}/retire")
def post_retire(session: Db, who: Edits, item_id: str, retirement: ItemRetirement) -> dict[str, Any]:
    """Retires an item with its values and its history kept, or follows it again."""
    actions.retire_item(session, who, item_id, is_retired=retirement.is_retired)
    return item_out(session, actions.item_named(session, item_id))


def _read(session: Db, plan_id: str, before: Mapping[str, Any], words: ItemWords) -> ItemText:
    """The item as it is to be: what was sent over what was before. Raises Invalid with a problem for each field."""
    sent = words.model_dump(exclude_unset=True)
    known = queries.levels(session, plan_id)
    unknown = [level for level in words.goals if level not in known]
    if unknown:
        raise Invalid(f"The plan has no level {unknown[0][:40]}. It has: {', '.join(known)}.", code="level_unknown")
    there = before["goals"]
    goals = {
        level: {**there.get(level, {}), **sent.get("goals", {}).get(level, {})} for level in {**there, **words.goals}
    }
    now = {**ItemWords().model_dump(), **before, **sent}
    typed, problems = read_item(
        {**now, "respondents": now["group"]},
        now["aliases"],
        {level: goal.get("increase") for level, goal in goals.items()},
        {level: goal.get("district_goal", "") for level, goal in goals.items()},
        from_rates=now["from_rates"],
    )
    if problems:
        listed = [{"code": "item_field", "field": _field(name), "message": text} for name, text in problems.items()]
        raise Invalid("Some fields of the item cannot be taken. Nothing was saved.", problems=listed)
    return typed


def _field(name: str) -> str:
    """A problem's name as the field of the JSON that it is about."""
    kind, _, level = name.partition(".")
    fields = {"respondents": "group", "increase": f"goals.{level}.increase", "goal": f"goals.{level}.district_goal"}
    return fields.get(kind, name)
