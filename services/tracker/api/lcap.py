"""The API of the LCAP tables."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from services.tracker.queries import lcap, lcap_measures
from services.tracker.rules.lcap_actions import AMOUNTS
from shared.access import Who
from shared.web import Db, allow

router = APIRouter(prefix="/tracker/api/v1/lcap", tags=["lcap"])
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[int, Query(ge=0, le=100_000)]
Small = Annotated[int | None, Query(ge=1, le=99)]


@router.get("/actions")
def get_actions(
    session: Db,
    _: Annotated[Who, allow("lcap.see")],
    goal: Small = None,
    contributing: bool | None = None,
    show: Literal["all", "material", "missing", "damaged"] = "all",
    sort: Literal["number", "gap", "-gap", "size", "spent", "-spent", "change", "-change", "planned"] = "number",
    limit: Limit = 200,
    cursor: Cursor = 0,
) -> dict[str, Any]:
    """Actions with their amounts in whole dollars, null where the table has none; `totals` are of all that match.

    Their `percent_spent` is of the actions `with_both_amounts`, a plan and an estimated actual.
    """
    limits = lcap.material(session)
    seen = lcap.choose(lcap.actions(session, limits), lcap.Chosen(goal, contributing, show, sort))
    return {
        "rows": [_action(one) for one in seen[cursor : cursor + limit]],
        "next": cursor + limit if len(seen) > cursor + limit else None,
        "totals": [
            {"goal": number, "goal_name": name, **_totals(sums)} for number, name, sums in lcap.goal_totals(seen)
        ],
        "material": {"under": str(limits.under), "over": str(limits.over)},
    }


@router.get("/measures")
def get_measures(
    session: Db,
    _: Annotated[Who, allow("lcap.see")],
    goal: Small = None,
    action: Small = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
    show: Literal["all", "doubts", "damaged", "pending", "part-year", "checked"] = "all",
    survey: bool | None = None,
    limit: Limit = 100,
    cursor: Cursor = 0,
) -> dict[str, Any]:
    """Measures of 2023-24 actions with their values; numbers are decimal strings as written, or null."""
    wanted = lcap_measures.Wanted(goal, action, q, show, survey)
    told = lcap_measures.measures(session, wanted, limit + 1, cursor)
    return {"rows": [_measure(one) for one in told[:limit]], "next": cursor + limit if len(told) > limit else None}


def _totals(sums: Any) -> dict[str, Any]:
    amounts = {name: getattr(sums, name) for name in AMOUNTS}
    counts = {"actions": sums.rows, "with_amounts": sums.counted, "with_both_amounts": sums.compared}
    return {**counts, **amounts, "percent_spent": _text(sums.spent)}


def _action(one: lcap.Seen) -> dict[str, Any]:
    row = one.row
    return {
        "goal_action": row.number,
        "goal": row.goal,
        "action": row.action,
        "title": row.title,
        "pages": row.pages,
        "description": row.description,
        "contributing": row.contributing,
        "fund": row.fund,
        **{name: getattr(row, name) for name in AMOUNTS},
        "change_check": one.check,
        "percent_spent": _text(one.spent),
        "gap": one.gap,
        "material": one.material,
        "explanation": row.explanation,
        "explained_by": None if one.cover is None else {"how": one.cover.how, "rows": one.cover.rows},
        "explanation_missing": one.missing,
        "source_line": row.line,
        "damage": row.damage,
    }


def _measure(one: lcap_measures.Told) -> dict[str, Any]:
    row = one.row
    return {
        "key": row.key,
        "goal": row.goal,
        "action_2023_24": row.action,
        "action_title": row.action_title,
        "action_2024_25": one.action_now,
        "measure": row.measure,
        "status": row.status,
        "pending": one.pending,
        "polarity": row.polarity,
        "survey": {"kind": row.survey_kind, "item": row.survey_item} if row.survey_kind != "no" else None,
        "values": [_figure(figure) for figure in one.figures],
        "doubts": row.doubts,
        "damage": row.damage,
        "checked_by": row.checked_by,
        "source_line": row.line,
    }


def _figure(figure: lcap_measures.Figure) -> dict[str, Any]:
    value = figure.value
    return {
        "group": value.group,
        "now": value.level or _text(value.now),
        "before": _text(value.before),
        "unit": value.unit,
        "period_now": value.period_now,
        "period_now_inferred": value.inferred,
        "period_before": value.period_before,
        "as_of": value.as_of,
        "delta": _text(value.delta),
        "direction": value.direction,
        "part_year": figure.part_year,
        "favour": figure.favour,
    }


def _text(number: Any) -> str | None:
    return None if number is None else str(number)
