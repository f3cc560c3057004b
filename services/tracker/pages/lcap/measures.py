"""The LCAP's measures: the table of values, one measure with a person's check, the survey measures, the workbook."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from services.tracker.actions.lcap.checks import confirm_measure, correct_measure
from services.tracker.exports.lcap import workbook
from services.tracker.pages.lcap.cards import ROOT, WORDS, arrivals, link, tabs
from services.tracker.pages.lcap.sheets import sheets
from services.tracker.queries.lcap import measures as queries
from services.tracker.queries.lcap.survey import beside, survey_lines, years_of
from services.tracker.queries.lcap.versions import measures_version, versions
from services.tracker.queries.plan import current_plan
from services.tracker.rules.lcap.cells import whole
from services.tracker.rules.lcap.checked import CheckedValue, problem_of
from services.tracker.rules.lcap.shown import shown_number
from shared.access import Who
from shared.errors import Invalid, NotFound
from shared.files.workbooks import XLSX_TYPE
from shared.web import Db, allow, page, redirect

router = APIRouter(prefix="/tracker/lcap", include_in_schema=False)
PAGE = 60
MOST_VALUES = 40
PATH = f"{ROOT}measures"
Show = Literal["all", "doubts", "damaged", "pending", "part-year", "checked"]
Cells = Annotated[list[str], Form()]
Year = Annotated[str, Query(max_length=7)]


class ValueRow(NamedTuple):
    """A row of the table of values: a measure and one of its figures, None where the text gives none."""

    one: queries.MeasureView
    figure: queries.Figure | None


def _size(row: ValueRow) -> Any:
    delta = row.figure.delta if row.figure else None
    return (delta is None, -abs(delta or Decimal(0)))


SORTS: dict[str, Callable[[ValueRow], Any]] = {
    "check": lambda row: (not row.one.open_doubts, row.one.row.number),
    "number": lambda row: row.one.row.number,
    "measure": lambda row: (row.one.row.measure.casefold(), row.one.row.number),
    "change": _size,
}


@router.get("/measures")
def measures(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("lcap.see")],
    year: Year = "",
    goal: str = "",
    action: str = "",
    q: Annotated[str, Query(max_length=200)] = "",
    show: Show = "all",
    sort: Literal["check", "number", "measure", "change"] = "check",
    after: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Response:
    version = measures_version(session, year)
    kept = {"year": year, "goal": goal, "action": action, "q": q, "show": show, "sort": sort}
    everything = queries.measures(session, version, queries.MeasureFilter())
    found = queries.measures(
        session, version, queries.MeasureFilter(whole(goal, 99), whole(action, 99), q or None, show)
    )
    rows = sorted((ValueRow(one, figure) for one in found for figure in one.figures or (None,)), key=SORTS[sort])
    return page(
        request,
        "lcap_measures.html",
        tabs=tabs(PATH),
        rows=rows[after : after + PAGE],
        found=len(found),
        counts=queries.counts(session, version),
        version=version,
        years=[one.plan_year for one in versions(session, "measures")],
        goals=sorted({one.row.goal for one in everything}),
        actions=sorted({(one.row.action, one.row.action_title) for one in everything if goal == str(one.row.goal)}),
        filters=kept,
        first=after + 1,
        total=len(rows),
        previous=link(PATH, {**kept, "after": max(0, after - PAGE)}) if after else None,
        next=link(PATH, {**kept, "after": after + PAGE}) if len(rows) > after + PAGE else None,
        sort_links={name: link(PATH, {**kept, "sort": name}) for name in SORTS},
        **arrivals(session, "measures"),
        **WORDS,
    )


@router.get("/measures/{key}")
def measure(
    request: Request, session: Db, who: Annotated[Who, allow("lcap.see")], key: str, saved: bool = False
) -> Response:
    return _shown(request, session, key, saved=saved)


def _shown(
    request: Request,
    session: Db,
    key: str,
    *,
    typed: list[CheckedValue] | None = None,
    problems: list[dict[str, Any]] | None = None,
    note: str = "",
    saved: bool = False,
) -> Response:
    found = queries.measure(session, key)
    if found is None:
        raise NotFound("There is no such measure in the table. Open the list of measures and choose one.")
    given = [_typed(figure) for figure in found.figures] if typed is None else typed
    return page(
        request,
        "lcap_measure.html",
        422 if problems else 200,
        tabs=tabs(PATH),
        one=found,
        given=[*given, CheckedValue()],
        problems=problems or [],
        note=note,
        saved=saved,
        **WORDS,
    )


def _typed(figure: queries.Figure) -> CheckedValue:
    value = figure.value
    now = value.level or shown_number(value.now, value.unit)
    before = shown_number(value.before, value.unit)
    period = "" if value.inferred else value.period_now
    return CheckedValue(value.group, now, before, value.unit, period, value.period_before, value.as_of)


@router.post("/measures/{key}/confirm")
def confirm(
    session: Db,
    who: Annotated[Who, allow("lcap.write")],
    key: str,
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    confirm_measure(session, who, key, note)
    return redirect(f"{PATH}/{key}?saved=true")


@router.post("/measures/{key}/correct")
def correct(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("lcap.write")],
    key: str,
    group: Cells,
    now: Cells,
    before: Cells,
    period_now: Cells,
    period_before: Cells,
    as_of: Cells,
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    columns = (group, now, before, period_now, period_before, as_of)
    if len({len(column) for column in columns}) != 1 or len(group) > MOST_VALUES:
        raise Invalid("The form came incomplete. Reload the page and send it again.")
    typed = [
        CheckedValue(name, value, earlier, "", period, prior, day)
        for name, value, earlier, period, prior, day in zip(*columns, strict=True)
        if any((name, value, earlier))
    ]
    found = [(at, problem_of(value)) for at, value in enumerate(typed)]
    problems = [{"field": f"{problem[0]}-{at}", "message": problem[1]} for at, problem in found if problem]
    if problems:
        return _shown(request, session, key, typed=typed, problems=problems, note=note)
    correct_measure(session, who, key, typed, note)
    return redirect(f"{PATH}/{key}?saved=true")


@router.get("/ses")
def survey(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("lcap.see")],
    year: Year = "",
    level: str = "",
    item: Annotated[str, Query(max_length=300)] = "",
    after: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Response:
    lines = survey_lines(session, measures_version(session, year))
    kept = [line for line in lines if level in ("", line.level) and item in ("", line.item)]
    filters, path = {"year": year, "level": level, "item": item}, f"{ROOT}ses"
    plan = current_plan(session)
    tracked = beside(session, plan.plan_id) if plan else []
    return page(
        request,
        "lcap_survey.html",
        tabs=tabs(path),
        lines=kept[after : after + 2 * PAGE],
        found=len(kept),
        years=years_of(lines),
        items=sorted({line.item for line in lines}),
        levels=sorted({line.level for line in lines}),
        beside=tracked,
        items_named={row.item_id: f"{row.pillar}: {row.item}" for row in tracked},
        fell=sum(line.figure.direction == "down" for line in kept),
        rose=sum(line.figure.direction == "up" for line in kept),
        filters=filters,
        previous=link(path, {**filters, "after": max(0, after - 2 * PAGE)}) if after else None,
        next=link(path, {**filters, "after": after + 2 * PAGE}) if len(kept) > after + 2 * PAGE else None,
        first=after + 1,
        **WORDS,
    )


@router.get("/export.xlsx")
def export(session: Db, who: Annotated[Who, allow("lcap.see")], year: Year = "") -> Response:
    headers = {"Content-Disposition": 'attachment; filename="lcap.xlsx"'}
    return Response(workbook(sheets(session, year)), media_type=XLSX_TYPE, headers=headers)
