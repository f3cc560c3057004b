"""The published LCAP text as lines: which table a line belongs to, and which lines are page headers in any shape."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from shared.names import name_key, tidy

Table = Literal["actions", "measures"]
# All words of the page headers of the actions table, however they are split over lines and cells.
_HEADER_WORDS = frozenset(
    "page in 2024 25 2023 24 lcap goal action title description of contributing to increased or improved services"
    " change planned lcff expenditures total estimated actual material differences between and".split()
)
_MEASURES_HEADER = re.compile(r"\Agoal\s(?>.*?goal action title).*progress measure", re.IGNORECASE)
# At least this share of a header line's words are known ones; the rest is misread or has spilled in from a row.
KNOWN_SHARE = 0.4


class Line(NamedTuple):
    """A line of the published text: its number and its cells, trimmed."""

    number: int
    cells: tuple[str, ...]

    @property
    def blank(self) -> bool:
        return not any(self.cells)


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
    words = name_key(" ".join(line.cells)).split()
    known = sum(word in _HEADER_WORDS for word in words)
    return bool(words) and known >= KNOWN_SHARE * len(words)


def spilled(cell: str, phrase: str) -> str:
    """What stands in a header's cell behind its own words: the start of the next row's text, moved up by the page break."""
    return cell[len(phrase) :].strip() if cell.startswith(phrase) else ""
