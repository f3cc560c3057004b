"""What the home page says of rates: sums of each group over the schools of a person, and the schools next to Tier 2."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select, true
from sqlmodel import Session, col

from services.rates.queries.extractions import ExtractionSummary, extraction_at, rows_at
from services.rates.tables import SchoolHistory
from shared.events import GROUPS
from shared.tiers import ALERT_TIER

Own = ColumnElement[bool]
_IN_TIER_1 = (col(SchoolHistory.present), col(SchoolHistory.tier) == ALERT_TIER)


class GroupNow(NamedTuple):
    """A group at its newest extraction: how many schools there are, in Tier 1, moved since, and forecast to end in it."""

    extraction: ExtractionSummary
    schools: int
    in_tier_1: int
    left: int
    newly_in: int
    stays: int


class NextOut(NamedTuple):
    """A school in Tier 1 with the surveys that it needs to leave it."""

    school: str
    needed: int


class RegionCount(NamedTuple):
    """How many schools of a region will end in Tier 1."""

    region: str
    schools: int


def groups_now(session: Session, own: Own | None = None) -> list[GroupNow]:
    """Each group that has an extraction, of the schools that a condition leaves (None: all)."""
    newest = [found for group in GROUPS if (found := extraction_at(session, group)) is not None]
    return [_group_now(session, extraction, own) for extraction in newest]


def _group_now(session: Session, extraction: ExtractionSummary, own: Own | None) -> GroupNow:
    moved = col(SchoolHistory.movement)
    counts = select(
        func.count().label("schools"),
        func.count().filter(*_IN_TIER_1).label("in_tier_1"),
        func.count().filter(moved == "left").label("left_now"),
        func.count().filter(moved == "newly_in").label("newly_in"),
        func.count().filter(col(SchoolHistory.outlook) == "stays").label("stays"),
    ).where(*rows_at(extraction), _of(own))
    row = session.execute(counts).one()
    return GroupNow(extraction, row.schools, row.in_tier_1, row.left_now, row.newly_in, row.stays)


def next_out(session: Session, extraction: ExtractionSummary, own: Own | None, limit: int = 3) -> list[NextOut]:
    """The schools in Tier 1 that need the fewest surveys to leave it, the closest first."""
    needed = col(SchoolHistory.needed)
    found = select(col(SchoolHistory.school), needed).where(
        *rows_at(extraction), *_IN_TIER_1, needed.is_not(None), _of(own)
    )
    ordered = found.order_by(needed, col(SchoolHistory.school_sort), col(SchoolHistory.school_key)).limit(limit)
    return [NextOut(row.school, row.needed) for row in session.execute(ordered)]


def ends_by_region(session: Session, extraction: ExtractionSummary) -> Sequence[RegionCount]:
    """The regions with schools that will end in Tier 1, most first."""
    region, count = col(SchoolHistory.region), func.count()
    found = select(region, count.label("schools")).where(*rows_at(extraction), col(SchoolHistory.outlook) == "stays")
    return [RegionCount(*row) for row in session.execute(found.group_by(region).order_by(count.desc(), region))]


def own_school_keys(session: Session, own: Own, limit: int) -> list[str]:
    """Schools that a condition leaves, by their names, at most so many."""
    name, key = func.min(SchoolHistory.school_sort), col(SchoolHistory.school_key)
    found = select(key).where(own).group_by(key).order_by(name, key).limit(limit)
    return list(session.scalars(found))


def _of(own: Own | None) -> Own:
    return true() if own is None else own
