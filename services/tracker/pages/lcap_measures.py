"""The LCAP's measures: the list, one measure with a person's check, the survey measures, the workbook."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from services.tracker.actions.lcap_checks import confirm_measure, correct_measure
from services.tracker.exports.lcap import workbook
from services.tracker.pages.lcap_cards import ROOT, WORDS, link, loads, tabs
from services.tracker.pages.lcap_sheets import sheets
from services.tracker.queries import lcap_measures
from services.tracker.queries.lcap_survey import beside, survey_lines, years_of
from services.tracker.rules.lcap_checked import CheckedValue, problem_of
from services.tracker.rules.lcap_shown import shown_number
from shared.access import Who
from shared.errors import Invalid, NotFound
from shared.files.workbooks import XLSX_TYPE
from shared.web import Db, allow, page, redirect

router = APIRouter(prefix="/tracker/lcap", include_in_schema=False)
PAGE = 50
MOST_VALUES = 40
PATH = f"{ROOT}measures"
Show = Literal["all", "doubts", "damaged", "pending", "part-year", "checked"]
Cells = Annotated[list[str], Form()]


@router.get("/measures")
def measures(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("lcap.see")],
    goal: str = "",
    q: Annotated[str, Query(max_length=200)] = "",
    show: Show = "all",
    after: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Response:
    chosen = {"goal": goal, "q": q, "show": show}
    wanted = lcap_measures.Wanted(int(goal) if goal in tuple("12345678") else None, None, q or None, show)
    told = lcap_measures.measures(session, wanted, PAGE + 1, after)
    return page(
        request,
        "lcap_measures.html",
        tabs=tabs(PATH),
        rows=told[:PAGE],
        counts=lcap_measures.counts(session),
        chosen=chosen,
        first=after + 1,
        previous=link(PATH, {**chosen, "after": max(0, after - PAGE)}) if after else None,
        next=link(PATH, {**chosen, "after": after + PAGE}) if len(told) > PAGE else None,
        **loads(session),
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
    found = lcap_measures.measure(session, key)
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


def _typed(figure: lcap_measures.Figure) -> CheckedValue:
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
    problems = [{"field": f"{told[0]}-{at}", "message": told[1]} for at, told in found if told]
    if problems:
        return _shown(request, session, key, typed=typed, problems=problems, note=note)
    correct_measure(session, who, key, typed, note)
    return redirect(f"{PATH}/{key}?saved=true")


@router.get("/ses")
def survey(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("lcap.see")],
    level: str = "",
    item: Annotated[str, Query(max_length=300)] = "",
    after: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Response:
    lines = survey_lines(session)
    kept = [line for line in lines if level in ("", line.level) and item in ("", line.item)]
    chosen, path = {"level": level, "item": item}, f"{ROOT}ses"
    return page(
        request,
        "lcap_survey.html",
        tabs=tabs(path),
        lines=kept[after : after + 2 * PAGE],
        found=len(kept),
        years=years_of(lines),
        items=sorted({line.item for line in lines}),
        levels=sorted({line.level for line in lines}),
        beside=(tracked := beside(session)),
        items_named={row.item_id: f"{row.pillar}: {row.item}" for row in tracked},
        fell=sum(line.figure.value.direction == "down" for line in kept),
        rose=sum(line.figure.value.direction == "up" for line in kept),
        chosen=chosen,
        previous=link(path, {**chosen, "after": max(0, after - 2 * PAGE)}) if after else None,
        next=link(path, {**chosen, "after": after + 2 * PAGE}) if len(kept) > after + 2 * PAGE else None,
        first=after + 1,
        **WORDS,
    )


@router.get("/export.xlsx")
def export(session: Db, who: Annotated[Who, allow("lcap.see")]) -> Response:
    headers = {"Content-Disposition": 'attachment; filename="lcap.xlsx"'}
    return Response(workbook(sheets(session)), media_type=XLSX_TYPE, headers=headers)
