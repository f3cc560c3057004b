"""The table of a group at an extraction: its rows, how many there are, and the values that a column's filter lists."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Row, Select, and_, cast, func, select, true
from sqlmodel import Session, col

from services.rates.queries.columns import BLANK, COLUMNS, Column
from services.rates.queries.extractions import ExtractionSummary, rows_at
from services.rates.queries.filters import RateFilter, conditions
from services.rates.queries.own import Own
from services.rates.tables import SchoolHistory
from shared.names import sort_key

# The list of a filter's values is cut here; it says how many there are, and its search finds the others.
VALUES_SHOWN = 500
ROWS_AT_ONCE = 2_000
_T = SchoolHistory.__table__.c  # type: ignore[attr-defined]
_FACTS = (
    "school_key", "present", "region", "ploc", "cos", "director", "school", "level", "respondent_group", "tier",
    "total", "submitted", "rate", "needed", "change_surveys", "change_points", "first_seen", "last_seen", "stalled",
    "movement", "final_low", "final_likely", "final_high", "outlook", "needed_per_day",
)  # fmt: skip
_HISTORY = ("previous_date", "previous_total", "previous_submitted", "previous_tier", "previous_rate", "trail")
_WHOLE_ROW = select(*(_T[name] for name in (*_FACTS, *_HISTORY)))
_FACTS_OF_ROW = select(*(_T[name] for name in _FACTS))


@dataclass(frozen=True)
class Summary:
    """How many schools the filter leaves, of how many, and how many of them are in each tier and movement."""

    schools: int
    present: int
    matching: int
    tiers: dict[str, int]
    movements: dict[str, int]
    at_goal: int
    submitted: int
    total: int

    @property
    def rated(self) -> int:
        """How many of the matching schools have a rate: `submitted` and `total` are theirs."""
        return sum(schools for tier, schools in self.tiers.items() if tier not in ("none", "absent"))


def _matching(rates: RateFilter, own: Own | None, leave_out: str = "") -> list[ColumnElement[bool]]:
    found = conditions(rates, leave_out)
    return [*found, own] if rates.mine and own is not None else found


def _ordered(statement: Select[Any], extraction: ExtractionSummary, rates: RateFilter, own: Own | None) -> Select[Any]:
    """The statement for the rows that the filter leaves, in its order."""
    levels = [_level(name) for name in rates.order]
    ends = (col(SchoolHistory.school_sort).collate("C"), col(SchoolHistory.school_key))
    return statement.where(*rows_at(extraction), *_matching(rates, own)).order_by(*levels, *ends)


def _level(name: str) -> ColumnElement[Any]:
    order = COLUMNS[name.removeprefix("-")].order
    way: ColumnElement[Any] = order.desc() if name.startswith("-") else order.asc()
    return way.nulls_last()


def keys(
    session: Session, extraction: ExtractionSummary, rates: RateFilter, own: Own | None, limit: int, offset: int = 0
) -> list[str]:
    """The keys of the schools that the filter leaves, in its order: those of the extraction and those last seen before."""
    statement = _ordered(select(_T.school_key), extraction, rates, own)
    return list(session.execute(statement.limit(limit).offset(offset)).scalars())


def rows(
    session: Session, extraction: ExtractionSummary, rates: RateFilter, own: Own | None, limit: int, offset: int = 0
) -> Sequence[Row[Any]]:
    """The schools that the filter leaves, in its order, with their facts."""
    return session.execute(_ordered(_FACTS_OF_ROW, extraction, rates, own).limit(limit).offset(offset)).all()


def rows_of(session: Session, extraction: ExtractionSummary, keys: Sequence[str]) -> Sequence[Row[Any]]:
    """The schools of these keys with the row before and the trail of rates."""
    return session.execute(_WHOLE_ROW.where(*rows_at(extraction), _T.school_key.in_(keys))).all()


def all_rows(session: Session, extraction: ExtractionSummary, rates: RateFilter, own: Own | None) -> Iterator[Row[Any]]:
    """Every school that the filter leaves, read ROWS_AT_ONCE at a time so that memory stays flat."""
    statement = _ordered(_FACTS_OF_ROW, extraction, rates, own)
    yield from session.execute(statement.execution_options(yield_per=ROWS_AT_ONCE))


def count(session: Session, extraction: ExtractionSummary, rates: RateFilter, own: Own | None) -> int:
    """How many schools the filter leaves."""
    counted = select(func.count()).select_from(SchoolHistory).where(*rows_at(extraction), *_matching(rates, own))
    return session.scalar(counted) or 0


def summary(
    session: Session, extraction: ExtractionSummary, rates: RateFilter, own: Own | None, goal: int | None = None
) -> Summary:
    """Counts over all rows of the extraction and over those that the filter leaves, by tier and movement."""
    matching = and_(true(), *_matching(rates, own))
    rated = and_(matching, _T.rate.is_not(None))
    has_goal = and_(matching, _T.total > 0, cast(_T.submitted, BigInteger) * 100 >= cast(_T.total, BigInteger) * goal)
    counted = (
        select(
            COLUMNS["tier"].key.label("tier_key"),
            _T.movement,
            func.count().label("schools"),
            func.count().filter(matching).label("matching"),
            (func.count() if goal is None else func.count().filter(has_goal)).label("at_goal"),
            func.sum(_T.submitted).filter(rated).label("submitted"),
            func.sum(_T.total).filter(rated).label("total"),
        )
        .where(*rows_at(extraction))
        .group_by("tier_key", _T.movement)
    )
    found = session.execute(counted).all()
    tiers: dict[str, int] = {}
    movements: dict[str, int] = {}
    for row in found:
        tiers[row.tier_key] = tiers.get(row.tier_key, 0) + row.matching
        movements[row.movement] = movements.get(row.movement, 0) + row.matching
    return Summary(
        schools=sum(row.schools for row in found),
        present=sum(row.schools for row in found if row.tier_key != "absent"),
        matching=sum(row.matching for row in found),
        tiers=tiers,
        movements=movements,
        at_goal=sum(row.at_goal for row in found) if goal is not None else 0,
        submitted=sum(row.submitted or 0 for row in found),
        total=sum(row.total or 0 for row in found),
    )


class ListedValue(NamedTuple):
    """A value that a column's filter offers, how many schools have it, and whether it is ticked."""

    value: str
    label: str
    schools: int
    checked: bool


class ListedValues(NamedTuple):
    """The values that a column's filter offers, and how many there are with those that were cut."""

    values: list[ListedValue]
    of: int

    @property
    def is_cut(self) -> bool:
        return len(self.values) < self.of


def values_of(
    session: Session,
    extraction: ExtractionSummary,
    rates: RateFilter,
    own: Own | None,
    column: Column,
    *,
    find: str = "",
    all_ticked: bool = True,
) -> ListedValues:
    """What a column's filter can choose, with counts, in the column's order: among the rows that all other filters
    and the column's own text or number filter leave; with `find`, the values that contain it.

    Without a filter on the column all values are ticked, as in a spreadsheet, or none.
    """
    value, shown = func.coalesce(column.key, "").label("value"), func.coalesce(func.max(column.text), "").label("shown")
    listed = (
        select(value, shown, func.count().label("schools"), func.count().over().label("of"))
        .where(*rows_at(extraction), *_matching(rates, own, leave_out=column.name), *_finding(column, find))
        .group_by("value")
        .order_by(func.min(column.order).nulls_last(), "value")
    )
    found = session.execute(listed.limit(VALUES_SHOWN)).all()
    ticked = {column.normal(value) for value in rates.listed.get(column.name, ())}
    excluded = {column.normal(value) for value in rates.excluded.get(column.name, ())}
    is_open = column.name not in rates.listed and (all_ticked or bool(excluded))
    values = [
        ListedValue(
            value=(row.value if column.shown is None else row.shown) or BLANK,
            label=(column.word(row.value) if column.shown is None else row.shown) or "(Blank)",
            schools=row.schools,
            checked=(row.value or BLANK) not in excluded if is_open else (row.value or BLANK) in ticked,
        )
        for row in found
    ]
    return ListedValues(values, found[0].of if found else 0)


def _finding(column: Column, find: str) -> list[ColumnElement[bool]]:
    """The condition that a value contains a text; words of keys are few and never cut, so they are not searched here."""
    if not find or column.words:
        return []
    places = {"school": col(SchoolHistory.school_sort), "cos": col(SchoolHistory.cos_sort)}
    place = places.get(column.name, func.lower(column.text))
    return [place.contains(sort_key(find), autoescape=True)]
