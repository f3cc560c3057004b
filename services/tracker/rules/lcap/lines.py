"""The published LCAP text as lines: which table a line belongs to, which lines are page headers, and of which years."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from shared.names import name_key, tidy

Table = Literal["actions", "measures"]
# All words of the page headers of the actions table, however they are split over lines and cells.
_HEADER_WORDS = frozenset(
    "page in lcap goal action title description of contributing to increased or improved services"
    " change planned lcff expenditures total estimated actual material differences between and".split()
)
_MEASURES_HEADER = re.compile(r"\Agoal\s(?>.*?goal action title).*progress measure", re.IGNORECASE)
# At least this share of a header line's words are known ones; the rest is misread or has spilled in from a row.
KNOWN_SHARE = 0.4
_YEAR = r"(20\d\d) ?[-‐‑‒–—−/_] ?(?:20)?(\d\d)"
_YEAR_WORDS = re.compile(r"\b20\d\d (?:20)?\d\d\b|\b20\d\d\b|\b\d\d\b(?!\S)")
ACTION_TITLE = re.compile(rf"{_YEAR} Action Title")
_PLAN_YEAR = re.compile(rf"{_YEAR} Action Title|in {_YEAR} LCAP")
_ACTUAL_YEAR = re.compile(rf"Estimated Actual LCFF Expenditures \({_YEAR}\)")
_MEASURE_YEAR = re.compile(
    rf"Progress Measure \(?{_YEAR}|{_YEAR} Goal Action Title|Performance \(?{_YEAR}", re.IGNORECASE
)


class Line(NamedTuple):
    """A line of the published text: its number and its cells, trimmed."""

    number: int
    cells: tuple[str, ...]

    @property
    def blank(self) -> bool:
        return not any(self.cells)


class PublishedYears(NamedTuple):
    """The plan year that the page headers name ("" where they name none or several), and what contradicts itself."""

    year: str
    contradictions: tuple[str, ...]


def raw_lines(rows: Iterable[dict[str, Any]]) -> list[Line]:
    """Rows `{"line": n, "text": "..."}` as lines in their order."""
    made = [Line(int(row["line"]), tuple(tidy(cell) for cell in str(row["text"]).split("\t"))) for row in rows]
    return sorted(made)


def is_raw(rows: Sequence[dict[str, Any]]) -> bool:
    """Whether the rows are lines of the published text, not rows of a clean table."""
    return bool(rows) and all(set(row) == {"line", "text"} for row in rows)


def of_table(lines: Sequence[Line], table: Table) -> list[Line]:
    """The part of the text that holds one table: the measures begin at their first header."""
    first = next((at for at, line in enumerate(lines) if is_measures_header(line)), None)
    if table == "actions":
        return list(lines[:first])
    return list(lines if first is None else lines[first:])


def is_measures_header(line: Line) -> bool:
    return _MEASURES_HEADER.match(" ".join(line.cells)) is not None


def is_actions_header(line: Line) -> bool:
    """Whether a line without a row's marks is (a part of) a page header of the actions table."""
    key = name_key(" ".join(line.cells))
    years = sum(len(found[0].split()) for found in _YEAR_WORDS.finditer(key))
    words = key.split()
    known = sum(word in _HEADER_WORDS for word in words) + min(years, len(words))
    return bool(words) and known >= KNOWN_SHARE * len(words)


def published_years(lines: Iterable[Line]) -> PublishedYears:
    """The plan year of the actions table by its page headers; the estimated actual is of the year before."""
    headers = [line for line in lines if is_actions_header(line)]
    years = _named(headers, _PLAN_YEAR)
    actual = _named(headers, _ACTUAL_YEAR)
    found = _several(years, "plan years")
    if len(years) == 1 and len(actual) == 1:
        (year,), (before,) = years, actual
        if int(year[:4]) != int(before[:4]) + 1:
            found.append(f"The page headers are those of {year}, but the estimated actual is of {before}.")
    found += _several(actual, "years of estimated actuals")
    return PublishedYears(next(iter(years)) if len(years) == 1 and not found else "", tuple(found))


def measures_years(lines: Iterable[Line]) -> PublishedYears:
    """The reporting year of the measures table by its page headers."""
    years = _named([line for line in lines if is_measures_header(line)], _MEASURE_YEAR)
    found = _several(years, "reporting years")
    return PublishedYears(next(iter(years)) if len(years) == 1 else "", tuple(found))


def _named(lines: Iterable[Line], pattern: re.Pattern[str]) -> dict[str, int]:
    """Each year that the pattern finds, with the first line that names it."""
    named: dict[str, int] = {}
    for line in lines:
        for match in pattern.finditer(" ".join(line.cells)):
            first, last = [part for part in match.groups() if part][:2]
            named.setdefault(f"{first}-{last}", line.number)
    return named


def _several(years: dict[str, int], what: str) -> list[str]:
    if len(years) < 2:
        return []
    places = ", ".join(f"{year} in line {line}" for year, line in years.items())
    return [f"The page headers name several {what}: {places}."]


def spilled(cell: str, phrase: str) -> str:
    """What is in a header's cell behind its own words: the start of the next row's text, moved up by the page break."""
    return cell[len(phrase) :].strip() if cell.startswith(phrase) else ""
