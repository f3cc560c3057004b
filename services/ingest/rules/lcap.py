"""LCAP tables: clean ones by the columns they name; what the rows mean is tracker's to say."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.ingest.rules.cells import Cell, shown
from services.ingest.rules.findings import Place, Report
from services.ingest.rules.headers import SEARCHED_ROWS, ColumnsConflict
from services.ingest.rules.rows import SheetAbout, clean
from shared.names import name_key

ACTION_NAMES = ("goal action", "title", "2024 25 action title", "number", "action")
ACTION_TITLES = ("title", "2024 25 action title", "action title")
MEASURE_NAMES = ("measure", "progress measure", "progress measure 2023 24")
KNOWN: Mapping[str, tuple[Sequence[str], ...]] = {
    "actions": (ACTION_NAMES, ACTION_TITLES),
    "measures": (MEASURE_NAMES, ("goal", "goal action", "action")),
}
# What names a row: without it nobody can say what the amounts or the words belong to.
TITLES: Mapping[str, Sequence[str]] = {"actions": (*ACTION_NAMES, *ACTION_TITLES), "measures": MEASURE_NAMES}

# The header of the published text: its columns in their order and no other between them, as a clean table may have.
_PUBLISHED = {
    "actions": re.compile(r"\A[^\t]*\tgoal action\t[^\t]*action title\tdescription of action[^\t]*(?:\t[^\t]*){6}\t*"),
    "measures": re.compile(r"\Agoal\t[^\t]*goal action title\tprogress measure[^\t]*\t[^\t]*\t*"),
}
NEEDED = {"actions": "Goal Action and 2024-25 Action Title", "measures": "Goal and Progress Measure"}


def names_columns(table: str, cells: Iterable[Cell]) -> bool:
    """Whether a row is the column names of the table."""
    keys = [name_key(clean(cell)) for cell in cells]
    return all(any(name in keys for name in names) for names in KNOWN[table])


def is_published(table: str, line: str) -> bool:
    """Whether a line is a header of the published text of the table."""
    return _PUBLISHED[table].fullmatch("\t".join(name_key(clean(cell)) for cell in line.split("\t"))) is not None


@dataclass
class LcapFound:
    """The rows of a file as mappings of column to text, with their source line, and what was found."""

    report: Report = field(default_factory=Report)
    rows: list[dict[str, Any]] = field(default_factory=list)


class LcapReader:
    """Reads one sheet of an LCAP table."""

    def __init__(self, found: LcapFound, about: SheetAbout, table: str) -> None:
        self.found = found
        self.sheet = about.name
        self.is_text = bool(about.delimiter)
        self.table = table
        self.columns: list[str] = []
        self.twice: list[tuple[int, int]] = []
        self.searched = 0

    def read(self, number: int, cells: Sequence[Cell]) -> None:
        """Takes the sheet's next row."""
        texts = [clean(cell) for cell in cells]
        if self.columns and names_columns(self.table, texts):
            self._note_repeated(number, texts)
            self._begin(texts)
        elif self.columns:
            self._row(number, texts)
        elif self.searched < SEARCHED_ROWS:
            self.searched += 1
            if names_columns(self.table, texts):
                self._begin(texts)

    def _begin(self, texts: Sequence[str]) -> None:
        # "line" is the row's own key: a column of that name holds the line of the published source.
        self.columns = ["source line" if name_key(text) == "line" else text for text in texts]
        named = [name_key(name) for name in self.columns]
        self.twice = [(named.index(key), index) for index, key in enumerate(named) if key and named.index(key) != index]

    def _note_repeated(self, number: int, texts: Sequence[str]) -> None:
        code = (
            "header_repeated"
            if [text for text in texts if text] == list(filter(None, self.columns))
            else "header_changed"
        )
        self.found.report.add(code, Place(self.sheet, number, "", ", ".join(texts)[:200]))

    def _refuse_conflict(self, number: int, texts: Sequence[str]) -> None:
        """Raises ColumnsConflict where two columns of one name differ in this row."""
        for first, second in self.twice:
            pair = [texts[index] if index < len(texts) else "" for index in (first, second)]
            if pair[0] != pair[1]:
                columns = (
                    f"{self.columns[first]} (column {first + 1})",
                    f"{self.columns[second]} (column {second + 1})",
                )
                raise ColumnsConflict(self.sheet, number, columns)

    def _row(self, number: int, texts: list[str]) -> None:
        self._refuse_conflict(number, texts)
        beyond = [text for text in texts[len(self.columns) :] if text]
        if self.is_text and beyond:
            self.found.report.reject(
                "row_too_wide", Place(self.sheet, number, "", " | ".join(filter(None, texts))[:200])
            )
            return
        named = {name: text for name, text in zip(self.columns, texts, strict=False) if name and text}
        if len(named) > 1 and not any(name_key(name) in TITLES[self.table] for name in named):
            column = "Goal Action" if self.table == "actions" else "Measure"
            self.found.report.reject(
                "title_missing", Place(self.sheet, number, column, next(iter(named.values()))[:200])
            )
        elif len(named) > 1:
            self.found.rows.append({**named, "line": number})
        elif named:
            self.found.report.add("note_skipped", Place(self.sheet, number, "", next(iter(named.values()))[:200]))

    def end(self) -> None:
        """Closes the sheet."""
        if not self.columns and self.searched:
            self.found.report.add("sheet_skipped", Place(self.sheet, 0, "", self.sheet))


def raw_line(number: int, cells: Sequence[Cell]) -> dict[str, Any]:
    """A line of the published text as it is."""
    return {"line": number, "text": shown(cells[0]) if cells else ""}
