"""The district's view: how many schools stand where, differences, the heat map, and how feasible the next target is."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func
from sqlmodel import Session, col, select

from services.tracker.queries.plan import items_of
from services.tracker.queries.schools import BEHIND, SchoolFilter, at_level, passes, seen_by
from services.tracker.rules.progress import AWAITING, HIGHEST, STATUSES
from services.tracker.tables.plan import Goal, Item
from services.tracker.tables.progress import ItemProgress
from services.tracker.tables.schools import School
from shared.access import Who

_WIDTH, _BUCKETS = 2, 10


class ItemCounts(NamedTuple):
    """How many of the expected schools stand where for an item; `known` have a status other than awaiting.

    `over_hundred` of them have a goal above 100, which is a note and no status.
    """

    item: Item
    goal: Goal
    counts: dict[str, int]
    expected: int
    over_hundred: int

    @property
    def known(self) -> int:
        return self.expected - self.counts[AWAITING]

    @property
    def behind(self) -> int:
        return sum(self.counts[status] for status in BEHIND)

    @property
    def hardness(self) -> float:
        """The share of the known schools that are behind."""
        return self.behind / self.known if self.known else -1.0


class DifferenceBar(NamedTuple):
    """How many schools have a difference from `low` to `high`; None is open."""

    low: int | None
    high: int | None
    schools: int


class HeatRow(NamedTuple):
    """A school with its progress by item, and the sum of the points that it is behind."""

    school: School
    held: dict[str, ItemProgress]


class DistrictChoices(NamedTuple):
    """The regions, CoS and directors among the schools that a person sees."""

    regions: list[str]
    cos: list[str]
    directors: list[str]


def _picked(who: Who, filters: SchoolFilter, level: str) -> ColumnElement[bool]:
    return and_(seen_by(who), passes(filters), at_level(level))


def item_counts(session: Session, who: Who, filters: SchoolFilter, plan_id: str, level: str) -> list[ItemCounts]:
    """Every item of the level, in the plan's order; a school without values is awaiting."""
    picked = _picked(who, filters, level)
    expected = session.exec(select(func.count()).select_from(School).where(picked)).one()
    over = func.count().filter(col(ItemProgress.goal) > HIGHEST)
    rows = session.exec(
        select(ItemProgress.item_id, ItemProgress.status, func.count(), over)
        .join(School, col(School.school_key) == col(ItemProgress.school_key))
        .where(ItemProgress.level == level, picked)
        .group_by(col(ItemProgress.item_id), col(ItemProgress.status))
    )
    found: dict[str, dict[str, int]] = {}
    noted: dict[str, int] = {}
    for item_id, status, schools, above in rows:
        found.setdefault(item_id, {})[status] = schools
        noted[item_id] = noted.get(item_id, 0) + above
    made = []
    for item, goal in items_of(session, plan_id, level):
        counts = {status: found.get(item.item_id, {}).get(status, 0) for status in STATUSES}
        counts[AWAITING] = expected - sum(count for status, count in counts.items() if status != AWAITING)
        made.append(ItemCounts(item, goal, counts, expected, noted.get(item.item_id, 0)))
    return made


def differences(
    session: Session, who: Who, filters: SchoolFilter, level: str, item_ids: Sequence[str]
) -> list[DifferenceBar]:
    """How the schools' differences of their last results are spread, in steps of two percentage points."""
    bucket = func.width_bucket(ItemProgress.difference, -_WIDTH * _BUCKETS, _WIDTH * _BUCKETS, 2 * _BUCKETS).label(
        "bucket"
    )
    rows = session.exec(
        select(bucket, func.count())
        .join(School, col(School.school_key) == col(ItemProgress.school_key))
        .where(
            ItemProgress.level == level,
            col(ItemProgress.difference).is_not(None),
            col(ItemProgress.item_id).in_(item_ids),
            _picked(who, filters, level),
        )
        .group_by(bucket)
    )
    found = dict(rows.all())
    bars = []
    for place in range(2 * _BUCKETS + 2):
        low = (place - 1 - _BUCKETS) * _WIDTH
        ends = (None if place == 0 else low, None if place == 2 * _BUCKETS + 1 else low + _WIDTH)
        bars.append(DifferenceBar(*ends, schools=found.get(place, 0)))
    return bars


def heat_rows(
    session: Session,
    who: Who,
    filters: SchoolFilter,
    level: str,
    item_ids: Sequence[str],
    limit: int,
    offset: int,
    *,
    by_name: bool = False,
) -> list[HeatRow]:
    """Schools with their progress by item: the ones farthest behind first, or by name."""
    behind = (
        select(ItemProgress.school_key, func.sum(func.least(ItemProgress.difference, 0)).label("points"))
        .where(ItemProgress.level == level, col(ItemProgress.item_id).in_(item_ids))
        .group_by(col(ItemProgress.school_key))
        .subquery()
    )
    found = (
        select(School)
        .join(behind, behind.c.school_key == col(School.school_key), isouter=True)
        .where(_picked(who, filters, level))
    )
    worst = [] if by_name else [behind.c.points.asc().nulls_last()]
    order = [*worst, func.lower(School.name), col(School.school_key)]
    schools = session.exec(found.order_by(*order).limit(limit).offset(offset)).all()
    held: dict[str, dict[str, ItemProgress]] = {school.school_key: {} for school in schools}
    progress = select(ItemProgress).where(
        ItemProgress.level == level,
        col(ItemProgress.school_key).in_(list(held)),
        col(ItemProgress.item_id).in_(item_ids),
    )
    for row in session.exec(progress):
        held[row.school_key][row.item_id] = row
    return [HeatRow(school, held[school.school_key]) for school in schools]


def median_gain(session: Session, level: str, item_id: str) -> Decimal | None:
    """The median of all yearly gains of all the district's schools for an item."""
    gain = func.unnest(ItemProgress.gains).label("gain")
    here = select(School.school_key)
    of_item = (ItemProgress.level == level, ItemProgress.item_id == item_id)
    gains = select(gain).where(*of_item, col(ItemProgress.school_key).in_(here)).subquery()
    found: Any = session.execute(select(func.percentile_cont(0.5).within_group(gains.c.gain))).scalar()
    return None if found is None else Decimal(str(round(found, 6)))


class NeededGain(NamedTuple):
    """The gain that a school needs for its next target, and the best that it made in a year."""

    school: School
    progress: ItemProgress

    @property
    def best(self) -> Decimal | None:
        return max(self.progress.gains, default=None)


def needed_gains(
    session: Session, who: Who, filters: SchoolFilter, level: str, item_id: str, limit: int, offset: int
) -> list[NeededGain]:
    """Schools by the gain that they need for their next target, the largest first."""
    found = (
        select(School, ItemProgress)
        .join(ItemProgress, col(ItemProgress.school_key) == col(School.school_key))
        .where(
            ItemProgress.level == level,
            ItemProgress.item_id == item_id,
            col(ItemProgress.needed).is_not(None),
            _picked(who, filters, level),
        )
        .order_by(col(ItemProgress.needed).desc(), func.lower(School.name), col(School.school_key))
    )
    return [NeededGain(school, progress) for school, progress in session.exec(found.limit(limit).offset(offset))]


def choices(session: Session, who: Who) -> DistrictChoices:
    """What the filters of the district's pages offer a person."""
    rows = session.exec(select(School.region, School.cos, School.director).where(seen_by(who)).distinct()).all()
    columns = [sorted(set(column)) for column in zip(*rows, strict=True)] or [[], [], []]
    return DistrictChoices(*columns)
