"""The LCAP's spending: totals per goal, the actions of a plan year, one action in plain words, what is material."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from services.tracker.actions.lcap.checks import set_material
from services.tracker.pages.charts import spending_chart
from services.tracker.pages.lcap.cards import ROOT, WORDS, arrivals, choices, link, tabs
from services.tracker.queries.lcap import measures as measure_queries
from services.tracker.queries.lcap import spending
from services.tracker.queries.lcap.versions import actions_version, plan_years, versions
from services.tracker.rules.lcap.actions import CARRYOVER
from services.tracker.rules.lcap.cells import action_number, whole
from services.tracker.rules.lcap.forms import CARRYOVER_LINES, fund_labels
from services.tracker.rules.lcap.spending import totals
from shared.access import Who
from shared.errors import Invalid, NotFound
from shared.numbers import decimal
from shared.web import Db, allow, back, done, page

router = APIRouter(prefix="/tracker/lcap", include_in_schema=False)
PAGE = 100
Show = Literal["all", "material", "missing", "damaged"]
YesNo = Literal["", "yes", "no"]
Year = Annotated[str, Query(max_length=7)]


@router.get("/")
def overview(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("lcap.see")],
    year: Year = "",
    table: Annotated[str, Query(max_length=40)] = "",
    goal: str = "",
    contributing: YesNo = "",
    show: Show = "all",
    sort: str = "number",
    after: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Response:
    version = actions_version(session, year, table)
    kept = {"year": year, "table": table, "goal": goal, "contributing": contributing, "show": show, "sort": sort}
    if version is not None and version.form == CARRYOVER:
        return _carryover(request, session, version, kept)
    limits = spending.material(session)
    views = spending.actions(session, limits, version)
    by = sort if sort in spending.SORTS else "number"
    rows = spending.filtered(views, spending.ActionFilter(whole(goal, 99), _yes(contributing), show, by))
    goals = spending.goal_totals(session, views, version.plan_year) if version else []
    return page(
        request,
        "lcap_overview.html",
        tabs=tabs(ROOT),
        rows=rows[after : after + PAGE],
        found=len(rows),
        views=views,
        goals=goals,
        every=totals(one.row for one in views),
        contributing=totals(one.row for one in views if one.row.contributing),
        missing=sum(one.missing for one in views),
        damaged=sum(bool(one.row.damage) for one in views),
        spending=spending_chart(goals, choices(session, version)["labels"]),
        funds=fund_labels(version.form) if version else {},
        filters=kept,
        limits=limits,
        previous=link(ROOT, {**kept, "after": max(0, after - PAGE)}) if after else None,
        next=link(ROOT, {**kept, "after": after + PAGE}) if len(rows) > after + PAGE else None,
        export=link(f"{ROOT}export.xlsx", {"year": year}),
        **choices(session, version),
        **arrivals(session, "actions"),
        **WORDS,
    )


def _carryover(request: Request, session: Db, version: Any, kept: dict[str, str]) -> Response:
    return page(
        request,
        "lcap_carryover.html",
        tabs=tabs(ROOT),
        found=spending.carryover(session, version),
        lines=CARRYOVER_LINES,
        filters=kept,
        **choices(session, version),
        **arrivals(session, "actions"),
        **WORDS,
    )


def _yes(text: YesNo) -> bool | None:
    return {"yes": True, "no": False}.get(text)


@router.get("/actions/{number}")
def action(
    request: Request, session: Db, who: Annotated[Who, allow("lcap.see")], number: str, year: Year = ""
) -> Response:
    version, place = actions_version(session, year), action_number(number)
    tables = plan_years(session).get(version.plan_year, []) if version else []
    has_it = spending.actions_of(session, tables, (place.goal, place.action)) if place else []
    if not has_it or version is None:
        raise NotFound("There is no such action in the table. Open the list of actions and choose one.")
    views = spending.actions(session, spending.material(session), has_it[0][0])
    found = next(one for one in views if one.row.number == has_it[0][1].number)
    rows = found.cover.rows if found.cover else ()
    measured = versions(session, "measures")
    return page(
        request,
        "lcap_action.html",
        tabs=tabs(ROOT),
        one=found,
        others=has_it[1:],
        explanation=[(one.row.number, one.row.explanation) for one in views if one.row.number in rows],
        measures=measure_queries.measures_of(session, measured, found.row.goal, found.row.action, version.plan_year),
        **choices(session, has_it[0][0]),
        **WORDS,
    )


@router.get("/unread")
def unread(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("lcap.see")],
    after: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Response:
    standing = [one for table in ("actions", "measures") for one in versions(session, table)]
    lines = [{"table": one.table_name, "year": one.plan_year, **line} for one in standing for line in one.unread]
    path = f"{ROOT}unread"
    return page(
        request,
        "lcap_unread.html",
        tabs=tabs(ROOT),
        lines=lines[after : after + PAGE],
        found=len(lines),
        first=after + 1,
        previous=link(path, {"after": max(0, after - PAGE)}) if after else None,
        next=link(path, {"after": after + PAGE}) if len(lines) > after + PAGE else None,
    )


@router.get("/settings")
def settings(request: Request, session: Db, who: Annotated[Who, allow("lcap.see")]) -> Response:
    limits = spending.material(session)
    version = actions_version(session)
    views = spending.actions(session, limits, version)
    return page(
        request,
        "lcap_settings.html",
        tabs=tabs(f"{ROOT}settings"),
        limits=limits,
        version=version,
        material=sum(one.material for one in views),
        missing=sum(one.missing for one in views),
    )


@router.post("/settings")
def save_settings(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("lcap.write")],
    under: Annotated[str, Form(max_length=10)],
    over: Annotated[str, Form(max_length=10)],
) -> Response:
    limits = spending.material(session)
    undo = back(f"{ROOT}settings", [("under", limits.under), ("over", limits.over)])
    set_material(session, who, _percent(under, "under"), _percent(over, "over"))
    words = "Saved. Every list of material differences follows the new limits."
    return done(request, f"{ROOT}settings", words, undo)


def _percent(text: str, name: str) -> Decimal:
    bare = text.strip().removesuffix("%").strip()
    number = decimal(bare)
    if number is None or not 0 <= number < 1000 or number.as_tuple().exponent not in (0, -1):
        sentence = f"'{text[:20]}' is not a percentage. Type it like 80 or 80.5."
        raise Invalid(sentence, problems=[{"code": "not_a_percent", "field": name, "message": sentence}])
    return number
