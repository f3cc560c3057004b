"""The API of the progress tracker: a school's items, read and written."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.tracker.actions.entries import Cell, save_cells
from services.tracker.queries import progress as queries
from services.tracker.queries.schools import school_named
from services.tracker.rules.known import LEVELS
from services.tracker.rules.values import BadPercent, read_percent, shown_percent
from shared.access import Who
from shared.errors import Invalid, NotFound
from shared.web import Db, allow

router = APIRouter(prefix="/tracker/api/v1", tags=["tracker"])
Typed = Decimal | str | None


class Values(BaseModel):
    """What to save: a field that is absent stays as it is, null clears; results in the order of the years."""

    baseline: Typed = None
    results: list[Typed] | None = None
    small_is_meant: bool = False


def line_out(school: Any, level: str, line: queries.Line, periods: list[str]) -> dict[str, Any]:
    """An item as told: percents as decimal strings, unrounded; `shown` as the tracker prints them."""
    facts = line.facts
    return {
        "school_key": school.school_key,
        "ploc": school.ploc,
        "school": school.name,
        "level": level,
        "item_id": line.item.item_id,
        "group": line.item.group,
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


def _line(session: Db, school: Any, level: str, item_id: str) -> queries.Line:
    for line in queries.lines(session, school.school_key, level):
        if line.item.item_id == item_id:
            return line
    raise NotFound(f"{level} has no item {item_id}. The items are listed at /tracker/api/v1/items.")


@router.get("/items")
def get_items(session: Db, _: Annotated[Who, allow("tracker.see")], level: str = LEVELS[0]) -> dict[str, Any]:
    """The items of a level with their goals; `increase` null is to be set."""
    columns = {"item_id", "pillar", "metric", "group", "item", "category", "area"}
    rows = [
        {**item.model_dump(include=columns), "increase": _text(goal.increase), "district_goal": goal.district_goal}
        for item, goal in queries.items_of(session, level)
    ]
    return {"level": level, "periods": queries.periods(session), "items": rows, "next": None}


@router.get("/schools/{ploc}/items")
def get_lines(
    session: Db, who: Annotated[Who, allow("tracker.see")], ploc: str, level: str | None = None
) -> dict[str, Any]:
    """All items of a school at a level."""
    school = school_named(session, who, ploc)
    chosen, periods = queries.chosen_level(session, school, level), queries.periods(session)
    rows = [line_out(school, chosen, line, periods) for line in queries.lines(session, school.school_key, chosen)]
    return {"items": rows, "next": None}


@router.get("/schools/{ploc}/items/{item_id}")
def get_line(
    session: Db, who: Annotated[Who, allow("tracker.see")], ploc: str, item_id: str, level: str | None = None
) -> dict[str, Any]:
    """One item of a school: baseline, results, and what follows from them."""
    school = school_named(session, who, ploc)
    chosen = queries.chosen_level(session, school, level)
    return line_out(school, chosen, _line(session, school, chosen, item_id), queries.periods(session))


@router.put("/schools/{ploc}/items/{item_id}")
def put_line(
    session: Db,
    who: Annotated[Who, allow("tracker.write")],
    ploc: str,
    item_id: str,
    values: Values,
    level: str | None = None,
) -> dict[str, Any]:
    """Saves baseline and results of an item; 422 with `problems` for what is no percent, and nothing is saved."""
    school = school_named(session, who, ploc)
    chosen, periods = queries.chosen_level(session, school, level), queries.periods(session)
    _line(session, school, chosen, item_id)
    save_cells(session, who, school.school_key, chosen, _cells(item_id, values, periods), "api")
    return line_out(school, chosen, _line(session, school, chosen, item_id), periods)


@router.get("/schools/{ploc}/history")
def get_history(
    session: Db,
    who: Annotated[Who, allow("tracker.see")],
    ploc: str,
    level: str | None = None,
    cursor: int | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Who changed which value, newest first."""
    school = school_named(session, who, ploc)
    rows = queries.history(session, school.school_key, queries.chosen_level(session, school, level), cursor, limit)
    told = [{**row._mapping, "was": _text(row.was), "now": _text(row.now)} for row in rows]
    return {"changes": told, "next": rows[-1].id if len(rows) == limit else None}


def _cells(item_id: str, values: Values, periods: list[str]) -> list[Cell]:
    given: list[tuple[int, Typed]] = [(0, values.baseline)] if "baseline" in values.model_fields_set else []
    given += list(enumerate(values.results or [], 1))
    if len(values.results or []) >= len(periods):
        raise Invalid(
            f"There are {len(periods) - 1} years of results: {', '.join(periods[1:])}.", code="too_many_results"
        )
    cells, problems = [], []
    for period, typed in given:
        try:
            cells.append(Cell(item_id, period, read_percent(typed, small_is_meant=values.small_is_meant)))
        except BadPercent as error:
            field = "baseline" if period == 0 else f"results.{period - 1}"
            problems.append({"code": error.code, "field": field, "value": str(typed), "message": str(error)})
    if problems:
        raise Invalid("Some values are no percent. Nothing was saved.", problems=problems)
    return cells
