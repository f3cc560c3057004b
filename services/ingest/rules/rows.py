"""One row of an extraction file: read by field, mended where it can be, checked against its own rate and tier."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple

from services.ingest.rules.cells import (
    Cell,
    ReadCount,
    count_of,
    is_error,
    is_pointed,
    rate_fits,
    read_ploc,
    read_rates,
    read_tier,
    shown,
    tier_fits,
    with_points,
)
from services.ingest.rules.dates import read_date
from services.ingest.rules.findings import KEPT_PER_CODE, BadCell, Place, Report
from services.ingest.rules.headers import (
    REPEATED_NAMES,
    REQUIRED,
    SHOWN,
    ColumnsMissing,
    Header,
    missing_columns,
    read_header,
    refuse_conflict,
)
from services.ingest.rules.names import group_of, region_of
from shared.events import Group
from shared.names import name_key, tidy
from shared.numbers import whole

NOTE_CELLS = 3
LONGEST_NAME = 200
NAMES = ("region", "cos", "director", "group", "extraction_date")
FIELDS = ("region", "ploc", "cos", "director", "school", "group", "total", "submitted", "extraction_date")
_QUOTES = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")
_MISSING = object()


class Site(NamedTuple):
    """A school as a row names it: its place (PLOC, cost center code, name key), and its name."""

    place: tuple[str, str | None, str]
    school: str


class Shared(NamedTuple):
    """What many rows of a file have in common."""

    region: str
    cos: str
    director: str
    group: Group
    extraction_date: date


class CountsRow(NamedTuple):
    """One good row, and where it is in the file. Rows of one school and of one group hold the same objects."""

    site: Site
    shared: Shared
    total: int | None
    submitted: int | None
    file_tier: str
    file_rate: str
    sheet: str
    number: int


def first_rows(rows: Iterable[CountsRow]) -> dict[tuple[str, str | None, str], CountsRow]:
    """The first row of every place."""
    found: dict[tuple[str, str | None, str], CountsRow] = {}
    for row in rows:
        found.setdefault(row.site.place, row)
    return found


def clean(cell: Cell) -> str:
    """Text with single plain spaces and straight quotes, nothing invisible."""
    return tidy(shown(cell)).translate(_QUOTES)


class Remembered:
    """Cells and schools of a file that were read before and needed no mending: those of one sheet stand on the next."""

    def __init__(self) -> None:
        self.sites: dict[tuple[Cell, ...], Site] = {}
        self.cells: dict[str, dict[Cell, Any]] = {field: {} for field in (*SHOWN, "rate_text") if field != "group"}


class SheetAbout(NamedTuple):
    """What a reader of rows needs to know of its sheet; `delimiter`: of a text table, else empty."""

    name: str
    epoch_1904: bool = False
    delimiter: str = ""


class RowReader:
    """Reads the rows below one header; what is found goes into the report."""

    def __init__(
        self, report: Report, about: SheetAbout, header: Header, names: Sequence[Cell], remembered: Remembered
    ) -> None:
        self.report = report
        self.sheet = about.name
        self.is_text = bool(about.delimiter)
        self.tab_group = group_of(about.name)
        self.epoch_1904 = about.epoch_1904
        self.contradicting = 0
        self.above = 0
        # Whether a count of `1.000` is one thousand: so it is where cells are separated by `;`, else other rows say it.
        # Where they are parted so a comma begins decimals, and other rows say whether `1,000` is one thousand.
        self.has_decimal_commas = about.delimiter == ";"
        self.points: bool | None = None
        self.held: list[tuple[int, Sequence[Cell]]] = []
        self._sites = remembered.sites
        # What a category is read as depends on the tab.
        self._known: dict[str, dict[Cell, Any]] = {**remembered.cells, "group": {}}
        self._totals, self._submitted = self._known["total"], self._known["submitted"]
        self._readers: dict[str, Callable[[Cell], tuple[Any, str]]] = {
            "region": self._region,
            "ploc": self._ploc,
            "cos": _cos,
            "director": lambda cell: _text(cell, "director"),
            "school": _school,
            "group": self._group,
            "total": lambda cell: self._count(cell, "total"),
            "submitted": lambda cell: self._count(cell, "submitted"),
            "extraction_date": self._on,
        }
        self._use(header, names)

    def _use(self, header: Header, names: Sequence[Cell]) -> None:
        """Reads the rows that follow by this header, whose cells are `names`."""
        self.header, self.header_cells = header, names
        self.columns = columns = header.columns
        self.width = max(columns.values()) + 1
        self.needed = max(columns[field] for field in REQUIRED) + 1
        self._names_of = itemgetter(*(columns[field] for field in NAMES if field in columns))
        self._site_of = itemgetter(columns["ploc"], columns["school"])
        self._counts_of = itemgetter(columns["total"], columns["submitted"])
        self._optionals = [columns.get(field) for field in ("file_tier", "file_tier_label", "file_rate")]
        self._shared: dict[tuple[Cell, ...], Shared] = {}

    def read(self, number: int, cells: Sequence[Cell]) -> CountsRow | None:
        """The row where it is good; None where it was left out. Raises ColumnsConflict, ColumnsMissing."""
        if len(cells) != self.width and (misfit := self._misfit(cells)):
            self._reject_row(misfit, number, cells)
            return None
        if len(cells) < self.width:
            cells = [*cells, *[None] * (self.width - len(cells))]
        try:
            site = self._sites.get(self._site_of(cells)) or self._site(number, cells)
            shared = self._shared.get(self._names_of(cells)) or self._names(number, cells)
            total_cell, submitted_cell = self._counts_of(cells)
            total = self._totals.get(total_cell, _MISSING)
            if total is _MISSING:
                total = self._take("total", number, cells)
            submitted = self._submitted.get(submitted_cell, _MISSING)
            if submitted is _MISSING:
                submitted = self._take("submitted", number, cells)
        except BadCell as error:
            if error.code == "count_ambiguous" and self.points is None:
                self.held.append((number, cells))
            else:
                self._leave_out(number, cells, error)
            return None
        if self.header.rivals:
            refuse_conflict(self.header, self.header_cells, self.sheet, number, cells)
        file_tier, file_rate = self._check(number, cells, total, submitted)
        return CountsRow(site, shared, total, submitted, file_tier, file_rate, self.sheet, number)

    def settle(self) -> list[CountsRow]:
        """The rows that waited for others to say what a point in a count means; unsaid, they are rejected."""
        held, self.held = self.held, []
        counts = [self._turned(cell) for _, cells in held for cell in self._counts_of(cells)]
        self.points = any(is_pointed(cell) and not str(cell).strip().endswith(".000") for cell in counts)
        if not self.points:
            self.points = None
            for number, cells in held:
                self._leave_out(number, cells, BadCell("total", "count_ambiguous"))
            return []
        return [row for number, cells in held if (row := self.read(number, cells)) is not None]

    def _misfit(self, cells: Sequence[Cell]) -> str:
        """Why a line of a text table has not the cells of its header: a delimiter too many, or one too few."""
        if not self.is_text:
            return ""
        if len(cells) < self.needed:
            return "row_too_short"
        return "row_too_wide" if any(clean(cell) for cell in cells[self.header.width :]) else ""

    def _reject_row(self, code: str, number: int, cells: Sequence[Cell]) -> None:
        reason = self._no_school([*cells, *[None] * (self.width - len(cells))])
        text = " | ".join(clean(cell) for cell in cells if clean(cell))
        if reason:
            self.report.add(reason, Place(self.sheet, number, "", text[:200]))
        else:
            self.report.reject(code, Place(self.sheet, number, "", text[:200]))

    def _names(self, number: int, cells: Sequence[Cell]) -> Shared:
        """What many rows share; remembered as a whole where nothing had to be mended."""
        before = self.report.findings
        shared = Shared(*(self._take(field, number, cells) for field in NAMES))
        if self.report.findings == before:
            self._shared[self._names_of(cells)] = shared
        return shared

    def _site(self, number: int, cells: Sequence[Cell]) -> Site:
        """The school that the row names; remembered as `_names` are."""
        before = self.report.findings
        ploc = self._take("ploc", number, cells)
        school, key = self._take("school", number, cells)
        site = Site((ploc.ploc, ploc.cost_center, key), school)
        if self.report.findings == before:
            self._sites[self._site_of(cells)] = site
        return site

    def _take(self, field: str, number: int, cells: Sequence[Cell]) -> Any:
        index = self.columns.get(field)
        cell = None if index is None else cells[index]
        known = self._known[field].get(cell, _MISSING)
        if known is not _MISSING:
            return known
        value, code = self._readers[field](cell)
        if code:
            self.report.add(code, self._place(field, number, cell, value))
        else:
            self._known[field][cell] = value
        return value

    def _place(self, field: str, number: int, cell: Cell, became: Any = "") -> Place:
        written = became.ploc if hasattr(became, "ploc") else became[0] if isinstance(became, tuple) else became
        return Place(self.sheet, number, SHOWN[field], shown(cell)[:200], str(written)[:200])

    def _region(self, cell: Cell) -> tuple[str, str]:
        found = region_of(cell)
        if found is None:
            return _text(cell, "region")[0], "region_unknown"
        return found, "" if found == cell else "region_fixed"

    def _ploc(self, cell: Cell) -> tuple[Any, str]:
        found = read_ploc(cell)
        return found, found.code

    def _turned(self, cell: Cell) -> Cell:
        return with_points(cell) if self.has_decimal_commas else cell

    def _count(self, cell: Cell, field: str) -> ReadCount:
        turned = self._turned(cell)
        is_clear = self.has_decimal_commas and turned is cell
        return count_of(turned, field, points=True if is_clear else self.points)

    def _group(self, cell: Cell) -> tuple[Group, str]:
        found = group_of(cell)
        if found is None:
            if self.tab_group is None or clean(cell):
                raise BadCell("group", "group_unknown")
            return self.tab_group, "" if "group" not in self.columns else "group_fixed"
        if self.tab_group is not None and found != self.tab_group:
            return found, "group_differs_from_tab"
        return found, "" if cell == found.capitalize() else "group_fixed"

    def _on(self, cell: Cell) -> tuple[date, str]:
        found = read_date(cell, epoch_1904=self.epoch_1904)
        return found.extraction_date, found.code

    def _check(self, number: int, cells: Sequence[Cell], total: int | None, submitted: int | None) -> tuple[str, str]:
        """The file's own tier and rate, compared with the counts."""
        tier_cell, label, rate_cell = [None if index is None else cells[index] for index in self._optionals]
        if total:
            if submitted is None:
                self.report.add("submitted_blank", self._place("submitted", number, None))
            else:
                self._compare(number, (tier_cell, label, rate_cell), submitted, total)
        elif submitted:
            self.above += 1
            of = "of a blank total" if total is None else "of 0"
            self.report.add("submitted_without_total", self._place("submitted", number, submitted, of))
        text = self._known["rate_text"].get(rate_cell)
        if text is None:
            text = self._known["rate_text"][rate_cell] = shown(rate_cell)
        return tier_cell if type(tier_cell) is str else shown(tier_cell), text

    def _optional(self, field: str, cells: Sequence[Cell]) -> Cell:
        index = self.columns.get(field)
        return None if index is None else cells[index]

    def _compare(self, number: int, cells: tuple[Cell, Cell, Cell], submitted: int, total: int) -> None:
        if submitted > total:
            self.above += 1
            self.report.add("submitted_above_total", self._place("submitted", number, submitted, f"of {total}"))
        tier = self._tier_of(cells[0])
        if tier is None:
            tier = self._tier_of(cells[1])
        rates = self._known["file_rate"].get(cells[2])
        if rates is None:
            rates = self._known["file_rate"][cells[2]] = read_rates(cells[2])
        wrong_rate = bool(rates) and not rate_fits(rates, submitted, total)
        wrong_tier = tier is not None and not tier_fits(tier, submitted, total)
        if wrong_rate:
            self.report.add("rate_differs", self._place("file_rate", number, cells[2], f"{submitted} of {total}"))
        if wrong_tier:
            place = self._place("file_tier", number, cells[0] or cells[1], f"{submitted} of {total}")
            self.report.add("tier_differs", place)
        self.contradicting += wrong_rate or wrong_tier

    def _tier_of(self, cell: Cell) -> int | None:
        known: dict[Cell, int | None] = self._known["file_tier"]
        found = known.get(cell, 0)
        if found == 0:
            found = known[cell] = read_tier(cell)
        return found

    def _leave_out(self, number: int, cells: Sequence[Cell], first: BadCell) -> None:
        """A row that is not a school is skipped; of any other every bad cell is reported."""
        reason = "" if first.field not in ("ploc", "school", "group") else self._no_school(cells)
        if reason:
            text = " | ".join(clean(cell) for cell in cells if clean(cell))
            self.report.add(reason, Place(self.sheet, number, "", text[:200]))
            if reason == "header_repeated":
                self._use_repeated(number, cells)
            return
        for field in FIELDS:
            try:
                index = self.columns.get(field)
                self._readers[field](None if index is None else cells[index])
            except BadCell as error:
                cell = self._optional(field, cells)
                self.report.reject(error.code, self._place(field, number, cell, error.became))
                if error.code == "ploc_missing" and len(self.report.unplaced) < KEPT_PER_CODE:
                    names = clean(self._optional("school", cells)), clean(self._optional("cos", cells))
                    self.report.unplaced[self.sheet, number] = names

    def _use_repeated(self, number: int, cells: Sequence[Cell]) -> None:
        """The rows below column names are read by these, also where they are in another order than those above."""
        header = read_header(cells)
        missing = missing_columns(header)
        if missing:
            raise ColumnsMissing(self.sheet, number, missing)
        if header.columns != self.columns:
            self.report.add("header_changed", Place(self.sheet, number, "", ", ".join(map(clean, cells))[:200]))
            self._use(header, cells)

    def _no_school(self, cells: Sequence[Cell]) -> str:
        """The code of a row that is a total, a note or the header again; empty for a school's row."""
        texts = [clean(cell) for cell in cells if clean(cell)]
        if len(texts) >= REPEATED_NAMES and len(read_header(cells).columns) >= REPEATED_NAMES:
            return "header_repeated"
        if any("total" in (words := name_key(text).split()) or "totals" in words for text in texts[:2]):
            return "total_skipped" if whole(clean(self._optional("ploc", cells))) is None else ""
        return "note_skipped" if len(texts) <= NOTE_CELLS else ""


def _text(cell: Cell, field: str) -> tuple[str, str]:
    if is_error(cell):
        return "", "text_error"
    text = clean(cell)
    if len(text) > LONGEST_NAME:
        raise BadCell(field, "text_too_long")
    return text, "" if text == cell or not isinstance(cell, str) else "text_tidied"


def _cos(cell: Cell) -> tuple[str, str]:
    text, code = _text(cell, "cos")
    return text, code if text or code else "cos_blank"


def _school(cell: Cell) -> tuple[tuple[str, str], str]:
    """The school's name with its key."""
    if is_error(cell):
        raise BadCell("school", "cell_error")
    text, code = _text(cell, "school")
    if not text:
        raise BadCell("school", "school_missing")
    return (text, name_key(text)), code
