"""The table page, its rows as a fragment for search as you type, and the list of values of a column's filter."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.rates.pages.rows import school_rows, shown_layout
from services.rates.queries import table as queries
from services.rates.queries.arrivals import waiting_extractions
from services.rates.queries.columns import COLUMNS, HISTORY, LAYOUT, Column
from services.rates.queries.extractions import ExtractionSummary, extraction_at, extractions, newest_group, version
from services.rates.queries.filters import RateFilter
from services.rates.queries.own import Own, own_schools
from services.rates.queries.saved_views import VERSION, saved_views
from services.rates.queries.settings import goals
from services.rates.rules.movement import MOVEMENTS
from services.rates.rules.tiers import TIER_LABELS
from shared.access import Who
from shared.access.policy import may
from shared.errors import NotFound
from shared.events import GROUPS
from shared.web import Db, allow, page, redirect
from shared.web.caching import unless_known

router = APIRouter(prefix="/rates", include_in_schema=False)
PAGE = 100
# "All on one page" where it is not more than a browser shows with ease; then so many a page.
LARGE_PAGE = 2_000
EXTRACTIONS_LISTED = 100


@router.get("/")
def table(request: Request, session: Db, who: Annotated[Who, allow("rates.see")]) -> Response:
    rates = RateFilter.read(request.query_params.multi_items())
    if "column" in request.query_params:  # sent by the form of the columns: the address of what it says
        return redirect(rates.address())
    return unless_known(request, version(session), lambda: _table(request, session, who, rates))


def _table(request: Request, session: Db, who: Who, rates: RateFilter) -> Response:
    group = rates.group or newest_group(session, rates.day)
    extraction = extraction_at(session, group, rates.day, rates.term)
    fragment = request.headers.get("hx-request") == "true" and "hx-history-restore-request" not in request.headers
    dates = [] if fragment else extractions(session, group, EXTRACTIONS_LISTED + 1)
    context: dict[str, Any] = {
        "rates": rates,
        "group": group,
        "extraction": extraction,
        "tabs": _tabs(rates, group),
        "saved": saved_views(session, who.person_id),
        "view_version": VERSION,
        "goal": goals(session)[group],
        "fragment": fragment,
        "dates": dates[:EXTRACTIONS_LISTED],
        "more_dates": len(dates) > EXTRACTIONS_LISTED,
        "labels": TIER_LABELS,
        "columns": list(COLUMNS.values()),
        "waiting": waiting_extractions(session) if may(who.role, "rates.set") else [],
    }
    if extraction is not None:
        own = own_schools(who)
        context |= _shown(session, extraction, rates, own, context["goal"])
    return page(request, "_results.html" if fragment else "table.html", **context)


def _shown(
    session: Db, extraction: ExtractionSummary, rates: RateFilter, own: Own | None, goal: int | None
) -> dict[str, Any]:
    size = LARGE_PAGE if rates.everything else PAGE
    summary = queries.summary(session, extraction, rates, own, goal)
    # An address may come from a day with more schools than now: then it starts at the first.
    after = rates.after if rates.after < summary.matching else 0
    rows = school_rows(session, extraction, rates, own, size, after)
    more = after + len(rows)
    return {
        "rows": rows,
        "summary": summary,
        "movements": [
            (label, summary.movements[name], name) for name, label in MOVEMENTS.items() if summary.movements.get(name)
        ],
        "menus": {column.name: _menu(rates, column) for column in COLUMNS.values()},
        "layout": shown_layout(rates),
        "choices": _column_choices(rates),
        "chips": _chips(rates),
        "own": own is not None,
        "previous": rates.address(after=max(0, after - size)) if after else None,
        "next": rates.address(after=more) if more < summary.matching else None,
        "first": after + 1,
        "last": more,
        "large_page": LARGE_PAGE,
    }


def _column_choices(rates: RateFilter) -> list[dict[str, Any]]:
    """Every column but the school's name with whether it is shown: those that are first, in their order."""
    shown = rates.layout[1:]
    hidden = [name for name in LAYOUT[1:] if name not in shown]
    return [
        {
            "name": name,
            "label": COLUMNS[name].label if name != HISTORY else "History",
            "shown": name in shown,
            "is_first": shown[:1] == (name,),
            "is_last": shown[-1:] == (name,),
        }
        for name in (*shown, *hidden)
    ]


def _tabs(rates: RateFilter, current: str) -> list[dict[str, Any]]:
    found = [(name, rates.address(group=name)) for name in GROUPS]
    return [{"href": href, "label": name.capitalize(), "current": name == current} for name, href in found]


def _menu(rates: RateFilter, column: Column) -> dict[str, Any]:
    """What the menu in a column's header needs; its list of values is fetched when it is opened."""
    other = rates.without(column.name)
    keep = [(name, value) for name, value in other.pairs() if name != "sort"]
    return {
        "column": column,
        "keep": [*keep, *([("then", ",".join(rates.sorts))] if rates.sorts else [])],
        "active": rates.filters(column.name),
        "sort": rates.sorts[0] if rates.sorts else "",
        "sorts": list(zip((column.name, f"-{column.name}"), column.sorts, strict=True)),
        "colors": _colors(other, column),
        "cleared": other.address(),
        "list": rates.address("/rates/values", after=0) + ("&" if rates.pairs() else "?") + f"column={column.name}",
        "ticked": [{"value": value, "label": column.word(value)} for value in rates.listed.get(column.name, ())],
        "excluded": rates.excluded.get(column.name, ()),
        "tests": {test: rates.tests.get((column.name, test), "") for test in ("has", "starts", "min", "max")},
    }


def _colors(other: RateFilter, column: Column) -> list[tuple[int, str, str]]:
    """For a column with tier colors: tier, words and the address of the rows of that color alone."""
    if column.name not in ("tier", "range"):
        return []
    words = dict(column.words)
    return [
        (tier, words[str(tier)], other.address(listed={**other.listed, column.name: (str(tier),)}))
        for tier in TIER_LABELS
    ]


_TEST_WORDS = {"has": "contains", "starts": "begins with", "min": "at least", "max": "at most"}


def _chips(rates: RateFilter) -> list[dict[str, str]]:
    """The filters in force, each with the address that takes it away."""
    found = []
    for sense, lists in ((": ", rates.listed), (" without ", rates.excluded)):
        for name, values in lists.items():
            column = COLUMNS[name]
            words = ", ".join(column.word(value) for value in values[:3])
            more = f" and {len(values) - 3} more" if len(values) > 3 else ""
            found.append({"label": f"{column.label}{sense}{words}{more}", "href": rates.without(name).address()})
    for (name, test), value in rates.tests.items():
        label = f"{COLUMNS[name].label} {_TEST_WORDS[test]} {value}"
        left = {key: kept for key, kept in rates.tests.items() if key != (name, test)}
        found.append({"label": label, "href": rates.address(tests=left)})
    if rates.q:
        found.append({"label": f"Search: {rates.q}", "href": rates.address(q="")})
    if rates.mine:
        found.append({"label": "My schools", "href": rates.address(mine=False)})
    return found


@router.get("/values")
def values(
    request: Request, session: Db, who: Annotated[Who, allow("rates.see")], column: str, find: str = ""
) -> Response:
    """What a column's filter can choose, as list items for the open menu or as a page of its own."""
    rates = RateFilter.read((name, value) for name, value in request.query_params.multi_items() if name != "column")
    if column not in COLUMNS:
        raise NotFound("The table has no such column. Open the table and choose one there.")
    group = rates.group or newest_group(session, rates.day)
    extraction = extraction_at(session, group, rates.day, rates.term)
    if extraction is None:
        raise NotFound("There is no such extraction. Open the table and choose one there.")
    found = COLUMNS[column]
    own = own_schools(who)
    fragment = request.headers.get("hx-request") == "true"
    listed = queries.values_of(session, extraction, rates, own, found, find=find.strip(), all_ticked=fragment)
    return page(
        request,
        "_values.html" if fragment else "values.html",
        column=found,
        values=listed.values,
        of=listed.of,
        is_cut=listed.is_cut,
        find=find.strip(),
        menu=_menu(rates, found),
        here=[(name, value) for name, value in rates.pairs()],
        back=rates.address(),
    )
