"""The API of the progress tracker: a school's items, read and written."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.tracker.actions.entries import EntryChange, save_cells
from services.tracker.queries import plan as plans
from services.tracker.queries import progress as queries
from services.tracker.queries.schools import school_named
from services.tracker.rules.values import BadPercent, read_percent, shown_percent
from services.tracker.tables.plan import Item
from services.tracker.tables.schools import School
from shared.access import Who
from shared.errors import Invalid, NotFound
from shared.web import Db, allow

router = APIRouter(prefix="/tracker/api/v1", tags=["tracker"])
Typed = Decimal | str | None
Sees = Annotated[Who, allow("tracker.see")]


class ItemValues(BaseModel):
    """What to save: a field that is absent stays as it is, null clears; results in the order of the years."""

    baseline: Typed = None
    results: list[Typed] | None = None
    small_is_meant: bool = False


def line_out(school: School, level: str, line: queries.ItemLine, periods: list[str]) -> dict[str, Any]:
    """An item as the API gives it: percents as decimal strings, unrounded; `shown` as the tracker prints them."""
    facts = line.facts
    return {
        "school_key": school.school_key,
        "ploc": school.ploc,
        "school": school.name,
        "level": level,
        "item_id": line.item.item_id,
        "group": line.item.respondents,
        "item": line.item.item,
        "periods": periods,
        "goal_increase": _text(line.goal.increase),
        "baseline": _text(line.values[0]),
        "results": [_text(value) for value in line.values[1:]],
        "targets": [_text(value) for value in facts.targets],
        "differences": [_text(value) for value in facts.differences],
        "projected_targets": [_text(value) for value in line.projected],
        "goal": _text(facts.goal),
        "status": facts.status,
        "shown": {
            "targets": [shown_percent(value) for value in facts.targets],
            "differences": [shown_percent(value) for value in facts.differences],
            "goal": shown_percent(facts.goal),
        },
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _place(session: Db, school: School, item_id: str, level: str | None) -> tuple[Item, str, list[str]]:
    """The item with the level and the years of its plan."""
    item = session.get(Item, item_id)
    if item is None:
        raise NotFound(f"There is no item {item_id}. The items are listed at /tracker/api/v1/items.")
    shown = plans.level_named(session, item.plan_id, school, level)
    return item, shown, plans.periods(session, item.plan_id)


def _line(session: Db, school: School, item: Item, level: str) -> queries.ItemLine:
    for line in queries.lines(session, school.school_key, item.plan_id, level):
        if line.item.item_id == item.item_id:
            return line
    raise NotFound(f"{level} has no item {item.item_id}. The items are listed at /tracker/api/v1/items.")


@router.get("/plans")
def get_plans(session: Db, _: Sees) -> dict[str, Any]:
    """The strategic plans, the newest first."""
    rows = [
        {
            "plan_id": plan.plan_id, "name": plan.name, "final_label": plan.final_label, "is_draft": plan.is_draft,
            "periods": plans.periods(session, plan.plan_id), "levels": plans.levels(session, plan.plan_id),
        }
        for plan in plans.plans(session)
    ]  # fmt: skip
    return {"plans": rows, "next": None}


@router.get("/items")
def get_items(session: Db, _: Sees, level: str | None = None, plan: str | None = None) -> dict[str, Any]:
    """The items of a level of a plan with their goals; `increase` null is to be set."""
    found = plans.plan_of(session, plan)
    known = plans.levels(session, found.plan_id)
    shown = level or next(iter(known), "")
    columns = {"item_id", "pillar", "metric", "item", "category", "area", "owner", "next_step"}
    rows = [
        {
            **item.model_dump(include=columns), "group": item.respondents, "increase": _text(goal.increase),
            "district_goal": goal.district_goal,
        }
        for item, goal in plans.items_of(session, found.plan_id, shown)
    ]  # fmt: skip
    periods = plans.periods(session, found.plan_id)
    return {"plan": found.plan_id, "level": shown, "periods": periods, "items": rows, "next": None}


@router.get("/schools/{ploc}/items")
def get_lines(session: Db, who: Sees, ploc: str, level: str | None = None, plan: str | None = None) -> dict[str, Any]:
    """All items of a school at a level of a plan."""
    school, found = school_named(session, who, ploc), plans.plan_of(session, plan)
    shown, periods = plans.level_named(session, found.plan_id, school, level), plans.periods(session, found.plan_id)
    lines = queries.lines(session, school.school_key, found.plan_id, shown)
    return {"plan": found.plan_id, "items": [line_out(school, shown, line, periods) for line in lines], "next": None}


@router.get("/schools/{ploc}/items/{item_id}")
def get_line(session: Db, who: Sees, ploc: str, item_id: str, level: str | None = None) -> dict[str, Any]:
    """One item of a school: baseline, results, and what follows from them."""
    school = school_named(session, who, ploc)
    item, shown, periods = _place(session, school, item_id, level)
    return line_out(school, shown, _line(session, school, item, shown), periods)


@router.put("/schools/{ploc}/items/{item_id}")
def put_line(
    session: Db,
    who: Annotated[Who, allow("tracker.write")],
    ploc: str,
    item_id: str,
    values: ItemValues,
    level: str | None = None,
) -> dict[str, Any]:
    """Saves baseline and results of an item; 422 with `problems` for what is not a percent, and nothing is saved."""
    school = school_named(session, who, ploc)
    item, shown, periods = _place(session, school, item_id, level)
    _line(session, school, item, shown)
    save_cells(session, who, school.school_key, shown, _cells(item_id, values, periods), "api")
    return line_out(school, shown, _line(session, school, item, shown), periods)


@router.get("/schools/{ploc}/history")
def get_history(
    session: Db,
    who: Sees,
    ploc: str,
    level: str | None = None,
    plan: str | None = None,
    cursor: int | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Who changed which value, newest first."""
    school = school_named(session, who, ploc)
    shown = plans.level_named(session, plans.plan_of(session, plan).plan_id, school, level)
    rows = queries.history(session, school.school_key, shown, cursor, limit)
    columns = {"id", "item_id", "period", "source", "at"}
    changes = [
        {**row.model_dump(include=columns), "by": row.entered_by, "was": _text(row.was), "now": _text(row.now)}
        for row in rows
    ]
    return {"changes": changes, "next": rows[-1].id if len(rows) == limit else None}


def _cells(item_id: str, values: ItemValues, periods: list[str]) -> list[EntryChange]:
    given: list[tuple[int, Typed]] = [(0, values.baseline)] if "baseline" in values.model_fields_set else []
    given += list(enumerate(values.results or [], 1))
    if len(values.results or []) >= len(periods):
        raise Invalid(
            f"There are {len(periods) - 1} years of results: {', '.join(periods[1:])}.", code="too_many_results"
        )
    cells, problems = [], []
    for period, typed in given:
        try:
            cells.append(EntryChange(item_id, period, read_percent(typed, small_is_meant=values.small_is_meant)))
        except BadPercent as error:
            field = "baseline" if period == 0 else f"results.{period - 1}"
            problems.append({"code": error.code, "field": field, "value": str(typed), "message": str(error)})
    if problems:
        raise Invalid("Some values are not a percent. Nothing was saved.", problems=problems)
    return cells
