"""Roll-ups by region, CoS, director or level with the district on top, and the heat map over all groups."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.rates.pages.cells import number, points, trail_words
from services.rates.queries import table as tables
from services.rates.queries.columns import BLANK
from services.rates.queries.rollups import BY, Rollup, rollups
from services.rates.queries.views import View
from services.rates.rules import TIER_LABELS, TIERS, shown_rate, tier_nr
from shared.access import Who
from shared.events import GROUPS, Group
from shared.web import Db, allow, page
from shared.web.caching import unless_known
from shared.web.charts import lines

router = APIRouter(prefix="/rates", include_in_schema=False)
By = Literal["region", "cos", "director", "level", "district"]
Sort = Literal["name", "tier1", "rate", "points"]
_ORDERS = {
    "name": lambda each: each.name.casefold(),
    "tier1": lambda each: (-each.tiers[0], each.name.casefold()),
    "rate": lambda each: (each.rate is None, each.rate or 0, each.name.casefold()),
    "points": lambda each: (each.points is None, each.points or 0, each.name.casefold()),
}


@router.get("/rollup")
def rollup(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("rates.see")],
    by: By = "region",
    group: Group | None = None,
    on: date | None = None,
    sort: Sort = "name",
) -> Response:
    def make() -> Response:
        chosen = group or tables.newest_group(session, on)
        extraction = tables.extraction_at(session, chosen, on)
        found = [] if extraction is None else rollups(session, extraction, "region" if by == "district" else by)
        parts = [] if by == "district" else sorted((each for each in found if not each.is_district), key=_ORDERS[sort])
        view = View(group=chosen, on=on)
        return page(
            request,
            "rollup.html",
            extraction=extraction,
            by=by,
            label=BY.get(by, "District"),
            tabs=[_tab(name, f"/rates/rollup?by={by}&group={name}{_on(on)}", chosen) for name in GROUPS],
            kinds=[_tab(kind, f"/rates/rollup?by={kind}&group={chosen}{_on(on)}", by, label) for kind, label in _KINDS],
            rows=[_cells(each, view, by) for each in (*found[:1], *parts)],
            sorts={name: f"/rates/rollup?by={by}&group={chosen}{_on(on)}&sort={name}" for name in _ORDERS},
            sort=sort,
            labels=TIER_LABELS,
            group=chosen,
        )

    return unless_known(request, tables.version(session), make)


_KINDS = (*BY.items(), ("district", "District"))


def _on(on: date | None) -> str:
    return f"&on={on}" if on else ""


def _tab(name: str, href: str, current: str, label: str = "") -> dict[str, Any]:
    return {"href": href, "label": label or name.capitalize(), "current": name == current}


def _cells(each: Rollup, view: View, by: str) -> dict[str, Any]:
    part = {} if each.is_district else {by: (each.name if each.key else BLANK,)}
    return {
        "name": each.name,
        "is_district": each.is_district,
        "href": view.address(listed=part),
        "tiers": [(n, count, view.address(listed={**part, "tier": (str(n),)})) for n, count in zip(TIERS, each.tiers, strict=True)],
        "submitted": number(each.submitted),
        "total": number(each.total),
        "rate": shown_rate(each.submitted, each.total),
        "tier": each.tier,
        "tier_nr": tier_nr(each.tier) or "No rate",
        "coverage": f"{each.present:,} of {each.expected:,}",
        "missing": each.expected - each.present,
        "missing_href": view.address(listed={**part, "mark": ("missing",)}),
        "points": points(each.points),
        "moves": ", ".join(words for count, words in ((each.left, f"{each.left} left"), (each.fell, f"{each.fell} fell")) if count),
        "trail": lines(each.trail[-12:]),
        "trail_words": trail_words(each.trail[-12:]),
    }  # fmt: skip


@router.get("/heatmap")
def heatmap(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("rates.see")],
    by: Literal["region", "cos", "director", "level"] = "region",
    on: date | None = None,
) -> Response:
    def make() -> Response:
        extractions = {group: tables.extraction_at(session, group, on) for group in GROUPS}
        cells: dict[str, dict[str, Any]] = {}
        for group, extraction in extractions.items():
            for each in rollups(session, extraction, by) if extraction is not None else ():
                cells.setdefault(each.name, {})[group] = _cells(each, View(group=group, on=on), by)
        names = sorted(cells, key=lambda name: (name != "District", name.casefold()))
        return page(
            request,
            "heatmap.html",
            by=by,
            label=BY[by],
            kinds=[_tab(kind, f"/rates/heatmap?by={kind}{_on(on)}", by, label) for kind, label in BY.items()],
            groups=[(group, extraction) for group, extraction in extractions.items()],
            rows=[(name, cells[name]) for name in names],
            labels=TIER_LABELS,
        )

    return unless_known(request, tables.version(session), make)
