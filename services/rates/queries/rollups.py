"""Sums over schools by region, CoS, director or level, with the district's; each with how many schools they cover."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.rates.queries.table import Extraction
from services.rates.rules import TIERS, rate, tier

BY = {"region": "Region", "cos": "CoS", "director": "Regional Director", "level": "Level"}
_KEYS = {"region": "region", "cos": "cos", "director": "director_key", "level": "level"}
_TIER_COUNTS = ", ".join(f"count(*) filter (where tier = {number})" for number in TIERS)
# Sums hold the schools with a rate alone: a blank count is not zero, and surveys of no known total are part of no rate.
_BOTH = "rate is not null and was_rate is not null"
_SUMS = (
    "select coalesce({key}, '') as key, grouping({key}) as is_district, max({name}) as name, count(*) as expected,"
    f" count(*) filter (where present) as present, array[{_TIER_COUNTS}] as tiers,"
    " sum(submitted) filter (where rate is not null) as submitted, sum(total) filter (where rate is not null) as total,"
    f" sum(submitted) filter (where {_BOTH}) as matched_submitted, sum(total) filter (where {_BOTH}) as matched_total,"
    f" sum(was_submitted) filter (where {_BOTH}) as was_submitted, sum(was_total) filter (where {_BOTH}) as was_total,"
    " count(*) filter (where mark = 'left') as left_now, count(*) filter (where mark = 'fell') as fell_now"
    ' from standing where term = :term and "group" = :group and "on" = :on group by grouping sets (({key}), ())'
)
_TRAILS = (
    "select coalesce({key}, '') as key, grouping({key}) as is_district, \"on\","
    " sum(submitted) filter (where rate is not null) * 100.0 / sum(total) filter (where rate is not null) as rate"
    ' from standing where term = :term and "group" = :group and "on" <= :on group by grouping sets (({key}, "on"), ("on"))'
    ' order by "on"'
)


@dataclass(frozen=True)
class Rollup:
    """The sums of one region, CoS, director or level; the district's has an empty key and `is_district`.

    `points` is the change among the schools that have a rate and had one before: who comes and goes does not move it.
    """

    key: str
    name: str
    is_district: bool
    expected: int
    present: int
    tiers: tuple[int, ...]
    submitted: int
    total: int
    points: Decimal | None
    left: int
    fell: int
    trail: tuple[Decimal | None, ...]

    @property
    def rated(self) -> int:
        """How many schools the sums cover: those with a rate."""
        return sum(self.tiers)

    @property
    def rate(self) -> Decimal | None:
        return rate(self.submitted, self.total)

    @property
    def tier(self) -> int | None:
        return tier(self.submitted, self.total)


def rollups(session: Session, extraction: Extraction, by: str) -> list[Rollup]:
    """The district first, then each part in the order of its name."""
    key = _KEYS[by]
    trails: dict[tuple[bool, str], list[Decimal | None]] = {}
    for row in session.execute(text(_TRAILS.format(key=key)), extraction.place):
        trails.setdefault((bool(row.is_district), row.key), []).append(row.rate)
    found = [
        _rollup(row, tuple(trails.get((bool(row.is_district), row.key), ())))
        for row in session.execute(text(_SUMS.format(key=key, name=by)), extraction.place)
        if row.expected
    ]
    return sorted(found, key=lambda each: (not each.is_district, each.name.casefold(), each.key))


def _rollup(row: Any, trail: tuple[Decimal | None, ...]) -> Rollup:
    now, before = rate(row.matched_submitted, row.matched_total), rate(row.was_submitted, row.was_total)
    return Rollup(
        key="" if row.is_district else row.key,
        name="District" if row.is_district else row.name or "(none)",
        is_district=bool(row.is_district),
        expected=row.expected,
        present=row.present,
        tiers=tuple(row.tiers),
        submitted=row.submitted or 0,
        total=row.total or 0,
        points=now - before if now is not None and before is not None else None,
        left=row.left_now,
        fell=row.fell_now,
        trail=trail,
    )
