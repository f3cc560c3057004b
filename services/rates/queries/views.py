"""A state of the table as its address says it: group, extraction, filters, search and order; and back into an address."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Self
from urllib.parse import urlencode

from services.rates.queries.columns import BLANK, COLUMNS
from shared.errors import Invalid
from shared.events import GROUPS, Group
from shared.numbers import decimal, whole

TESTS = {"text": ("has", "starts"), "number": ("min", "max")}
SORT_LEVELS = 3
# No count, rate or row number comes near; more than a number that the database compares is refused.
MOST = 10_000_000
# The order of the district's sheet: region, tier from 4 to 1, PLOC.
SHEET_ORDER = ("region", "-tier", "ploc")
# What says which rows there are, before any filter.
PLACE = ("group", "on", "term")
Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class View:
    """What is asked for; empty is no filter. `listed` maps a column to chosen values, `excluded` to those that are left
    out, `tests` (column, test) to text."""

    group: Group | None = None
    on: date | None = None
    term: str | None = None
    listed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    excluded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tests: Mapping[tuple[str, str], str] = field(default_factory=dict)
    q: str = ""
    mine: bool = False
    sorts: tuple[str, ...] = ()
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
            on=_day(given.get("on", [""])[-1]),
            term=given.get("term", [None])[-1],
            listed={name: tuple(dict.fromkeys(given[name])) for name in COLUMNS if name in given},
            excluded={name: tuple(dict.fromkeys(given[f"{name}.not"])) for name in COLUMNS if f"{name}.not" in given},
            tests=_tests(given),
            q=given.get("q", [""])[-1].strip(),
            mine=given.get("mine", [""])[-1] == "1",
            sorts=sort_levels([*given.get("sort", []), *given.get("then", [])]),
            everything=given.get("show", [""])[-1] == "all",
            after=_whole(given.get("after", ["0"])[-1]),
        )

    def pairs(self) -> list[tuple[str, str]]:
        """The state as names and values, always in the same order."""
        place = [("group", self.group), ("on", self.on.isoformat() if self.on else None), ("term", self.term)]
        found = [(name, value) for name, value in place if value]
        found += [(name, value) for name in COLUMNS for value in self.listed.get(name, ())]
        found += [(f"{name}.not", value) for name in COLUMNS for value in self.excluded.get(name, ())]
        found += [(f"{name}.{test}", value) for (name, test), value in self.tests.items()]
        found += [("q", self.q)] if self.q else []
        found += [("mine", "1")] if self.mine else []
        found += [("sort", ",".join(self.sorts))] if self.sorts else []
        found += [("show", "all")] if self.everything else []
        return found + ([("after", str(self.after))] if self.after else [])

    def address(self, path: str = "/rates/", **changes: Any) -> str:
        """The address of this state, or of the state with changes; it starts at the first row unless `after` is given."""
        changed = replace(self, **{"after": 0, **changes}).pairs()
        return path + (f"?{urlencode(changed)}" if changed else "")

    def place(self) -> str:
        """The query string of the group and the extraction alone, for the other pages of the same rows."""
        return type(self)(group=self.group, on=self.on, term=self.term).address("")

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
    def order(self) -> tuple[str, ...]:
        return self.sorts or SHEET_ORDER


def sort_levels(given: Iterable[str]) -> tuple[str, ...]:
    """The sort levels, the first of each column, at most SORT_LEVELS: what was sorted before breaks ties."""
    found: dict[str, str] = {}
    for level in (part.strip() for text in given for part in text.split(",")):
        name = level.removeprefix("-")
        if name in COLUMNS:
            found.setdefault(name, level)
    return tuple(found.values())[:SORT_LEVELS]


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


def conditions(view: View, leave_out: str = "") -> tuple[list[str], dict[str, Any]]:
    """The filters as SQL conditions on `standing` with their values; of `leave_out` the chosen values are no filter."""
    found: list[str] = []
    values: dict[str, Any] = {}
    for sense, lists in (("= any", view.listed), ("<> all", view.excluded)):
        for name, chosen in lists.items():
            if name != leave_out:
                key = f"{'in' if sense == '= any' else 'out'}_{name}"
                found.append(f"coalesce({COLUMNS[name].key}, '') {sense}(:{key})")
                values[key] = ["" if value == BLANK else COLUMNS[name].normal(value) for value in chosen]
    for (name, test), value in view.tests.items():
        found.append(_test(name, test))
        values[f"{test}_{name}"] = _tested(name, test, value)
    if view.q:
        found.append("(school_sort like :q or ploc like :q or lower(cos) like :q or lower(director) like :q)")
        values["q"] = _pattern(view.q, True)
    return found, values


def _test(name: str, test: str) -> str:
    column = COLUMNS[name]
    if test in TESTS["number"]:
        return f"{column.order} {'>=' if test == 'min' else '<='} :{test}_{name}"
    if column.words:
        return f"coalesce({column.key}, '') = any(:{test}_{name})"
    return f"lower({column.print}) like :{test}_{name}"


def _tested(name: str, test: str, value: str) -> Decimal | str | list[str]:
    """What a test compares with; a column that prints words for its keys is tested by the words."""
    if test in TESTS["number"]:
        return Decimal(value)
    if words := COLUMNS[name].words:
        found = {key: word.casefold().find(value.casefold()) for key, word in words}
        return [key for key, at in found.items() if at == 0 or (at > 0 and test == "has")]
    return _pattern(value, test == "has")


def _pattern(text: str, anywhere: bool) -> str:
    plain = text.casefold().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"{'%' if anywhere else ''}{plain}%"
