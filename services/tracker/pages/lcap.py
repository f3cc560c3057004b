"""The LCAP's spending: totals per goal, the actions, one action in plain words, what counts as material."""

from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from services.tracker.actions.lcap_checks import set_material
from services.tracker.pages.lcap_cards import ROOT, WORDS, chart, link, loads, tabs
from services.tracker.queries import lcap, lcap_measures
from services.tracker.rules.lcap_cells import action_number, whole
from services.tracker.rules.lcap_spending import totals
from shared.access import Who
from shared.errors import Invalid, NotFound
from shared.numbers import decimal
from shared.web import Db, allow, page, redirect

router = APIRouter(prefix="/tracker/lcap", include_in_schema=False)
PAGE = 100
Show = Literal["all", "material", "missing", "damaged"]
YesNo = Literal["", "yes", "no"]


@router.get("/")
def overview(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("lcap.see")],
    goal: str = "",
    contributing: YesNo = "",
    show: Show = "all",
    sort: str = "number",
    after: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Response:
    limits = lcap.material(session)
    seen = lcap.actions(session, limits)
    kept = {"goal": goal, "contributing": contributing, "show": show, "sort": sort}
    chosen = lcap.Chosen(_number(goal), _yes(contributing), show, sort if sort in lcap.SORTS else "number")
    rows = lcap.choose(seen, chosen)
    goals = lcap.goal_totals(seen)
    return page(
        request,
        "lcap_overview.html",
        tabs=tabs(ROOT),
        rows=rows[after : after + PAGE],
        found=len(rows),
        seen=seen,
        goals=goals,
        every=totals(one.row for one in seen),
        contributing=totals(one.row for one in seen if one.row.contributing),
        missing=sum(one.missing for one in seen),
        damaged=sum(bool(one.row.damage) for one in seen),
        chart=chart(goals),
        chosen=kept,
        limits=limits,
        previous=link(ROOT, {**kept, "after": max(0, after - PAGE)}) if after else None,
        next=link(ROOT, {**kept, "after": after + PAGE}) if len(rows) > after + PAGE else None,
        export=link(f"{ROOT}export.xlsx", {}),
        **loads(session),
        **WORDS,
    )


def _number(text: str) -> int | None:
    return whole(text, 99)


def _yes(text: YesNo) -> bool | None:
    return {"yes": True, "no": False}.get(text)


@router.get("/actions/{number}")
def action(request: Request, session: Db, who: Annotated[Who, allow("lcap.see")], number: str) -> Response:
    asked = action_number(number)
    seen = lcap.actions(session, lcap.material(session))
    found = next((one for one in seen if asked and (one.row.goal, one.row.action) == asked[:2]), None)
    if found is None:
        raise NotFound("There is no such action in the table. Open the list of actions and choose one.")
    rows = found.cover.rows if found.cover else ()
    return page(
        request,
        "lcap_action.html",
        tabs=tabs(ROOT),
        one=found,
        explanation=[(one.row.number, one.row.explanation) for one in seen if one.row.number in rows],
        measures=lcap_measures.measures_of(session, found.row.goal, found.row.action),
        **WORDS,
    )


@router.get("/unread")
def unread(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("lcap.see")],
    after: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Response:
    told = loads(session)
    lines = [
        {"table": table, **line}
        for table in ("actions", "measures")
        for line in (told[f"{table}_load"].unread if told[f"{table}_load"] else ())
    ]
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
def settings(request: Request, session: Db, who: Annotated[Who, allow("lcap.see")], saved: bool = False) -> Response:
    limits = lcap.material(session)
    seen = lcap.actions(session, limits)
    return page(
        request,
        "lcap_settings.html",
        tabs=tabs(f"{ROOT}settings"),
        limits=limits,
        material=sum(one.material for one in seen),
        missing=sum(one.missing for one in seen),
        saved=saved,
    )


@router.post("/settings")
def save_settings(
    session: Db,
    who: Annotated[Who, allow("lcap.write")],
    under: Annotated[str, Form(max_length=10)],
    over: Annotated[str, Form(max_length=10)],
) -> Response:
    set_material(session, who, _percent(under, "under"), _percent(over, "over"))
    return redirect(f"{ROOT}settings?saved=true")


def _percent(text: str, name: str) -> Decimal:
    bare = text.strip().removesuffix("%").strip()
    number = decimal(bare)
    if number is None or not 0 <= number < 1000 or number.as_tuple().exponent not in (0, -1):
        sentence = f"'{text[:20]}' is no percentage. Type it like 80 or 80.5."
        raise Invalid(sentence, problems=[{"code": "not_a_percent", "field": name, "message": sentence}])
    return number
