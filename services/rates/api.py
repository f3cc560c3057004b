"""The API of rates."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from services.rates import queries
from services.rates.rules import TIER_LABELS, tier_nr
from shared.access import Who
from shared.events import Group
from shared.names import name_key
from shared.web import Db, allow

router = APIRouter(prefix="/rates/api/v1", tags=["rates"])
Sort = Literal["school", "-school", "tier", "-tier", "needed", "rate", "-rate", "region"]


@router.get("/rates")
def get_rates(
    session: Db,
    _: Annotated[Who, allow("rates.see")],
    group: Group = "parents",
    on: date | None = None,
    region: str | None = None,
    cos: str | None = None,
    director: str | None = None,
    tier: Annotated[int | None, Query(ge=1, le=4)] = None,
    q: str | None = None,
    sort: Sort = "region",
    limit: Annotated[int, Query(ge=1, le=2000)] = 100,
    cursor: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, Any]:
    """Rows named as the district's columns, plus `surveys_needed`; `cursor` is the `next` of the page before."""
    extraction = queries.extraction_of(session, group, on)
    if extraction is None:
        return {"rows": [], "next": None, "term": None, "on": None}
    chosen = queries.Filter(group, on, region, cos, name_key(director) if director else None, tier, q, sort)
    rows = queries.rows(session, extraction.term, extraction.on, chosen, limit, cursor)
    told = [_row(row) for row in rows]
    return {
        "rows": told,
        "next": cursor + limit if len(rows) == limit else None,
        "term": extraction.term,
        "on": extraction.on,
    }


def _row(row: Any) -> dict[str, Any]:
    return {
        "school_key": row.school_key,
        "region": row.region,
        "ploc": row.ploc,
        "cos": row.cos,
        "regional_director": row.director,
        "school": row.school,
        "category": row.group.capitalize(),
        "response_tier_nr": tier_nr(row.tier),
        "response_tier": TIER_LABELS.get(row.tier, ""),
        "total_surveys": row.total,
        "surveys_submitted": row.submitted,
        "response_rate": None if row.rate is None else str(row.rate),
        "date_of_extraction": row.on,
        "tier": row.tier,
        "surveys_needed": row.needed,
    }
