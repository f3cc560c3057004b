"""A state of the table as its address says it: group, extraction, filters, search and order; and back into an address."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Self
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import col

from services.rates.queries.columns import BLANK, COLUMNS, HISTORY, LAYOUT
from services.rates.tables import SchoolHistory
from shared.errors import Invalid
from shared.events import GROUPS, Group
from shared.names import sort_key
from shared.numbers import decimal, whole

TESTS = {"text": ("has", "starts"), "number": ("min", "max")}
# No count, rate or row number comes near; more than a number that the database compares is refused.
MOST = 10_000_000
# The order of the district's sheet: region, tier from 4 to 1, PLOC.
SHEET_ORDER = ("region", "-tier", "ploc")
# What says which rows there are, before any filter.
PLACE = ("group", "on", "term")
Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class RateFilter:
    """What rows to show and how; empty means no filter. `listed` maps a column to the values that are shown, `excluded` to
    those that are left out, `tests` (column, test) to text. `columns`: those that are shown, in their order."""

    group: Group | None = None
    day: date | None = None
    term: str | None = None
    listed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    excluded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tests: Mapping[tuple[str, str], str] = field(default_factory=dict)
    q: str = ""
    mine: bool = False
    sorts: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    everything: bool = False
    after: int = 0

    @classmethod
    def read(cls, pairs: Pairs) -> Self:
        """The state of a query string; unknown names are ignored. Raises Invalid for a value that cannot be meant."""
        given: dict[str, list[str]] = {}
        for name, value in pairs:
            if value != "":
                given.setdefault(name, []).append(value)
        group = given.get("group", [""])[-1]
        return cls(
            group=group if group in GROUPS else None,
            day=_day(given.get("on", [""])[-1]),
            term=given.get("term", [None])[-1],
            listed={name: tuple(dict.fromkeys(given[name])) for name in COLUMNS if name in given},
            excluded={name: tuple(dict.fromkeys(given[f"{name}.not"])) for name in COLUMNS if f"{name}.not" in given},
            tests=_tests(given),
            q=given.get("q", [""])[-1].strip(),
            mine=given.get("mine", [""])[-1] == "1",
            sorts=sort_levels([*given.get("sort", []), *given.get("then", [])]),
            columns=layout([*given.get("columns", []), *given.get("column", [])], given.get("move", [""])[-1]),
            everything=given.get("show", [""])[-1] == "all",
            after=_whole(given.get("after", ["0"])[-1]),
        )

    def pairs(self) -> list[tuple[str, str]]:
        """The state as names and values, always in the same order."""
        place = [("group", self.group), ("on", self.day.isoformat() if self.day else None), ("term", self.term)]
        found = [(name, value) for name, value in place if value]
        found += [(name, value) for name in COLUMNS for value in self.listed.get(name, ())]
        found += [(f"{name}.not", value) for name in COLUMNS for value in self.excluded.get(name, ())]
        found += [(f"{name}.{test}", value) for (name, test), value in self.tests.items()]
        found += [("q", self.q)] if self.q else []
        found += [("mine", "1")] if self.mine else []
        found += [("sort", ",".join(self.sorts))] if self.sorts else []
        found += [("columns", ",".join(self.columns))] if self.columns else []
        found += [("show", "all")] if self.everything else []
        return found + ([("after", str(self.after))] if self.after else [])

    def address(self, path: str = "/rates/", **changes: Any) -> str:
        """The address of this state, or of the state with changes; it starts at the first row unless `after` is given."""
        changed = replace(self, **{"after": 0, **changes}).pairs()
        return path + (f"?{urlencode(changed)}" if changed else "")

    def place(self) -> str:
        """The query string of the group and the extraction alone, for the other pages of the same rows."""
        return type(self)(group=self.group, day=self.day, term=self.term).address("")

    def without(self, column: str) -> Self:
        """The state with no filter on a column."""
        listed = {name: values for name, values in self.listed.items() if name != column}
        excluded = {name: values for name, values in self.excluded.items() if name != column}
        tests = {key: value for key, value in self.tests.items() if key[0] != column}
        return replace(self, listed=listed, excluded=excluded, tests=tests, after=0)

    def cleared(self) -> Self:
        """The state with no filter at all; group, extraction and order stay."""
        return replace(self, listed={}, excluded={}, tests={}, q="", mine=False, after=0)

    def filters(self, column: str) -> bool:
        """Whether a column is filtered."""
        return column in self.listed or column in self.excluded or any(name == column for name, _ in self.tests)

    @property
    def layout(self) -> tuple[str, ...]:
        """The columns that are shown, in their order; the school's name is always the first."""
        return self.columns or LAYOUT

    @property
    def order(self) -> tuple[str, ...]:
        return self.sorts or SHEET_ORDER


def sort_levels(given: Iterable[str]) -> tuple[str, ...]:
    """The sort levels, the first of each column: what was sorted before breaks ties."""
    found: dict[str, str] = {}
    for level in (part.strip() for text in given for part in text.split(",")):
        name = level.removeprefix("-")
        if name in COLUMNS:
            found.setdefault(name, level)
    return tuple(found.values())


def layout(given: Iterable[str], move: str = "") -> tuple[str, ...]:
    """The columns that are shown, once each and the school's name first; empty for the usual ones in the usual order.

    `move`: `NAME:-1` or `NAME:1` takes a column one place to the left or right.
    """
    names = [part.strip() for text in given for part in text.split(",")]
    found = list(dict.fromkeys(["school", *(name for name in names if name in COLUMNS or name == HISTORY)]))
    name, _, step = move.partition(":")
    if name in found[1:] and step in ("-1", "1"):
        place = min(max(found.index(name) + int(step), 1), len(found) - 1)
        found.remove(name)
        found.insert(place, name)
    return () if found == ["school"] or tuple(found) == LAYOUT else tuple(found)


def _tests(given: Mapping[str, list[str]]) -> dict[tuple[str, str], str]:
    found = {}
    for column in COLUMNS.values():
        for test in TESTS[column.kind]:
            value = given.get(f"{column.name}.{test}", [""])[-1].strip()
            if value:
                found[column.name, test] = _number(column.label, value) if column.kind == "number" else value
    return found


def _number(label: str, value: str) -> str:
    """The number as people write it, `1,200` and `60%` too, in plain digits."""
    number = decimal(value.rstrip("%").strip().replace(",", ""))
    if number is None or abs(number) >= MOST:
        raise Invalid(f"{label}: enter a number, such as 25.", code="not_a_number")
    return f"{number.quantize(Decimal('0.0001')).normalize():f}"


def _day(value: str) -> date | None:
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Invalid("Enter the date of an extraction as 2025-02-21.", code="date_unreadable") from None


def _whole(value: str) -> int:
    return min(whole(value) or 0, MOST)


def conditions(rates: RateFilter, leave_out: str = "") -> list[ColumnElement[bool]]:
    """The filters as conditions on the histories; of `leave_out` the listed values are no filter."""
    found: list[ColumnElement[bool]] = []
    for lists, is_in in ((rates.listed, True), (rates.excluded, False)):
        for name, values in lists.items():
            if name != leave_out:
                key = func.coalesce(COLUMNS[name].key, "")
                keys = ["" if value == BLANK else COLUMNS[name].normal(value) for value in values]
                found.append(key.in_(keys) if is_in else key.not_in(keys))
    found += [_test(name, test, value) for (name, test), value in rates.tests.items()]
    if rates.q:
        found.append(_search(rates.q))
    return found


def _search(text: str) -> ColumnElement[bool]:
    places = (
        col(SchoolHistory.school_sort), col(SchoolHistory.ploc), col(SchoolHistory.cos_sort),
        func.lower(SchoolHistory.director), col(SchoolHistory.director_key),
    )  # fmt: skip
    patterns = {_pattern(text.casefold(), True), _pattern(sort_key(text), True)}
    return or_(*(place.like(pattern) for place in places for pattern in sorted(patterns)))


def _test(name: str, test: str, value: str) -> ColumnElement[bool]:
    """A text or number filter; a column that shows words for its keys is tested by the words."""
    column = COLUMNS[name]
    if test in TESTS["number"]:
        return column.order >= Decimal(value) if test == "min" else column.order <= Decimal(value)
    if column.words:
        found = {key: word.casefold().find(value.casefold()) for key, word in column.words}
        keys = [key for key, at in found.items() if at == 0 or (at > 0 and test == "has")]
        return func.coalesce(column.key, "").in_(keys)
    return func.lower(column.text).like(_pattern(value.casefold(), test == "has"))


def _pattern(text: str, anywhere: bool) -> str:
    plain = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"{'%' if anywhere else ''}{plain}%"
