"""The API of the LCAP tables: actions and measures of any plan year, loads and what they change, renumberings."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.tracker.actions.lcap.decisions import decline_load, name_year, take_load, undo_load
from services.tracker.actions.lcap.moves import set_moves
from services.tracker.queries.lcap import measures as measure_queries
from services.tracker.queries.lcap import spending, versions
from services.tracker.rules.lcap.actions import AMOUNTS
from services.tracker.rules.lcap.cells import action_number, label
from services.tracker.rules.lcap.comparison import Compared
from services.tracker.rules.lcap.following import Move
from services.tracker.rules.lcap.forms import amount_labels, is_plan_year
from services.tracker.tables.lcap import LcapVersion
from shared.access import Who
from shared.errors import Invalid
from shared.web import Db, allow

router = APIRouter(prefix="/tracker/api/v1/lcap", tags=["lcap"])
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[int, Query(ge=0, le=100_000)]
Small = Annotated[int | None, Query(ge=1, le=99)]
Year = Annotated[str, Query(max_length=7, description="A plan year such as 2025-26; the newest by itself")]
Sees = Annotated[Who, allow("lcap.see")]
Writes = Annotated[Who, allow("lcap.write")]


class LoadDecision(BaseModel):
    """What to do with a load: `plan_year` says of which year it is, `gone_is_meant` that rows may disappear."""

    decision: Literal["take", "decline", "undo", "name_year"]
    plan_year: str = ""
    gone_is_meant: bool = False


class RenumberingLine(BaseModel):
    """An action's number in a plan year and in the year after; null where it was given up or replaced."""

    was: str
    now: str | None = None


class Renumbering(BaseModel):
    """The whole renumbering out of a plan year."""

    lines: list[RenumberingLine]
    circle_is_meant: bool = False


@router.get("/actions")
def get_actions(
    session: Db,
    _: Sees,
    year: Year = "",
    table: str = "",
    goal: Small = None,
    contributing: bool | None = None,
    show: Literal["all", "material", "missing", "damaged"] = "all",
    sort: Literal["number", "gap", "-gap", "size", "spent", "-spent", "change", "-change", "planned"] = "number",
    limit: Limit = 200,
    cursor: Cursor = 0,
) -> dict[str, Any]:
    """Actions of a plan year with their amounts in whole dollars, null where the table has none.

    `table` is district, total_planned, contributing, annual_update or contributing_annual_update. `planned_next` is
    planned for the plan year, `planned` and `estimated_actual` are of the year before (in an annual update of the plan
    year itself); `amounts` names them. `totals` are of all that match; their `percent_spent` is of the actions
    `with_both_amounts`, a plan and an estimated actual.
    """
    version = versions.actions_version(session, year, table)
    limits = spending.material(session)
    views = spending.filtered(
        spending.actions(session, limits, version), spending.ActionFilter(goal, contributing, show, sort)
    )
    plan_year = version.plan_year if version else ""
    return {
        "plan_year": plan_year,
        "table": version.form if version else "",
        "source_file": version.file_name if version else "",
        "amounts": amount_labels(version.form, plan_year) if version else {},
        "plan_years": list(versions.plan_years(session)),
        "rows": [_action(one, plan_year) for one in views[cursor : cursor + limit]],
        "next": cursor + limit if len(views) > cursor + limit else None,
        "totals": [
            {"goal": number, "goal_name": name, **_totals(sums)}
            for number, name, sums in spending.goal_totals(session, views, plan_year)
        ],
        "material": {"under": str(limits.under), "over": str(limits.over)},
    }


@router.get("/measures")
def get_measures(
    session: Db,
    _: Sees,
    year: Year = "",
    goal: Small = None,
    action: Small = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
    show: Literal["all", "doubts", "damaged", "pending", "part-year", "checked"] = "all",
    survey: bool | None = None,
    limit: Limit = 100,
    cursor: Cursor = 0,
) -> dict[str, Any]:
    """Measures of a reporting year with their values; numbers are decimal strings as written, or null.

    A `doubtful` value has no change and is not judged until a person has settled it; `words` are the table's own.
    """
    version = versions.measures_version(session, year)
    filters = measure_queries.MeasureFilter(goal, action, q, show, survey)
    found = measure_queries.measures(session, version, filters, limit + 1, cursor)
    return {
        "year": version.plan_year if version else "",
        "source_file": version.file_name if version else "",
        "rows": [_measure(one) for one in found[:limit]],
        "next": cursor + limit if len(found) > limit else None,
    }


@router.get("/loads")
def get_loads(
    session: Db, _: Sees, limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: int | None = None
) -> dict[str, Any]:
    """The loads of LCAP tables, newest first; `state` is waiting, standing, replaced, undone, declined or unreadable."""
    found = versions.recent_versions(session, limit + 1, cursor)
    following = found[limit - 1].version_id if len(found) > limit else None
    return {"rows": [_load(one) for one in found[:limit]], "next": following}


@router.get("/loads/{version_id}")
def get_load(session: Db, _: Sees, version_id: int) -> dict[str, Any]:
    """One load with what it adds, changes and would make disappear, and the lines that could not be read."""
    found = versions.version(session, version_id)
    changes = versions.comparison(session, found)
    return {
        **_load(found),
        "added": [_compared(row) for row in changes.added],
        "changed": [_compared(row) for row in changes.changed],
        "gone": [_compared(row) for row in changes.gone],
        "same": changes.same,
        "unread": found.unread,
    }


@router.post("/loads/{version_id}")
def decide_load(session: Db, who: Writes, version_id: int, decision: LoadDecision) -> dict[str, Any]:
    """Takes, declines or undoes a load; 409 `lcap_rows_gone` where rows would disappear unconfirmed."""
    if decision.plan_year and decision.decision in ("take", "name_year"):
        name_year(session, who, version_id, decision.plan_year)
    if decision.decision == "take":
        take_load(session, who, version_id, gone_is_meant=decision.gone_is_meant)
    elif decision.decision == "decline":
        decline_load(session, who, version_id)
    elif decision.decision == "undo":
        undo_load(session, who, version_id)
    session.flush()
    return _load(versions.version(session, version_id))


@router.get("/renumberings/{year}")
def get_renumbering(session: Db, _: Sees, year: str) -> dict[str, Any]:
    """By which lines actions of a plan year are followed into the year after, beside equal titles and numbers."""
    rows = [
        {"was": label(*move.was), "now": label(*move.now) if move.now else None}
        for move in versions.moves(session, year)
    ]
    return {"year": year, "rows": rows, "next": None}


@router.put("/renumberings/{year}")
def put_renumbering(session: Db, who: Writes, year: str, renumbering: Renumbering) -> dict[str, Any]:
    """Replaces the renumbering; 422 for a number given twice, 409 for a circle that nobody has confirmed."""
    if not is_plan_year(year):
        raise Invalid("There is no such plan year. Enter it like 2024-25.")
    moves = [
        Move(year, *_place(line.was), None if line.now is None else _place(line.now)) for line in renumbering.lines
    ]
    set_moves(session, who, year, moves, circle_is_meant=renumbering.circle_is_meant)
    return get_renumbering(session, who, year)


def _place(text: str) -> tuple[int, int]:
    number = action_number(text)
    if number is None or number.doubtful:
        raise Invalid(f"“{text[:20]}” is not an action number. Enter it like 1.01 or 1.10.")
    return number.goal, number.action


def _load(found: LcapVersion) -> dict[str, Any]:
    columns = found.model_dump(mode="json", exclude={"unread", "table_name"})
    return {**columns, "table": found.table_name, "unread_lines": len(found.unread)}


def _compared(row: Compared) -> dict[str, Any]:
    return {"number": row.number, "title": row.title, "changes": [change._asdict() for change in row.changes]}


def _totals(sums: Any) -> dict[str, Any]:
    amounts = {name: getattr(sums, name) for name in AMOUNTS}
    counts = {"actions": sums.rows, "with_amounts": sums.counted, "with_both_amounts": sums.compared}
    return {**counts, **amounts, "percent_spent": _text(sums.spent)}


def _action(one: spending.ActionView, plan_year: str) -> dict[str, Any]:
    row = one.row
    return {
        "plan_year": plan_year,
        "goal_action": row.number,
        "goal": row.goal,
        "action": row.action,
        "title": row.title,
        "pages": row.pages,
        "description": row.description,
        "contributing": row.contributing,
        "fund": row.fund,
        **{name: getattr(row, name) for name in AMOUNTS},
        "funds": dict(row.funds),
        "details": dict(row.details),
        "improved_percent": _text(row.improved_percent),
        "actual_improved_percent": _text(row.actual_improved_percent),
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


def _measure(one: measure_queries.MeasureView) -> dict[str, Any]:
    row = one.row
    return {
        "key": row.key,
        "year": one.year,
        "goal": row.goal,
        "action": row.action,
        "action_title": row.action_title,
        "action_year_after": one.action_now,
        "measure": row.measure,
        "status": row.status,
        "pending": one.pending,
        "polarity": row.polarity,
        "survey": {"kind": row.survey_kind, "item": row.survey_item} if row.survey_kind != "no" else None,
        "values": [_figure(figure) for figure in one.figures],
        "doubts": row.doubts,
        "damage": row.damage,
        "checked_by": None if one.check is None else one.check.checked_by,
        "source_line": row.line,
    }


def _figure(figure: measure_queries.Figure) -> dict[str, Any]:
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
        "delta": _text(figure.delta),
        "direction": figure.direction,
        "doubtful": figure.doubtful,
        "doubt": value.doubt,
        "words": value.words,
        "part_year": figure.part_year,
        "favor": figure.favor,
    }


def _text(number: Any) -> str | None:
    return None if number is None else str(number)
