"""The district's view: how many schools stand where, differences, the heat map, and how feasible the next target is."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from services.tracker.queries.books import AT_LEVEL, WANTED, Wanted
from services.tracker.queries.progress import items_of
from services.tracker.queries.schools import SEEN, scope_values
from services.tracker.rules.progress import AWAITING, NOT_MET, OFF_TRACK, STATUSES, UNREACHABLE
from services.tracker.tables.plan import Goal, Item
from shared.access import Who

_PICKED = (
    "with picked as (select s.school_key, s.ploc, s.name, s.region, s.cos, s.director from school s"
    f" where {SEEN}{WANTED} and {AT_LEVEL})"
)
_EXPECTED = text(f"{_PICKED} select count(*) from picked")
_COUNTS = text(
    f"{_PICKED} select t.item_id, t.status, count(*) as schools from standing t join picked using (school_key)"
    " where t.level = :level group by t.item_id, t.status"
)
_WIDTH, _BUCKETS = 2, 10
_DIFFERENCES = text(
    f"{_PICKED} select width_bucket(t.difference, {-_WIDTH * _BUCKETS}, {_WIDTH * _BUCKETS}, {2 * _BUCKETS}) as bucket,"
    " count(*) as schools from standing t join picked using (school_key)"
    " where t.level = :level and t.difference is not null"
    " and (cast(:item_id as text) is null or t.item_id = :item_id) group by bucket order by bucket"
)
_PAGE = text(f"{_PICKED} select * from picked order by lower(name), school_key limit :limit offset :offset")
_STANDINGS = text(
    "select school_key, item_id, status, difference, latest, latest_period, goal from standing"
    " where level = :level and school_key = any(:keys)"
)
_MEDIAN = text(
    "select percentile_cont(0.5) within group (order by gain) from standing t join school using (school_key),"
    " unnest(t.gains) gain where t.level = :level and t.item_id = :item_id"
)
_NEEDED = text(
    f"{_PICKED} select p.school_key, p.ploc, p.name, t.latest, t.latest_period, t.goal, t.needed,"
    " (select max(gain) from unnest(t.gains) gain) as best from standing t join picked p using (school_key)"
    " where t.level = :level and t.item_id = :item_id and t.needed is not null"
    " order by t.needed desc, lower(p.name), p.school_key limit :limit offset :offset"
)
_CHOICES = text(
    "select array_agg(distinct s.region order by s.region) as regions, array_agg(distinct s.cos order by s.cos) as cos,"
    f" array_agg(distinct s.director order by s.director) as directors from school s where {SEEN}"
)


class ItemCounts(NamedTuple):
    """How many of the expected schools stand where for an item; `known` have a status other than awaiting."""

    item: Item
    goal: Goal
    counts: dict[str, int]
    expected: int

    @property
    def known(self) -> int:
        return self.expected - self.counts[AWAITING]

    @property
    def behind(self) -> int:
        return sum(self.counts[status] for status in (OFF_TRACK, NOT_MET, UNREACHABLE))

    @property
    def hardness(self) -> float:
        """The share of the known schools that are behind."""
        return self.behind / self.known if self.known else -1.0


class Bar(NamedTuple):
    """How many schools have a difference from `low` to `high`; None is open."""

    low: int | None
    high: int | None
    schools: int


def _values(who: Who, wanted: Wanted, level: str) -> dict[str, Any]:
    filters = {"region": wanted.region, "cos": wanted.cos, "director": wanted.director}
    return {**filters, "level": level, **scope_values(who)}


def item_counts(session: Session, who: Who, wanted: Wanted, level: str) -> list[ItemCounts]:
    """Every item of the level, in the plan's order; a school without values is awaiting."""
    values = _values(who, wanted, level)
    expected = session.execute(_EXPECTED, values).scalar_one()
    found: dict[str, dict[str, int]] = {}
    for row in session.execute(_COUNTS, values):
        found.setdefault(row.item_id, {})[row.status] = row.schools
    told = []
    for item, goal in items_of(session, level):
        counts = {status: found.get(item.item_id, {}).get(status, 0) for status in STATUSES}
        counts[AWAITING] = expected - sum(count for status, count in counts.items() if status != AWAITING)
        told.append(ItemCounts(item, goal, counts, expected))
    return told


def differences(session: Session, who: Who, wanted: Wanted, level: str, item_id: str | None) -> list[Bar]:
    """How the schools' last differences from target are spread, in steps of two percentage points."""
    values = {**_values(who, wanted, level), "item_id": item_id}
    found = {row.bucket: row.schools for row in session.execute(_DIFFERENCES, values)}
    bars = []
    for bucket in range(2 * _BUCKETS + 2):
        low = (bucket - 1 - _BUCKETS) * _WIDTH
        ends = (None if bucket == 0 else low, None if bucket == 2 * _BUCKETS + 1 else low + _WIDTH)
        bars.append(Bar(*ends, schools=found.get(bucket, 0)))
    return bars


def heat_rows(
    session: Session, who: Who, wanted: Wanted, level: str, limit: int, offset: int
) -> list[tuple[Any, dict[str, Any]]]:
    """Schools by name, each with its standings by item."""
    values = {**_values(who, wanted, level), "limit": limit, "offset": offset}
    schools = session.execute(_PAGE, values).all()
    held: dict[str, dict[str, Any]] = {school.school_key: {} for school in schools}
    for row in session.execute(_STANDINGS, {"level": level, "keys": list(held)}):
        held[row.school_key][row.item_id] = row
    return [(school, held[school.school_key]) for school in schools]


def median_gain(session: Session, level: str, item_id: str) -> Decimal | None:
    """The median of all yearly gains of all the district's schools for an item."""
    found = session.execute(_MEDIAN, {"level": level, "item_id": item_id}).scalar()
    return None if found is None else Decimal(str(round(found, 6)))


def needed_gains(
    session: Session, who: Who, wanted: Wanted, level: str, item_id: str, limit: int, offset: int
) -> Sequence[Any]:
    """Schools by the gain that they need for their next target, the largest first, with their best yearly gain."""
    values = {**_values(who, wanted, level), "item_id": item_id, "limit": limit, "offset": offset}
    return session.execute(_NEEDED, values).all()


def choices(session: Session, who: Who) -> Any:
    """The regions, CoS and directors among the schools that a person sees."""
    return session.execute(_CHOICES, scope_values(who)).one()
