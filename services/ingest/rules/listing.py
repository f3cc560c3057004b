"""Plain tables, such as the directory's: the header found, each row handed on by field, what is wrong noted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from services.ingest.rules.cells import Cell, is_error, shown
from services.ingest.rules.findings import BadCell, Place, Report
from services.ingest.rules.headers import SEARCHED_ROWS, ColumnsMissing, Header, read_header, refuse_conflict
from services.ingest.rules.rows import SheetAbout
from shared.names import tidy

LIKELY_NAMES = 2
FIRST_TEXTS = 3
Read = Callable[[Mapping[str, Cell]], Any]


class Table(NamedTuple):
    """A kind of table: its columns (name key -> field), the required fields under the names shown, how to read a row."""

    name: str
    columns: Mapping[str, str]
    required: Mapping[str, str]
    read: Read

    def shown(self, name: str) -> str:
        """A field under the name that people see."""
        return self.required.get(name, name.replace("_", " ").capitalize())


class IncompleteSheet(NamedTuple):
    """A sheet that names some columns of a table and not all required ones: its likely header row, and what it lacks."""

    sheet: str
    row: int
    missing: list[str]
    required: int

    def is_another_table(self) -> bool:
        """Whether the sheet is a list beside the tables: it lacks half of what is required, or more."""
        return 2 * len(self.missing) >= self.required


@dataclass
class Listing:
    """The good rows of a file by table, and what was found."""

    report: Report = field(default_factory=Report)
    rows: dict[str, list[Any]] = field(default_factory=dict)
    lacking: list[IncompleteSheet] = field(default_factory=list)
    first_texts: list[str] = field(default_factory=list)


class ListingReader:
    """Reads one sheet that holds one of several tables."""

    def __init__(self, found: Listing, about: SheetAbout, tables: Sequence[Table]) -> None:
        self.found = found
        self.sheet = about.name
        self.is_text = bool(about.delimiter)
        self.tables = tables
        self.table: Table | None = None
        self.header: Header | None = None
        self.names: Sequence[Cell] = ()
        self.searched = 0
        self.best: tuple[int, IncompleteSheet | None] = (0, None)

    def read(self, number: int, cells: Sequence[Cell]) -> None:
        """Takes the sheet's next row."""
        if self.header is None:
            self._search(number, cells)
        else:
            self._row(number, cells)

    def _search(self, number: int, cells: Sequence[Cell]) -> None:
        self.searched += 1
        if self.searched > SEARCHED_ROWS:
            return
        for table in self.tables:
            header = read_header(cells, table.columns)
            missing = [name for name in table.required if name not in header.columns]
            if not missing:
                self._begin(number, table, header)
                self.names = cells
                return
            if self.searched <= FIRST_TEXTS and table is self.tables[0]:
                self.found.first_texts.append(" | ".join(text for cell in cells if (text := tidy(shown(cell))))[:100])
            if len(header.columns) > self.best[0]:
                names = [table.required[name] for name in missing]
                self.best = len(header.columns), IncompleteSheet(self.sheet, number, names, len(table.required))

    def _begin(self, number: int, table: Table, header: Header) -> None:
        self.table, self.header = table, header
        self.found.rows.setdefault(table.name, [])
        for name in header.unknown:
            self.found.report.add("column_ignored", Place(self.sheet, number, name[:100], name[:200]))
        for name, used in header.unused.items():
            self.found.report.add("column_unused", Place(self.sheet, number, name[:100], name[:200], used[:200]))

    def _row(self, number: int, cells: Sequence[Cell]) -> None:
        assert self.table is not None and self.header is not None
        named = {name: cells[index] for name, index in self.header.columns.items() if index < len(cells)}
        filled = [text for cell in cells if (text := tidy(shown(cell)))]
        if not any(tidy(shown(cell)) for cell in named.values()):
            return
        if len(filled) == 1:
            self.found.report.add("note_skipped", Place(self.sheet, number, "", filled[0][:200]))
            return
        if self._is_repeated_header(number, cells) or self._misfits(number, cells, filled):
            return
        refuse_conflict(self.header, self.names, self.sheet, number, cells)
        named = self._without_errors(number, named)
        try:
            for name, cell in named.items():
                if is_error(cell):
                    raise BadCell(name, "cell_error")
            self.found.rows[self.table.name].append(self.table.read({**named, "row": number, "sheet": self.sheet}))
        except BadCell as error:
            place = Place(self.sheet, number, self.table.shown(error.field), shown(named.get(error.field))[:200])
            self.found.report.reject(error.code, place)

    def _is_repeated_header(self, number: int, cells: Sequence[Cell]) -> bool:
        """Whether the column names stand here again; the rows below are read by these. Raises ColumnsMissing."""
        assert self.table is not None and self.header is not None
        header = read_header(cells, self.table.columns)
        if len(header.columns) < max(LIKELY_NAMES, len(self.table.required) - 1):
            return False
        missing = [shown for name, shown in self.table.required.items() if name not in header.columns]
        if missing:
            raise ColumnsMissing(self.sheet, number, missing)
        code = "header_repeated" if header.columns == self.header.columns else "header_changed"
        self.found.report.add(code, Place(self.sheet, number, "", ", ".join(shown(cell) for cell in cells)[:200]))
        self.header, self.names = header, cells
        return True

    def _misfits(self, number: int, cells: Sequence[Cell], filled: Sequence[str]) -> bool:
        """Whether a line of a text table has not the cells of its header; it is rejected then."""
        assert self.table is not None and self.header is not None
        if not self.is_text:
            return False
        needed = max(self.header.columns[name] for name in self.table.required) + 1
        wide = any(tidy(shown(cell)) for cell in cells[self.header.width :])
        if wide or len(cells) < needed:
            place = Place(self.sheet, number, "", " | ".join(filled)[:200])
            self.found.report.reject("row_too_wide" if wide else "row_too_short", place)
        return wide or len(cells) < needed

    def _without_errors(self, number: int, named: dict[str, Cell]) -> dict[str, Cell]:
        """The cells, blank where one that need not be there holds an error such as `#REF!`."""
        assert self.table is not None
        spoilt = [name for name, cell in named.items() if is_error(cell) and name not in self.table.required]
        for name in spoilt:
            self.found.report.add("text_error", Place(self.sheet, number, self.table.shown(name), shown(named[name])))
        return {**named, **dict.fromkeys(spoilt)}

    def end(self) -> None:
        """Closes the sheet."""
        known, lacking = self.best
        if self.header is None and lacking is not None and known >= LIKELY_NAMES:
            self.found.lacking.append(lacking)
        elif self.header is None and self.searched:
            self.found.report.add("sheet_skipped", Place(self.sheet, 0, "", self.sheet))
