"""A school's page: what is entered, what follows from it while typing, what is offered, and who entered what."""

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from services.tracker.actions.entries import EntryConflict, save_cells
from services.tracker.actions.offers import take_file_value, take_rate
from services.tracker.pages.cards import (
    BADGES,
    GROUP_BADGES,
    NOTHING_TYPED,
    Read,
    card,
    field_name,
    read_fields,
    sent_form,
)
from services.tracker.queries import progress as queries
from services.tracker.queries.offers import file_offers, rate_offers
from services.tracker.queries.schools import school_named
from services.tracker.rules.values import shown_difference, shown_percent
from shared.access import Who
from shared.access.policy import may
from shared.errors import NotFound
from shared.web import Db, allow, page, redirect

router = APIRouter(prefix="/tracker", include_in_schema=False)
HISTORY = 100
_SHOWN: dict[str, Any] = {
    "shown_percent": shown_percent,
    "shown_difference": shown_difference,
    "badges": BADGES,
    "group_badges": GROUP_BADGES,
}


def _address(school: Any, level: str, **more: Any) -> str:
    return f"/tracker/schools/{quote(school.school_key)}?" + urlencode({"level": level, **more})


def _shown(
    request: Request,
    session: Db,
    who: Who,
    school: Any,
    level: str,
    *,
    typed: dict[str, str] | None = None,
    read: Read = NOTHING_TYPED,
    status: int = 200,
    **more: Any,
) -> Response:
    periods, lines = queries.periods(session), queries.lines(session, school.school_key, level)
    cards = [card(line, periods, typed or {}, read) for line in lines]
    used, levels = queries.levels_used(session, school.school_key), queries.levels(session)
    return page(
        request,
        "school.html",
        status,
        school=school,
        level=level,
        levels=[
            {"href": _address(school, name), "label": name, "current": name == level}
            for name in levels
            if name in used or name == level or school.tracker_level in (None, name)
        ],
        periods=periods,
        cards=cards,
        problems=[{"field": name, "message": words} for name, words in read.problems.items()],
        is_fraction=read.is_fraction,
        history=queries.history(session, school.school_key, level, None, 10),
        items={line.item.item_id: line.item for line in lines},
        offers=file_offers(session, school.school_key, level, lines) if may(who.role, "tracker.write") else [],
        rates=rate_offers(session, school.school_key, lines) if may(who.role, "tracker.write") else [],
        **{"saved": None, **_SHOWN, **more},
    )


@router.get("/schools/{key}")
def school(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("tracker.see")],
    key: str,
    level: str | None = None,
    saved: int | None = None,
) -> Response:
    found = school_named(session, who, key)
    return _shown(request, session, who, found, queries.chosen_level(session, found, level), saved=saved)


@router.get("/schools/{key}/items/{item_id}/preview")
def preview(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("tracker.see")],
    key: str,
    item_id: str,
    level: str | None = None,
) -> Response:
    """What would follow from the values being typed; the rules are here only, so the page asks while typing."""
    found = school_named(session, who, key)
    chosen, periods = queries.chosen_level(session, found, level), queries.periods(session)
    saved = [line for line in queries.lines(session, found.school_key, chosen) if line.item.item_id == item_id]
    if not saved:
        raise NotFound("This level has no such item. Reload the page.")
    read = read_fields(saved, periods, request.query_params)
    values = list(saved[0].values)
    for cell in read.cells:
        values[cell.period] = cell.now
    line = queries.line_of_values(saved[0].item, saved[0].goal, values, saved[0].origins)
    shown = card(line, periods, {}, NOTHING_TYPED)
    return page(request, "_outcome.html", card=shown, periods=periods, problems=list(read.problems.values()), **_SHOWN)


@router.post("/schools/{key}")
def save_school(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("tracker.write")],
    key: str,
    form: Annotated[dict[str, str], Depends(sent_form)],
    level: str | None = None,
) -> Response:
    found = school_named(session, who, key)
    chosen = queries.chosen_level(session, found, level)
    read = read_fields(queries.lines(session, found.school_key, chosen), queries.periods(session), form)
    if read.problems:
        return _shown(request, session, who, found, chosen, typed=form, read=read, status=422)
    try:
        changed = save_cells(session, who, found.school_key, chosen, read.cells, "page")
    except EntryConflict as conflict:
        # Refused before anything was written: shown again with both values, so that saving once more decides.
        told = {field_name(cell["item_id"], cell["period"]): cell["message"] for cell in conflict.problems}
        again = read._replace(problems=told, is_conflict=True)
        return _shown(request, session, who, found, chosen, typed=form, read=again, status=409)
    return redirect(_address(found, chosen, saved=len(changed)))


@router.post("/schools/{key}/file-value")
def use_file_value(
    session: Db,
    who: Annotated[Who, allow("tracker.write")],
    key: str,
    item_id: Annotated[str, Form()],
    period: Annotated[int, Form()],
    level: str | None = None,
) -> Response:
    found = school_named(session, who, key)
    chosen = queries.chosen_level(session, found, level)
    take_file_value(session, who, found, chosen, item_id, period)
    return redirect(_address(found, chosen, saved=1))


@router.post("/schools/{key}/rate")
def use_rate(
    session: Db,
    who: Annotated[Who, allow("tracker.write")],
    key: str,
    item_id: Annotated[str, Form()],
    term: Annotated[str, Form()],
    period: Annotated[int, Form()],
    level: str | None = None,
) -> Response:
    found = school_named(session, who, key)
    chosen = queries.chosen_level(session, found, level)
    take_rate(session, who, found, chosen, item_id, term, period)
    return redirect(_address(found, chosen, saved=1))


@router.get("/schools/{key}/history")
def history(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("tracker.see")],
    key: str,
    level: str | None = None,
    before: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    found = school_named(session, who, key)
    chosen = queries.chosen_level(session, found, level)
    rows = queries.history(session, found.school_key, chosen, before, HISTORY)
    older = f"/tracker/schools/{quote(found.school_key)}/history?" + urlencode(
        {"level": chosen, "before": rows[-1].id if rows else 1}
    )
    return page(
        request,
        "school_history.html",
        school=found,
        level=chosen,
        history=rows,
        periods=queries.periods(session),
        items={item.item_id: item for item in queries.items(session)},
        older=older if len(rows) == HISTORY else None,
        **_SHOWN,
    )
