"""The district's pages: where schools stand per item, the heat map of schools and items, and feasibility."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from services.tracker.exports import district as exports
from services.tracker.pages.cards import BADGES, GROUP_BADGES
from services.tracker.queries import district as queries
from services.tracker.queries import progress as plan
from services.tracker.queries.books import Wanted
from services.tracker.rules.known import LEVELS
from services.tracker.rules.progress import STATUSES, feasibility
from services.tracker.rules.values import shown_difference, shown_percent
from shared.access import Who
from shared.errors import NotFound
from shared.files.workbooks import CSV_TYPE, XLSX_TYPE
from shared.web import Db, allow, page

router = APIRouter(prefix="/tracker", include_in_schema=False)
PAGE = 40
ALL = 100_000


class Chosen:
    """The filters of the district's pages, from the address."""

    def __init__(
        self, level: str = LEVELS[0], region: str = "", cos: str = "", director: str = "", item: str = ""
    ) -> None:
        self.level = level
        self.wanted = Wanted(region or None, cos or None, director or None)
        self.item = item
        self.kept = {"level": level, "region": region, "cos": cos, "director": director, "item": item}

    def link(self, path: str, **more: Any) -> str:
        values = {name: value for name, value in {**self.kept, **more}.items() if value not in ("", None)}
        return f"/tracker/{path}?{urlencode(values)}"


Filters = Annotated[Chosen, Depends(Chosen)]
Seen = Annotated[Who, allow("tracker.see")]
After = Annotated[int, Query(ge=0)]


def short(item: Any) -> str:
    """A column's heading: priority and content area, such as `2C Growth Mindset`."""
    return f"{item.pillar.rpartition(' ')[2]} {item.area or item.item}"


def _shown(request: Request, session: Db, who: Who, chosen: Chosen, template: str, **more: Any) -> Response:
    levels = plan.levels(session)
    if levels and chosen.level not in levels:
        raise NotFound(f"The plan has no level {chosen.level}. It has: {', '.join(levels)}.")
    views = (("district", "Items"), ("heat-map", "Heat map"), ("feasibility", "Feasibility"))
    here = request.url.path.rpartition("/")[2]
    return page(
        request,
        template,
        chosen=chosen,
        levels=levels,
        items=[item for item, _ in plan.items_of(session, chosen.level)],
        choices=queries.choices(session, who),
        views=[{"href": chosen.link(path), "label": label, "current": path == here} for path, label in views],
        here=here,
        periods=plan.periods(session),
        badges=BADGES,
        group_badges=GROUP_BADGES,
        short=short,
        shown_percent=shown_percent,
        shown_difference=shown_difference,
        **more,
    )


@router.get("/district")
def district(request: Request, session: Db, who: Seen, chosen: Filters) -> Response:
    counts = queries.item_counts(session, who, chosen.wanted, chosen.level)
    hardest = sorted((row for row in counts if row.behind), key=lambda row: -row.hardness)[:3]
    bars = queries.differences(session, who, chosen.wanted, chosen.level, chosen.item or None)
    most = max((bar.schools for bar in bars), default=0)
    return _shown(
        request, session, who, chosen, "district.html",
        counts=counts, hardest=hardest, bars=bars, most=most, statuses=STATUSES,
    )  # fmt: skip


@router.get("/heat-map")
def heat_map(request: Request, session: Db, who: Seen, chosen: Filters, after: After = 0) -> Response:
    rows = queries.heat_rows(session, who, chosen.wanted, chosen.level, PAGE + 1, after)
    return _shown(
        request, session, who, chosen, "heat_map.html",
        rows=rows[:PAGE], first=after + 1,
        previous=chosen.link("heat-map", after=max(0, after - PAGE)) if after else None,
        next=chosen.link("heat-map", after=after + PAGE) if len(rows) > PAGE else None,
    )  # fmt: skip


@router.get("/feasibility")
def feasible(request: Request, session: Db, who: Seen, chosen: Filters, after: After = 0) -> Response:
    if not chosen.item:
        counts = queries.item_counts(session, who, chosen.wanted, chosen.level)
        chosen.item = max(counts, key=lambda row: row.hardness).item.item_id if counts else ""
        chosen.kept["item"] = chosen.item
    median = queries.median_gain(session, chosen.level, chosen.item)
    found = queries.needed_gains(session, who, chosen.wanted, chosen.level, chosen.item, PAGE + 1, after)
    return _shown(
        request, session, who, chosen, "feasibility.html",
        rows=[(row, feasibility(row.needed, row.best, median)) for row in found[:PAGE]],
        median=median, first=after + 1,
        previous=chosen.link("feasibility", after=max(0, after - PAGE)) if after else None,
        next=chosen.link("feasibility", after=after + PAGE) if len(found) > PAGE else None,
    )  # fmt: skip


@router.get("/district.csv")
def district_csv(session: Db, who: Seen, chosen: Filters) -> Response:
    counts = queries.item_counts(session, who, chosen.wanted, chosen.level)
    headers = {"content-disposition": 'attachment; filename="progress-items.csv"'}
    return Response(exports.counts_csv(counts), media_type=CSV_TYPE, headers=headers)


@router.get("/district.xlsx")
def district_xlsx(session: Db, who: Seen, chosen: Filters) -> Response:
    counts = queries.item_counts(session, who, chosen.wanted, chosen.level)
    heat = queries.heat_rows(session, who, chosen.wanted, chosen.level, ALL, 0)
    rows = exports.standings_rows(heat, [row.item for row in counts], plan.periods(session))
    content = exports.district_book(f"Progress, {chosen.level}", counts, rows)
    headers = {"content-disposition": 'attachment; filename="progress-district.xlsx"'}
    return Response(content, media_type=XLSX_TYPE, headers=headers)
