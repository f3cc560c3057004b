"""The district's pages: where schools stand per item, the heat map of schools and items, and feasibility."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from services.tracker.exports import district as exports
from services.tracker.pages.charts import spread_chart
from services.tracker.pages.sheet import SHOWN
from services.tracker.queries import district as queries
from services.tracker.queries.plan import items_of, levels, periods, plan_of, plans
from services.tracker.queries.schools import SchoolFilter
from services.tracker.rules.progress import STATUSES, feasibility
from services.tracker.tables.plan import Goal, Item, StrategicPlan
from shared.access import Who
from shared.errors import NotFound
from shared.files.workbooks import CSV_TYPE, XLSX_TYPE
from shared.web import Db, allow, page

router = APIRouter(prefix="/tracker", include_in_schema=False)
PAGE = 40
ALL = 100_000
# The size of a difference that fills a cell of the heat map, in percentage points, and the steps of its shade.
FULL_SHADE, SHADES = 10, 4


class DistrictFilter:
    """The filters of the district's pages, from the address."""

    def __init__(
        self,
        session: Db,
        level: str = "",
        region: str = "",
        cos: str = "",
        director: str = "",
        item: str = "",
        plan: str = "",
        order: str = "",
    ) -> None:
        self.plan: StrategicPlan = plan_of(session, plan or None)
        self.levels = levels(session, self.plan.plan_id)
        self.level = level or next(iter(self.levels), "")
        if self.levels and self.level not in self.levels:
            raise NotFound(f"The plan has no level {self.level}. It has: {', '.join(self.levels)}.")
        self.schools = SchoolFilter(region or None, cos or None, director or None)
        self.followed: list[tuple[Item, Goal]] = list(items_of(session, self.plan.plan_id, self.level))
        self.items = [found for found, _ in self.followed]
        self.item = item
        self.order = order
        self.kept = {
            "level": level, "region": region, "cos": cos, "director": director, "item": item, "plan": plan, "order": order,
        }  # fmt: skip

    @property
    def item_ids(self) -> list[str]:
        return [item.item_id for item in self.items if self.item in ("", item.item_id)]

    def link(self, path: str, **more: Any) -> str:
        values = {name: value for name, value in {**self.kept, **more}.items() if value not in ("", None)}
        return f"/tracker/{path}?{urlencode(values)}"


Filters = Annotated[DistrictFilter, Depends(DistrictFilter)]
Sees = Annotated[Who, allow("tracker.see")]
After = Annotated[int, Query(ge=0)]


def short(item: Item) -> str:
    """A column's heading: priority and content area, such as `2C Growth Mindset`."""
    return f"{item.pillar.rpartition(' ')[2]} {item.area or item.item}"


def shade(difference: Any) -> str:
    """The class of a heat map's cell: worse or better, the darker the larger the difference."""
    if difference is None:
        return ""
    step = min(SHADES, 1 + int(abs(difference) * SHADES / FULL_SHADE))
    return f"heat-{'behind' if difference < 0 else 'ahead'}-{step}"


def _shown(request: Request, session: Db, who: Who, filters: DistrictFilter, template: str, **more: Any) -> Response:
    views = (("district", "Items"), ("heat-map", "Heat map"), ("feasibility", "Feasibility"))
    here = request.url.path.rpartition("/")[2]
    return page(
        request,
        template,
        filters=filters,
        plans=plans(session),
        choices=queries.choices(session, who),
        views=[{"href": filters.link(path), "label": label, "current": path == here} for path, label in views],
        here=here,
        periods=periods(session, filters.plan.plan_id),
        short=short,
        **SHOWN,
        **more,
    )


@router.get("/district")
def district(request: Request, session: Db, who: Sees, filters: Filters) -> Response:
    counts = queries.item_counts(session, who, filters.schools, filters.plan.plan_id, filters.level)
    hardest = sorted((row for row in counts if row.behind), key=lambda row: -row.hardness)[:3]
    bars = queries.differences(session, who, filters.schools, filters.level, filters.item_ids)
    return _shown(
        request, session, who, filters, "district.html",
        counts=counts, hardest=hardest, spread=spread_chart(bars), statuses=STATUSES,
    )  # fmt: skip


@router.get("/heat-map")
def heat_map(request: Request, session: Db, who: Sees, filters: Filters, after: After = 0) -> Response:
    by_name = filters.order == "name"
    ids = [item.item_id for item in filters.items]
    rows = queries.heat_rows(session, who, filters.schools, filters.level, ids, PAGE + 1, after, by_name=by_name)
    return _shown(
        request, session, who, filters, "heat_map.html",
        rows=rows[:PAGE], first=after + 1, shade=shade,
        previous=filters.link("heat-map", after=max(0, after - PAGE)) if after else None,
        next=filters.link("heat-map", after=after + PAGE) if len(rows) > PAGE else None,
    )  # fmt: skip


@router.get("/feasibility")
def feasible(request: Request, session: Db, who: Sees, filters: Filters, after: After = 0) -> Response:
    if not filters.item:
        counts = queries.item_counts(session, who, filters.schools, filters.plan.plan_id, filters.level)
        filters.item = max(counts, key=lambda row: row.hardness).item.item_id if counts else ""
        filters.kept["item"] = filters.item
    median = queries.median_gain(session, filters.level, filters.item)
    found = queries.needed_gains(session, who, filters.schools, filters.level, filters.item, PAGE + 1, after)
    rows = [(row, feasibility(row.progress.needed, row.best, median, row.progress.goal)) for row in found[:PAGE]]
    return _shown(
        request, session, who, filters, "feasibility.html",
        rows=rows, median=median, first=after + 1,
        previous=filters.link("feasibility", after=max(0, after - PAGE)) if after else None,
        next=filters.link("feasibility", after=after + PAGE) if len(found) > PAGE else None,
    )  # fmt: skip


@router.get("/district.csv")
def district_csv(session: Db, who: Sees, filters: Filters) -> Response:
    counts = queries.item_counts(session, who, filters.schools, filters.plan.plan_id, filters.level)
    headers = {"content-disposition": 'attachment; filename="progress-items.csv"'}
    return Response(exports.counts_csv(counts), media_type=CSV_TYPE, headers=headers)


@router.get("/district.xlsx")
def district_xlsx(session: Db, who: Sees, filters: Filters) -> Response:
    counts = queries.item_counts(session, who, filters.schools, filters.plan.plan_id, filters.level)
    ids = [item.item_id for item in filters.items]
    heat = queries.heat_rows(session, who, filters.schools, filters.level, ids, ALL, 0, by_name=True)
    labels = periods(session, filters.plan.plan_id)
    rows = exports.progress_rows(heat, filters.items, labels)
    title, final = f"Progress, {filters.level}", filters.plan.final_label
    content = exports.district_book(title, counts, rows, final)
    headers = {"content-disposition": 'attachment; filename="progress-district.xlsx"'}
    return Response(content, media_type=XLSX_TYPE, headers=headers)
