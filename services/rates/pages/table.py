"""The table page, its rows as a fragment for search as you type, and the list of values of a column's filter."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.rates.pages.cells import row_cells
from services.rates.queries import table as tables
from services.rates.queries.columns import COLUMNS, Column
from services.rates.queries.own import Own, own_schools
from services.rates.queries.saved_views import saved_views
from services.rates.queries.settings import goals
from services.rates.queries.table import Extraction
from services.rates.queries.views import View
from services.rates.rules import MARKS, TIER_LABELS, TIER_WORDS
from shared.access import Who
from shared.errors import NotFound
from shared.events import GROUPS
from shared.web import Db, allow, page
from shared.web.caching import unless_known

router = APIRouter(prefix="/rates", include_in_schema=False)
PAGE = 100
ALL = 20_000


@router.get("/")
def table(request: Request, session: Db, who: Annotated[Who, allow("rates.see")]) -> Response:
    view = View.read(request.query_params.multi_items())
    return unless_known(request, tables.version(session), lambda: _table(request, session, who, view))


def _table(request: Request, session: Db, who: Who, view: View) -> Response:
    group = view.group or tables.newest_group(session, view.on)
    extraction = tables.extraction_at(session, group, view.on, view.term)
    context: dict[str, Any] = {"view": view, "group": group, "extraction": extraction, "tabs": _tabs(view, group)}
    fragment = request.headers.get("hx-request") == "true" and "hx-history-restore-request" not in request.headers
    context |= {"saved": saved_views(session, who.person_id), "goal": goals(session)[group], "fragment": fragment}
    context |= {"dates": [] if fragment else tables.extractions(session, group), "labels": TIER_LABELS}
    context |= {"columns": list(COLUMNS.values()), "menus": [], "rows": [], "summary": None, "chips": []}
    if extraction is not None:
        own = own_schools(who)
        context |= _shown(session, extraction, view, own, context["goal"])
    return page(request, "_results.html" if fragment else "table.html", **context)


def _shown(session: Db, extraction: Extraction, view: View, own: Own | None, goal: int | None) -> dict[str, Any]:
    size = ALL if view.everything else PAGE
    summary = tables.summary(session, extraction, view, own, goal)
    # An address may come from a day with more schools than now: then it starts at the first.
    after = view.after if view.after < summary.chosen else 0
    found = tables.rows(session, extraction, view, own, size, after, with_history=not view.everything)
    more = after + len(found)
    return {
        "rows": [row_cells(row, brief=view.everything) for row in found],
        "summary": summary,
        "marks": [(label, summary.marks[mark], mark) for mark, label in MARKS.items() if summary.marks.get(mark)],
        "menus": {column.name: _menu(view, column) for column in COLUMNS.values()},
        "chips": _chips(view),
        "own": own is not None,
        "previous": view.address(after=max(0, after - PAGE)) if after else None,
        "next": view.address(after=more) if more < summary.chosen else None,
        "first": after + 1,
        "last": more,
    }


def _tabs(view: View, current: str) -> list[dict[str, Any]]:
    found = [(name, view.address(group=name)) for name in GROUPS]
    return [{"href": href, "label": name.capitalize(), "current": name == current} for name, href in found]


def _menu(view: View, column: Column) -> dict[str, Any]:
    """What the menu in a column's header needs; its list of values is asked for when it is opened."""
    other = view.without(column.name)
    keep = [(name, value) for name, value in other.pairs() if name != "sort"]
    return {
        "column": column,
        "keep": [*keep, *([("then", ",".join(view.sorts))] if view.sorts else [])],
        "active": view.filters(column.name),
        "sort": view.sorts[0] if view.sorts else "",
        "sorts": list(zip((column.name, f"-{column.name}"), column.sorts, strict=True)),
        "cleared": other.address(),
        "list": view.address("/rates/values", after=0) + ("&" if view.pairs() else "?") + f"column={column.name}",
        "chosen": [{"value": value, "label": column.word(value)} for value in view.listed.get(column.name, ())],
        "excluded": view.excluded.get(column.name, ()),
        "tests": {test: view.tests.get((column.name, test), "") for test in ("has", "starts", "min", "max")},
    }


_TEST_WORDS = {"has": "contains", "starts": "begins with", "min": "at least", "max": "at most"}


def _chips(view: View) -> list[dict[str, str]]:
    """The filters in force, each with the address that takes it away."""
    found = []
    for sense, lists in ((": ", view.listed), (" without ", view.excluded)):
        for name, values in lists.items():
            column = COLUMNS[name]
            words = ", ".join(column.word(value) for value in values[:3]) + (", ..." if len(values) > 3 else "")
            found.append({"label": f"{column.label}{sense}{words}", "href": view.without(name).address()})
    for (name, test), value in view.tests.items():
        label = f"{COLUMNS[name].label} {_TEST_WORDS[test]} {value}"
        left = {key: kept for key, kept in view.tests.items() if key != (name, test)}
        found.append({"label": label, "href": view.address(tests=left)})
    if view.q:
        found.append({"label": f"Search: {view.q}", "href": view.address(q="")})
    if view.mine:
        found.append({"label": "My schools", "href": view.address(mine=False)})
    return found


@router.get("/values")
def values(request: Request, session: Db, who: Annotated[Who, allow("rates.see")], column: str) -> Response:
    """What a column's filter can choose, as list items for the open menu or as a page of its own."""
    view = View.read(request.query_params.multi_items())
    if column not in COLUMNS:
        raise NotFound("The table has no such column. Open the table and choose one there.")
    extraction = tables.extraction_at(session, view.group or tables.newest_group(session, view.on), view.on, view.term)
    if extraction is None:
        raise NotFound("There is no such extraction. Open the table and choose one there.")
    chosen = COLUMNS[column]
    own = own_schools(who)
    fragment = request.headers.get("hx-request") == "true"
    found = tables.values_of(session, extraction, view, own, chosen, all_ticked=fragment)
    return page(
        request,
        "_values.html" if fragment else "values.html",
        column=chosen,
        values=found,
        menu=_menu(view, chosen),
        back=view.address(),
        words=TIER_WORDS,
    )
