"""What of rates can be seen: the table of a group at an extraction, and the extractions there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

_EXTRACTIONS = text(
    'select term, "on", "group", revision, schools, computed_at from extraction order by "on" desc, "group" limit 200'
)
_NEWEST = text('select term, "on" from extraction where "group" = :group order by "on" desc limit 1')
_AT = text('select term, "on" from extraction where "group" = :group and "on" = :on order by term desc limit 1')
_ROWS = (
    'select school_key, region, ploc, cos, director, school, "group", tier, total, submitted, rate, needed, "on", level,'
    ' file_tier, file_rate from rate where term = :term and "on" = :on and "group" = :group and not removed'
    " and (cast(:region as text) is null or region = :region)"
    " and (cast(:cos as text) is null or cos = :cos)"
    " and (cast(:director_key as text) is null or director_key = :director_key)"
    " and (cast(:tier as smallint) is null or tier = :tier)"
    " and (cast(:q as text) is null or school_sort like :q or ploc like :q or lower(cos) like :q or lower(director) like :q)"
    " order by {order} limit :limit offset :offset"
)
_COUNTS = text(
    'select tier, count(*) as schools from rate where term = :term and "on" = :on and "group" = :group and not removed'
    " group by tier"
)
SORTS = {
    "school": "school_sort, school_key",
    "-school": "school_sort desc, school_key desc",
    "tier": "tier nulls last, needed, school_sort, school_key",
    "-tier": "tier desc nulls last, school_sort, school_key",
    "needed": "needed nulls last, school_sort, school_key",
    "rate": "rate nulls last, school_sort, school_key",
    "-rate": "rate desc nulls last, school_sort, school_key",
    "region": "region, tier desc nulls last, ploc, school_key",
}


@dataclass(frozen=True)
class Filter:
    """Which rows are asked for; None is no filter."""

    group: str
    on: date | None = None
    region: str | None = None
    cos: str | None = None
    director_key: str | None = None
    tier: int | None = None
    q: str | None = None
    sort: str = "region"


def extraction_of(session: Session, group: str, on: date | None) -> Any | None:
    """The (term, on) that is asked for, the newest where no date is; None where there is none."""
    values = {"group": group, "on": on}
    return session.execute(_NEWEST if on is None else _AT, values).one_or_none()


def rows(session: Session, term: str, on: date, chosen: Filter, limit: int, offset: int = 0) -> Sequence[Any]:
    """The rows of a group at an extraction, filtered and sorted."""
    wanted = None if not chosen.q else "%" + chosen.q.casefold().replace("%", r"\%").replace("_", r"\_") + "%"
    values = {
        "term": term,
        "on": on,
        "group": chosen.group,
        "region": chosen.region,
        "cos": chosen.cos,
        "director_key": chosen.director_key,
        "tier": chosen.tier,
        "q": wanted,
        "limit": limit,
        "offset": offset,
    }
    return session.execute(text(_ROWS.format(order=SORTS[chosen.sort])), values).all()


def tier_counts(session: Session, term: str, on: date, group: str) -> dict[int | None, int]:
    """How many schools stand in each tier; None for those without a rate."""
    found = session.execute(_COUNTS, {"term": term, "on": on, "group": group})
    return {row.tier: row.schools for row in found}


def extractions(session: Session) -> Sequence[Any]:
    """The extractions per group, newest first."""
    return session.execute(_EXTRACTIONS).all()
