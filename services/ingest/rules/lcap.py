"""LCAP tables: clean ones by the columns they name, in the fields of `lcap_headings`; tracker says what rows mean."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.ingest.rules.cells import Cell, shown
from services.ingest.rules.findings import Place, Report
from services.ingest.rules.headers import SEARCHED_ROWS, ColumnsConflict
from services.ingest.rules.lcap_headings import CARRYOVER, Headings, read_headings
from services.ingest.rules.rows import SheetAbout, clean
from shared.names import name_key

# The header of the published text: its columns in their order and no other between them, as a clean table may have.
_PUBLISHED = {
    "actions": re.compile(r"\A[^\t]*\tgoal action\t[^\t]*action title\tdescription of action[^\t]*(?:\t[^\t]*){6}\t*"),
    "measures": re.compile(r"\Agoal\t[^\t]*goal action title\tprogress measure[^\t]*\t[^\t]*\t*"),
}
NEEDED = {"actions": "Goal Action (or Goal # and Action #) and Action Title", "measures": "Goal and Progress Measure"}
# What a row is known by: without it nobody can say what the amounts or the words belong to.
_TELLING = {"actions": ("number", "action", "title"), "measures": ("measure",)}
_TOTALS = ("total", "totals", "grand total")


def names_columns(table: str, cells: Iterable[Cell]) -> bool:
    """Whether a row is the column names of the table."""
    return read_headings(table, [clean(cell) for cell in cells]) is not None


def is_published(table: str, line: str) -> bool:
    """Whether a line is a header of the published text of the table."""
    return _PUBLISHED[table].fullmatch("\t".join(name_key(clean(cell)) for cell in line.split("\t"))) is not None


@dataclass
class LcapFound:
    """The rows of a file as mappings of field to text, with their form, plan year, sheet and source line, and what was
    found; `contradictions` are sentences about years that cannot all be right."""

    report: Report = field(default_factory=Report)
    rows: list[dict[str, Any]] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)


class LcapReader:
    """Reads one sheet of an LCAP table."""

    def __init__(self, found: LcapFound, about: SheetAbout, table: str) -> None:
        self.found = found
        self.sheet = about.name
        self.is_text = bool(about.delimiter)
        self.table = table
        self.headings: Headings | None = None
        self.columns: list[str] = []
        self.twice: list[tuple[int, int]] = []
        self.above: list[str] = []
        self.searched = 0

    def read(self, number: int, cells: Sequence[Cell]) -> None:
        """Takes the sheet's next row."""
        texts = [clean(cell) for cell in cells]
        if self.headings is not None and (again := read_headings(self.table, texts, self.above)) is not None:
            self._note_repeated(number, texts)
            self._begin(number, texts, again)
        elif self.headings is not None:
            self._row(number, texts)
        elif self.searched < SEARCHED_ROWS:
            self.searched += 1
            headings = read_headings(self.table, texts, [*self.above, self.sheet])
            self.above += [text for text in texts if text]
            if headings is not None:
                self._begin(number, texts, headings)

    def _begin(self, number: int, texts: list[str], headings: Headings) -> None:
        self.headings, self.columns = headings, texts
        where = f"{self.sheet}, row {number}: " if self.sheet else f"Row {number}: "
        self.found.contradictions += [where + sentence for sentence in headings.contradictions]
        named = [name_key(name) for name in texts]
        self.twice = [(named.index(key), index) for index, key in enumerate(named) if key and named.index(key) != index]
        second = {index for _, index in self.twice}
        for index, (text, name) in enumerate(zip(texts, headings.fields, strict=True)):
            if text and not name and index not in second:
                self.found.report.add("column_ignored", Place(self.sheet, number, text[:80], text[:200]))

    def _note_repeated(self, number: int, texts: Sequence[str]) -> None:
        same = [text for text in texts if text] == list(filter(None, self.columns))
        code = "header_repeated" if same else "header_changed"
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
        assert self.headings is not None
        self._refuse_conflict(number, texts)
        filled = [text for text in texts if text]
        if self.is_text and any(texts[len(self.columns) :]):
            self.found.report.reject("row_too_wide", Place(self.sheet, number, "", " | ".join(filled)[:200]))
            return
        form, names = self.headings.form, self.headings.fields
        named = {name: text for name, text in zip(names, texts, strict=False) if name and text}
        is_total = filled[:1] and name_key(filled[0]) in _TOTALS
        if is_total or (len(named) == 1 and form != CARRYOVER):
            self.found.report.add("note_skipped", Place(self.sheet, number, "", filled[0][:200]))
        elif named and form != CARRYOVER and not any(name in named for name in _TELLING[self.table]):
            column = "Goal Action" if self.table == "actions" else "Measure"
            self.found.report.reject("title_missing", Place(self.sheet, number, column, filled[0][:200]))
        elif named:
            kept = {"form": form, "year": self.headings.year, "sheet": self.sheet, "line": number}
            self.found.rows.append({**named, **kept})

    def end(self) -> None:
        """Closes the sheet."""
        if self.headings is None and self.searched:
            self.found.report.add("sheet_skipped", Place(self.sheet, 0, "", self.sheet))


def raw_line(number: int, cells: Sequence[Cell]) -> dict[str, Any]:
    """A line of the published text as it is."""
    return {"line": number, "text": shown(cells[0]) if cells else ""}
