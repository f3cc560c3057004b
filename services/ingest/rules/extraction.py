"""A whole extraction file: its tables found on their sheets, rows read, repetitions and contradictions settled."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.ingest.rules.cells import Cell
from services.ingest.rules.findings import Place, Report
from services.ingest.rules.headers import (
    SEARCHED_ROWS,
    SHOWN,
    Header,
    is_header,
    missing_columns,
    read_header,
)
from services.ingest.rules.names import group_of
from services.ingest.rules.rows import CountsRow, Remembered, RowReader, SheetAbout, clean, first_rows
from services.ingest.rules.schools import Unit

LIKELY_NAMES = 4
FIRST_TEXTS = 3


class NoTable(NamedTuple):
    """The best candidate for a header row, and the columns that it lacks."""

    sheet: str
    row: int
    missing: list[str]

    def is_another_table(self) -> bool:
        """Whether the sheet is a summary beside the tables: it names neither schools nor a respondent group."""
        return {SHOWN["ploc"], SHOWN["school"]} <= set(self.missing) and group_of(self.sheet) is None


@dataclass
class Extraction:
    """What a file turned out to hold."""

    report: Report = field(default_factory=Report)
    rows: list[CountsRow] = field(default_factory=list)
    suffixes: set[str] = field(default_factory=set)
    remembered: Remembered = field(default_factory=Remembered)
    contradicting: int = 0
    above: int = 0
    headers: int = 0
    first_texts: list[str] = field(default_factory=list)


class SheetReader:
    """Reads one sheet: looks for the header in the first rows, then hands every row to a RowReader."""

    def __init__(self, found: Extraction, about: SheetAbout) -> None:
        self.found = found
        self.about = about
        self.name = about.name
        self.rows: RowReader | None = None
        self.above: list[tuple[int, str]] = []
        self.best: tuple[int, int, Header] | None = None
        self.searched = 0

    def read(self, number: int, cells: Sequence[Cell]) -> None:
        """Takes the sheet's next row."""
        if self.rows is not None:
            row = self.rows.read(number, cells)
            if row is not None:
                self.found.rows.append(row)
        elif self.searched < SEARCHED_ROWS:
            self._search(number, cells)

    def read_all(self, batch: Iterable[tuple[int, Sequence[Cell]]]) -> None:
        """Takes the sheet's next rows as `read` does."""
        rest = iter(batch)
        while self.rows is None and (each := next(rest, None)) is not None:
            self.read(*each)
        if self.rows is not None:
            read = self.rows.read
            self.found.rows += [row for number, cells in rest if (row := read(number, cells)) is not None]

    def _search(self, number: int, cells: Sequence[Cell]) -> None:
        self.searched += 1
        header = read_header(cells)
        if is_header(header):
            if not self._missing(header):
                self._begin(number, header, cells)
                return
            self.searched = SEARCHED_ROWS  # no other table is looked for below one that cannot be read
        if self.best is None or len(header.columns) > self.best[0]:
            self.best = (len(header.columns), number, header)
        text = " | ".join(clean(cell) for cell in cells if clean(cell))
        self.above.append((number, text))

    def _begin(self, number: int, header: Header, cells: Sequence[Cell]) -> None:
        report = self.found.report
        self.found.headers += 1
        self.found.suffixes |= header.suffixes
        self.rows = RowReader(report, self.about, header, cells, self.found.remembered)
        for row, text in self.above:
            report.add("header_below", Place(self.name, row, "", text[:200]))
        for known, name in header.renamed.items():
            report.add("header_renamed", Place(self.name, number, SHOWN[known], name, SHOWN[known]))
        for name in header.unknown:
            report.add("column_ignored", Place(self.name, number, name[:100], name[:200]))
        for name, used in header.unused.items():
            report.add("column_unused", Place(self.name, number, name[:100], name[:200], used[:200]))
        if "group" not in header.columns:
            report.add("group_from_tab", Place(self.name, number, "", self.name))

    def _missing(self, header: Header) -> list[str]:
        missing = missing_columns(header)
        if "group" not in header.columns and group_of(self.name) is None:
            missing.append(SHOWN["group"])
        return missing

    def end(self) -> NoTable | None:
        """Closes the sheet; answers what was missing where it looked like a table and had no whole header."""
        if self.rows is not None:
            self.found.rows += self.rows.settle()
            self.found.contradicting += self.rows.contradicting
            self.found.above += self.rows.above
            return None
        if self.best is not None and self.best[0] >= LIKELY_NAMES:
            return NoTable(self.name, self.best[1], self._missing(self.best[2]))
        self.found.first_texts += [text[:100] for _, text in self.above[:FIRST_TEXTS] if text]
        if self.above:
            self.found.report.add("sheet_skipped", Place(self.name, 0, "", self.above[0][1][:200]))
        return None


def settled(
    rows: Iterable[CountsRow], units: Mapping[tuple[str, str | None, str], Unit], report: Report
) -> list[CountsRow]:
    """The rows without repetitions; rows of one school and category that contradict each other are all rejected.

    `units`: the school of each place, for two places can be one school (`5857` and `1585701`).
    """
    first: dict[tuple[object, ...], CountsRow] = {}
    torn: dict[tuple[object, ...], list[CountsRow]] = defaultdict(list)
    for row in rows:
        key = (units[row.site.place].school_key, row.shared.group, row.shared.extraction_date)
        kept = first.setdefault(key, row)
        if kept is row:
            continue
        if (kept.total, kept.submitted) == (row.total, row.submitted):
            report.add("row_repeated", Place(row.sheet, row.number, "", row.site.school, f"as row {kept.number}"))
        else:
            torn[key].append(row)
    for place, others in torn.items():
        for row in (first.pop(place), *others):
            value = f"{row.site.school}: {row.submitted} of {row.total}"
            report.reject("rows_contradict", Place(row.sheet, row.number, SHOWN["submitted"], value))
    _note_shared(first.values(), report)
    return list(first.values())


def _note_shared(rows: Iterable[CountsRow], report: Report) -> None:
    names: dict[str, dict[str, CountsRow]] = defaultdict(dict)
    for (ploc, _, key), row in first_rows(rows).items():
        names[ploc].setdefault(key, row)
    for ploc, found in names.items():
        if len(found) > 1:
            row = next(iter(found.values()))
            listed = ", ".join(sorted(each.site.school for each in found.values()))
            report.add("ploc_shared", Place(row.sheet, row.number, SHOWN["ploc"], ploc, listed[:200]))
