"""Roll-ups by region, CoS, director or level with the district on top, and the heat map over all groups."""

from dataclasses import replace
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.rates.pages.cells import TRAIL, number, points, trail_words
from services.rates.pages.charts import tiers_chart
from services.rates.queries.columns import BLANK
from services.rates.queries.extractions import extraction_at, newest_group, version
from services.rates.queries.filters import PLACE, RateFilter
from services.rates.queries.rollups import BY, Rollup, rollups
from services.rates.rules.tiers import TIER_LABELS, tier_nr
from shared.access import Who
from shared.events import GROUPS
from shared.numbers import counted
from shared.tiers import TIERS, shown_rate
from shared.web import Db, allow, page
from shared.web.caching import unless_known
from shared.web.charts import lines

# With more parts than these the page would be mostly charts; each would be too small to read beside the others.
MOST_CHARTS = 12
router = APIRouter(prefix="/rates", include_in_schema=False)
By = Literal["region", "cos", "director", "level", "district"]
Sort = Literal["name", "tier1", "rate", "points"]
_ORDERS = {
    "name": lambda each: each.sort,
    "tier1": lambda each: (-each.tiers[0], each.sort),
    "rate": lambda each: (each.rate is None, each.rate or 0, each.sort),
    "points": lambda each: (each.points is None, each.points or 0, each.sort),
}


@router.get("/rollup")
def rollup(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("rates.see")],
    by: By = "region",
    sort: Sort = "name",
) -> Response:
    rates = _place(request)

    def make() -> Response:
        group = rates.group or newest_group(session, rates.day)
        extraction = extraction_at(session, group, rates.day, rates.term)
        found = [] if extraction is None else rollups(session, extraction, "region" if by == "district" else by)
        parts = [] if by == "district" else sorted((each for each in found if not each.is_district), key=_ORDERS[sort])
        here = replace(rates, group=group)
        return page(
            request,
            "rollup.html",
            extraction=extraction,
            by=by,
            label=BY.get(by, "District"),
            tabs=[_tab(name, _link("rollup", replace(rates, group=name), by), group) for name in GROUPS],
            kinds=[_tab(kind, _link("rollup", here, kind), by, label) for kind, label in _KINDS],
            rows=[_cells(each, here, by) for each in (*found[:1], *parts)],
            sorts={name: _link("rollup", here, by, sort=name) for name in _ORDERS},
            sort=sort,
            pictures=_pictures(found[0], parts) if found else {},
            most_charts=MOST_CHARTS,
            labels=TIER_LABELS,
            group=group,
            place=here.place(),
        )

    return unless_known(request, version(session), make)


def _pictures(district: Rollup, parts: list[Rollup]) -> dict[str, Any]:
    """The district's tiers by extraction, and those of each part where they are few."""
    drawn = [(each.name, tiers_chart(each.name, each.weeks, is_small=True)) for each in parts]
    return {"district": tiers_chart("District", district.weeks), "parts": drawn if len(parts) <= MOST_CHARTS else []}


_KINDS = (*BY.items(), ("district", "District"))


def _place(request: Request) -> RateFilter:
    """The group and the extraction of the address, read as the table reads them."""
    return RateFilter.read((name, value) for name, value in request.query_params.multi_items() if name in PLACE)


def _link(page: str, rates: RateFilter, by: str, **more: str) -> str:
    return rates.address(f"/rates/{page}") + ("&" if rates.pairs() else "?") + urlencode({"by": by, **more})


def _tab(name: str, href: str, current: str, label: str = "") -> dict[str, Any]:
    return {"href": href, "label": label or name.capitalize(), "current": name == current}


def _cells(each: Rollup, rates: RateFilter, by: str) -> dict[str, Any]:
    part = {} if each.is_district else {by: (each.name if each.key else BLANK,)}
    return {
        "name": each.name,
        "is_district": each.is_district,
        "href": rates.address(listed=part),
        "tiers": [(n, count, rates.address(listed={**part, "tier": (str(n),)})) for n, count in zip(TIERS, each.tiers, strict=True)],
        "submitted": number(each.submitted),
        "total": number(each.total),
        "rate": shown_rate(each.submitted, each.total),
        "tier": each.tier,
        "shade": None if each.rate is None else min(int(each.rate) // 10, 9),
        "tier_nr": tier_nr(each.tier) or "No rate",
        "coverage": f"{each.rated:,} of {counted(each.expected, 'school')}",
        "missing": each.expected - each.present,
        "missing_href": rates.address(listed={**part, "movement": ("missing",)}),
        "unrated": each.present - each.rated,
        "unrated_href": rates.address(listed={**part, "tier": ("none",)}),
        "points": points(each.points),
        "moves": ", ".join(words for count, words in ((each.left, f"{each.left:,} left"), (each.newly_in, f"{each.newly_in:,} newly in")) if count),
        "stays": each.stays,
        "may": each.may,
        "outlook": f"{counted(each.stays, 'school')} will end in Tier 1 and {each.may:,} may",
        "ends": [
            (words, rates.address(listed={**part, "outlook": (key,)}))
            for key, count, words in (("stays", each.stays, f"{each.stays:,} will"), ("may", each.may, f"{each.may:,} may"))
            if count
        ],
        "trail": lines(each.trail[-TRAIL:]),
        "trail_words": trail_words(each.trail),
    }  # fmt: skip


@router.get("/heatmap")
def heatmap(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("rates.see")],
    by: Literal["region", "cos", "director", "level"] = "region",
) -> Response:
    rates = replace(_place(request), group=None)

    def make() -> Response:
        extractions = {group: extraction_at(session, group, rates.day, rates.term) for group in GROUPS}
        parts: dict[tuple[bool, str], dict[str, Any]] = {}
        for group, extraction in extractions.items():
            for each in rollups(session, extraction, by) if extraction is not None else ():
                row = parts.setdefault((not each.is_district, each.key), {"name": each.name, "sort": each.sort})
                row[group] = _cells(each, replace(rates, group=group), by)
        return page(
            request,
            "heatmap.html",
            by=by,
            label=BY[by],
            kinds=[_tab(kind, _link("heatmap", rates, kind), by, label) for kind, label in BY.items()],
            groups=[(group, extraction) for group, extraction in extractions.items()],
            rows=sorted(parts.values(), key=lambda row: (row is not parts.get((False, "")), row["sort"])),
            place=rates.place(),
        )

    return unless_known(request, version(session), make)
