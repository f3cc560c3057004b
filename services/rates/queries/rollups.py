"""Sums over schools by region, CoS, director or level, with the district's; each with how many schools they cover."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select, tuple_
from sqlmodel import Session

from services.rates.queries.extractions import ExtractionSummary, rows_at
from services.rates.rules.tiers import rate
from services.rates.tables import SchoolHistory
from shared.tiers import TIERS, tier

BY = {"region": "Region", "cos": "CoS", "director": "Regional Director", "level": "Level"}
_T = SchoolHistory.__table__.c  # type: ignore[attr-defined]
_KEYS: dict[str, ColumnElement[str]] = {
    "region": _T.region,
    "cos": _T.cos,
    "director": _T.director_key,
    "level": _T.level,
}
_SORTS: dict[str, ColumnElement[str]] = {**_KEYS, "cos": _T.cos_sort}
# Sums hold the schools with a rate alone: a blank count is not zero, and surveys of no known total are part of no rate.
_RATED = _T.rate.is_not(None)
_BOTH = and_(_RATED, _T.previous_rate.is_not(None))


@dataclass(frozen=True)
class TierCounts:
    """The schools of a part at one extraction by tier; `without` have no rate or are not in it; who left Tier 1 then."""

    day: date
    rate: Decimal | None
    tiers: tuple[int, ...]
    without: int
    left: int
    newly_in: int


@dataclass(frozen=True)
class Rollup:
    """The sums of one region, CoS, director or level; the district's has an empty key and `is_district`.

    `points` is the change among the schools that have a rate and had one before: who comes and goes does not move it.
    """

    key: str
    name: str
    sort: str
    is_district: bool
    expected: int
    present: int
    tiers: tuple[int, ...]
    submitted: int
    total: int
    points: Decimal | None
    left: int
    newly_in: int
    stays: int
    may: int
    weeks: tuple[TierCounts, ...]

    @property
    def trail(self) -> list[Decimal | None]:
        """The rate at each extraction so far, oldest first."""
        return [week.rate for week in self.weeks]

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


def rollups(session: Session, extraction: ExtractionSummary, by: str) -> list[Rollup]:
    """The district first, then each part in the order of its name."""
    weeks: dict[tuple[bool, str], list[TierCounts]] = {}
    for row in _weeks(session, extraction, by):
        tiers = tuple(row._mapping[f"tier_{number}"] for number in TIERS)
        counts = TierCounts(row.day, row.rate, tiers, row.schools - sum(tiers), row.left_then, row.newly_in)
        weeks.setdefault((bool(row.is_district), row.key), []).append(counts)
    found = [
        _rollup(row, tuple(weeks.get((bool(row.is_district), row.key), ())))
        for row in _sums(session, extraction, by)
        if row.expected
    ]
    return sorted(found, key=lambda each: (not each.is_district, each.sort, each.key))


def _sums(session: Session, extraction: ExtractionSummary, by: str) -> list[Row[Any]]:
    key = _KEYS[by]
    sums = select(
        func.coalesce(key, "").label("key"),
        func.grouping(key).label("is_district"),
        func.max(_T[by]).label("name"),
        func.max(func.lower(_SORTS[by])).label("sort"),
        func.count().label("expected"),
        func.count().filter(_T.present).label("present"),
        *(func.count().filter(_T.tier == number).label(f"tier_{number}") for number in TIERS),
        func.sum(_T.submitted).filter(_RATED).label("submitted"),
        func.sum(_T.total).filter(_RATED).label("total"),
        func.sum(_T.submitted).filter(_BOTH).label("matched_submitted"),
        func.sum(_T.total).filter(_BOTH).label("matched_total"),
        func.sum(_T.previous_submitted).filter(_BOTH).label("previous_submitted"),
        func.sum(_T.previous_total).filter(_BOTH).label("previous_total"),
        func.count().filter(_T.movement == "left").label("left_now"),
        func.count().filter(_T.movement == "newly_in").label("newly_in"),
        func.count().filter(_T.outlook == "stays").label("stays"),
        func.count().filter(_T.outlook == "may").label("may"),
    ).where(*rows_at(extraction))
    return list(session.execute(sums.group_by(func.grouping_sets(tuple_(key), tuple_()))))


def _weeks(session: Session, extraction: ExtractionSummary, by: str) -> list[Row[Any]]:
    """Rate and schools by tier of each part and of the district at each extraction so far, oldest first."""
    key, day = _KEYS[by], _T.extraction_date
    group = (_T.term == extraction.term, _T.respondent_group == extraction.respondent_group)
    submitted, total = (func.sum(each).filter(_RATED) for each in (_T.submitted, _T.total))
    rates = select(
        func.coalesce(key, "").label("key"),
        func.grouping(key).label("is_district"),
        day.label("day"),
        (submitted * Decimal(100) / total).label("rate"),
        func.count().label("schools"),
        *(func.count().filter(_T.tier == number).label(f"tier_{number}") for number in TIERS),
        func.count().filter(_T.movement == "left").label("left_then"),
        func.count().filter(_T.movement == "newly_in").label("newly_in"),
    ).where(*group, day <= extraction.extraction_date)
    grouped = rates.group_by(func.grouping_sets(tuple_(key, day), tuple_(day)))
    return list(session.execute(grouped.order_by(day)))


def _rollup(row: Row[Any], weeks: tuple[TierCounts, ...]) -> Rollup:
    now = rate(row.matched_submitted, row.matched_total)
    before = rate(row.previous_submitted, row.previous_total)
    return Rollup(
        key="" if row.is_district else row.key,
        name="District" if row.is_district else row.name or "(none)",
        sort=row.sort or "",
        is_district=bool(row.is_district),
        expected=row.expected,
        present=row.present,
        tiers=tuple(row._mapping[f"tier_{number}"] for number in TIERS),
        submitted=row.submitted or 0,
        total=row.total or 0,
        points=now - before if now is not None and before is not None else None,
        left=row.left_now,
        newly_in=row.newly_in,
        stays=row.stays,
        may=row.may,
        weeks=weeks,
    )
