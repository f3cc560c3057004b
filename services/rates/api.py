"""The API of rates."""

import re
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy import Row

from services.rates.queries import table
from services.rates.queries.columns import COLUMNS
from services.rates.queries.extractions import extraction_at, extractions
from services.rates.queries.filters import RateFilter
from services.rates.queries.own import own_schools
from services.rates.rules.tiers import TIER_LABELS, tier_nr
from shared.access import Who
from shared.errors import Invalid
from shared.events import Group
from shared.web import Db, allow

router = APIRouter(prefix="/rates/api/v1", tags=["rates"])
_CURSOR = re.compile(r"([0-9-]{10})\.([0-9]{1,7})", re.ASCII)
Texts = Annotated[list[str] | None, Query()]
_EXAMPLE = {
    "rows": [
        {
            "school_key": "1585701",
            "region": "S",
            "ploc": "5857",
            "cos": "Fremont CoS",
            "regional_director": "VEGA, MARTA",
            "school": "Alder St El",
            "category": "Parents",
            "response_tier_nr": "Tier-1",
            "response_tier": "Less Than 25%",
            "total_surveys": 400,
            "surveys_submitted": 90,
            "response_rate": "22.5000",
            "date_of_extraction": "2025-02-21",
            "tier": 1,
            "surveys_needed": 10,
            "level": "Elementary",
            "in_extraction": True,
            "last_seen": "2025-02-21",
            "first_seen": "2025-02-07",
            "change_surveys": 12,
            "change_points": "3.0000",
            "movement": "",
            "stalled": 0,
            "final_low": 88,
            "final_likely": 104,
            "final_high": 131,
            "outlook": "may",
            "needed_per_school_day": "0.7",
        }
    ],
    "next": "2025-02-21.100",
    "term": "Sp25",
    "on": "2025-02-21",
    "group": "parents",
}


@router.get("/rates", responses={200: {"content": {"application/json": {"example": _EXAMPLE}}}})
def get_rates(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("rates.see")],
    group: Annotated[Group, Query(examples=["parents"])] = "parents",
    on: Annotated[date | None, Query(description="Date of an extraction; the newest without it")] = None,
    region: Annotated[list[str] | None, Query(examples=[["E", "XS"]])] = None,
    cos: Texts = None,
    director: Annotated[list[str] | None, Query(description="A director as written in a row")] = None,
    level: Texts = None,
    tier: Annotated[list[str] | None, Query(description="1 to 4, none, absent", examples=[["1"]])] = None,
    q: Annotated[str | None, Query(description="Part of a school, PLOC, CoS or director")] = None,
    sort: Annotated[list[str] | None, Query(description="Columns, - for descending", examples=[["needed"]])] = None,
    limit: Annotated[int, Query(ge=1, le=2000)] = 100,
    cursor: Annotated[str | None, Query(description="`next` of the page before", examples=["2025-02-21.100"])] = None,
) -> dict[str, Any]:
    """Rows named as the district's columns, with what is computed beside them; schools last seen before included.

    Every filter of the table's address works here too: `school`, `ploc`, `movement`, `<column>.has`, `.starts`, `.not`,
    `.min`, `.max`, `mine=1`. The cursor holds the extraction, so that a newer one does not mix in.

    `movement` is `left` (left Tier 1), `newly_in` (in Tier 1 and not in it before), `first_seen` (in no earlier extraction
    of the term), `missing` (not in this extraction), `awaited` (may be in what has not arrived), `stalled` or empty.
    `outlook`, of a school in Tier 1, is what it will be at the close if nothing changes: `stays`, `may`, `leaves`, or empty;
    `final_low`, `final_likely` and `final_high` are surveys at the close, the range holds 80 of 100 schools.
    """
    _check_sorts(sort or [])
    day, offset = _cursor(cursor) if cursor else (on, 0)
    rates = RateFilter.read([("group", group), *request.query_params.multi_items()])
    extraction = extraction_at(session, group, day, rates.term)
    if extraction is None:
        return {"rows": [], "next": None, "term": None, "on": None, "group": group}
    found = table.rows(session, extraction, rates, own_schools(who), limit + 1, offset)
    return {
        "rows": [_row(row) for row in found[:limit]],
        "next": f"{extraction.extraction_date}.{offset + limit}" if len(found) > limit else None,
        "term": extraction.term,
        "on": extraction.extraction_date,
        "group": group,
    }


def _check_sorts(given: list[str]) -> None:
    for name in (part.strip().removeprefix("-") for text in given for part in text.split(",")):
        if name and name not in COLUMNS:
            raise Invalid(f"There is no column {name} to sort by. Columns: {', '.join(COLUMNS)}.", code="sort_unknown")


def _cursor(given: str) -> tuple[date, int]:
    found = _CURSOR.fullmatch(given)
    return _cursor_day(found[1] if found else ""), int(found[2]) if found else 0


def _cursor_day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise Invalid("The cursor is not valid. Start again without it.", code="cursor_unknown") from None


@router.get("/extractions")
def get_extractions(
    session: Db,
    who: Annotated[Who, allow("rates.see")],
    group: Group = "parents",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    cursor: Annotated[str | None, Query(description="`next` of the page before", examples=["2025-02-21.Sp25"])] = None,
) -> dict[str, Any]:
    """The extractions of a group, newest first; `next` is the cursor of the page after."""
    day, _, term = (cursor or "").partition(".")
    found = extractions(session, group, limit + 1, (_cursor_day(day), term) if cursor else None)
    return {
        "extractions": [
            {
                "term": each.term,
                "on": each.extraction_date,
                "group": each.respondent_group,
                "revision": each.revision,
                "schools": each.schools,
            }
            for each in found[:limit]
        ],
        "next": f"{found[limit].extraction_date}.{found[limit].term}" if len(found) > limit else None,
    }


def _row(row: Row[Any]) -> dict[str, Any]:
    return {
        "school_key": row.school_key,
        "region": row.region,
        "ploc": row.ploc,
        "cos": row.cos,
        "regional_director": row.director,
        "school": row.school,
        "category": row.respondent_group.capitalize(),
        "response_tier_nr": tier_nr(row.tier),
        "response_tier": TIER_LABELS.get(row.tier, ""),
        "total_surveys": row.total,
        "surveys_submitted": row.submitted,
        "response_rate": None if row.rate is None else str(row.rate),
        "date_of_extraction": row.last_seen,
        "tier": row.tier,
        "surveys_needed": row.needed,
        "level": row.level,
        "in_extraction": row.present,
        "last_seen": row.last_seen,
        "first_seen": row.first_seen,
        "change_surveys": row.change_surveys,
        "change_points": None if row.change_points is None else str(row.change_points),
        "movement": row.movement,
        "stalled": row.stalled,
        "final_low": row.final_low,
        "final_likely": row.final_likely,
        "final_high": row.final_high,
        "outlook": row.outlook,
        "needed_per_school_day": None if row.needed_per_day is None else str(row.needed_per_day),
    }
