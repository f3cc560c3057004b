"""The hidden sheet of a workbook: when it was written, for which years, and what each input cell held then."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from services.tracker.workbook.layout import PLAN_COLUMN, STAMP
from shared.names import name_key
from shared.numbers import decimal, whole

Key = tuple[str, str, str]
_FIRST_VALUE = 4
MOST_ROWS = 40_000


class BookPlan(NamedTuple):
    """What is known here of the plan that a workbook belongs to.

    `items` are the keys of each item's words, former ones too; `periods` the position of each year by the key of its
    labels; `years` the labels in order.
    """

    levels: Sequence[str]
    items: Mapping[str, frozenset[str]]
    periods: Mapping[str, int]
    years: Sequence[str]


class Held(NamedTuple):
    """What the input cells of a row held when the workbook was written, by the position of the year."""

    values: Mapping[int, Decimal | None]


class ReadStamp(NamedTuple):
    """The hidden sheet as read; `rows` are the keys of the rows by (level, number), as they were written."""

    is_ours: bool
    written_at: str
    periods: Sequence[str]
    unknown_periods: Sequence[str]
    held: Mapping[Key, Held]
    rows: Mapping[tuple[str, int], Key]


def plan_of_stamp(rows: Sequence[Sequence[Any]]) -> tuple[str, list[str]]:
    """The plan that a workbook names ("" in older ones), and the ids of its items."""
    first = rows[0] if rows else []
    named = str(first[PLAN_COLUMN]) if len(first) > PLAN_COLUMN and first[PLAN_COLUMN] else ""
    return named, [str(row[3]) for row in rows[1:] if len(row) > 3]


def read_stamp(rows: Sequence[Sequence[Any]], plan: BookPlan) -> ReadStamp:
    """Reads the sheet; one that is damaged gives what can be read of it."""
    first = [*rows[0], *[None] * _FIRST_VALUE] if rows else []
    if not first or not str(first[0] or "").startswith(STAMP):
        return ReadStamp(False, "", plan.years, [], {}, {})
    periods = [str(word) for word in first[3:PLAN_COLUMN] if word not in (None, "")]
    places = [plan.periods.get(name_key(label)) for label in periods]
    held: dict[Key, Held] = {}
    written: dict[tuple[str, int], Key] = {}
    for row in rows[1:]:
        if len(row) < _FIRST_VALUE or not all(row[:_FIRST_VALUE]):
            continue
        key = (str(row[2]), str(row[0]), str(row[3]))
        held[key] = Held(_values(row, places))
        number = whole(str(row[1]), MOST_ROWS)
        if number is not None:
            written[str(row[0]), number] = key
    unknown = [label for label, place in zip(periods, places, strict=True) if place is None]
    return ReadStamp(True, str(first[1] or ""), periods, unknown, held, written)


def _values(row: Sequence[Any], places: Sequence[int | None]) -> dict[int, Decimal | None]:
    """The held values of a row; one that cannot be read is not known."""
    cells = [*row[_FIRST_VALUE : _FIRST_VALUE + len(places)], *[None] * len(places)]
    made: dict[int, Decimal | None] = {}
    for place, cell in zip(places, cells, strict=False):
        if place is None:
            continue
        value = None if cell in (None, "") else decimal(str(cell))
        if value is not None or cell in (None, ""):
            made[place] = value
    return made
