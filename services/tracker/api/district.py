"""The API of the district's view: how many schools stand where for each item."""

from typing import Annotated, Any

from fastapi import APIRouter

from services.tracker.queries.books import Wanted
from services.tracker.queries.district import item_counts
from services.tracker.rules.known import LEVELS
from shared.access import Who
from shared.web import Db, allow

router = APIRouter(prefix="/tracker/api/v1", tags=["tracker"])


@router.get("/district")
def get_district(
    session: Db,
    who: Annotated[Who, allow("tracker.see")],
    level: str = LEVELS[0],
    region: str | None = None,
    cos: str | None = None,
    director: str | None = None,
) -> dict[str, Any]:
    """Per item the number of schools in each status, with coverage: `known` of `expected` have one."""
    counts = item_counts(session, who, Wanted(region, cos, director), level)
    rows = [
        {
            "item_id": row.item.item_id,
            "group": row.item.group,
            "item": row.item.item,
            "expected": row.expected,
            "known": row.known,
            "behind": row.behind,
            "statuses": row.counts,
        }
        for row in counts
    ]
    return {"level": level, "items": rows, "next": None}
