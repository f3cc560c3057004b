"""The pages of rates: the table of each respondent group."""

from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from services.rates import queries
from services.rates.rules import TIER_LABELS, shown_rate, tier_nr
from shared.access import Who
from shared.events import GROUPS, Group
from shared.names import name_key
from shared.web import Db, allow, page

router = APIRouter(prefix="/rates", include_in_schema=False)
PAGE = 100


@router.get("/")
def table(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("rates.see")],
    group: Group | None = None,
    on: date | None = None,
    region: str | None = None,
    cos: str | None = None,
    director: str | None = None,
    tier: Annotated[int | None, Query(ge=1, le=4)] = None,
    q: str | None = None,
    sort: str = "region",
    after: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    chosen_group = group or _first_group(session, on)
    sort = sort if sort in queries.SORTS else "region"
    director_key = name_key(director) if director else None
    chosen = queries.Filter(chosen_group, on, region or None, cos or None, director_key, tier, q or None, sort)
    extraction = queries.extraction_of(session, chosen_group, on)
    rows = [] if extraction is None else queries.rows(session, extraction.term, extraction.on, chosen, PAGE + 1, after)
    counts = {} if extraction is None else queries.tier_counts(session, extraction.term, extraction.on, chosen_group)
    kept = {"on": on, "region": region, "cos": cos, "director": director, "tier": tier, "q": q, "sort": sort}
    return page(
        request,
        "table.html",
        rows=rows[:PAGE],
        extraction=extraction,
        group=chosen_group,
        counts=counts,
        chosen=kept,
        tabs=[_tab(name, chosen_group, kept) for name in GROUPS],
        shown_rate=shown_rate,
        tier_nr=tier_nr,
        labels=TIER_LABELS,
        previous=_link({**kept, "group": chosen_group, "after": max(0, after - PAGE)}) if after else None,
        next=_link({**kept, "group": chosen_group, "after": after + PAGE}) if len(rows) > PAGE else None,
        first=after + 1,
    )


def _first_group(session: Db, on: date | None) -> Group:
    """The group whose extraction is the newest, parents first."""
    found = {name: queries.extraction_of(session, name, on) for name in ("parents", "staff", "students")}
    dated: list[Group] = [name for name in GROUPS if found[name] is not None]
    return max(dated, key=lambda name: (found[name].on, name == "parents"), default="parents")  # type: ignore[union-attr]


def _link(values: dict[str, Any]) -> str:
    return "/rates/?" + urlencode({name: value for name, value in values.items() if value not in (None, "")})


def _tab(name: Group, current: Group, kept: dict[str, Any]) -> dict[str, Any]:
    return {"href": _link({**kept, "group": name}), "label": name.capitalize(), "current": name == current}
