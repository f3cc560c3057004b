"""Column names: the district's, under all the names, suffixes and croppings that files were seen with."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.ingest.rules.cells import Cell, shown
from shared.names import name_key, tidy

HEADER_NAMES = 8
# Inside a table fewer are enough: no school's row holds so many column names.
REPEATED_NAMES = 4
SEARCHED_ROWS = 30
REASON_COLUMN = "What went wrong"
REQUIRED = ("region", "ploc", "cos", "director", "school", "total", "submitted", "extraction_date")
SHOWN = {
    "region": "Region",
    "ploc": "PLOC",
    "cos": "CoS",
    "director": "Regional_Director",
    "school": "School",
    "group": "Category",
    "file_tier": "Response_Tier_Nr",
    "file_tier_label": "Response_Tier",
    "total": "Total_Surveys",
    "submitted": "Surveys_Submitted",
    "file_rate": "Response_Rate",
    "extraction_date": "Date_of_Extraction",
}
HEADERS: dict[str, str] = {
    **{name_key(shown): field for field, shown in SHOWN.items()},
    "regi": "region",
    "reg": "region",
    "pl": "ploc",
    "plo": "ploc",
    "location code": "ploc",
    "primary location code": "ploc",
    "community of schools": "cos",
    "director": "director",
    "regional director name": "director",
    "school name": "school",
    "group": "group",
    "respondent group": "group",
    "tier nr": "file_tier",
    "response tier number": "file_tier",
    "tier": "file_tier_label",
    "total": "total",
    "surveys total": "total",
    "submitted": "submitted",
    "surveys submitted total": "submitted",
    "rate": "file_rate",
    "extraction date": "extraction_date",
    "date": "extraction_date",
}
_SEASON = r"'?(sp|spring|fa|fall|f|su|summer|wi|winter|w)[ _,-]{0,2}'?(?:20)?(\d{2})"
_SUFFIX = re.compile(rf"[ _(\[:-]{_SEASON}[)\]]?$", re.IGNORECASE)
_PREFIX = re.compile(rf"^[(\[]?{_SEASON}[)\]]?[ _:-]", re.IGNORECASE)
LONGEST_SUFFIX = 18
LONGEST_COLUMN = 200
_SEASONS = {"s": "Sp", "f": "Fa", "w": "Wi"}


class Header(NamedTuple):
    """A recognized header: field -> column index, the term suffixes seen, columns without meaning here, other names.

    `rivals`: field -> further columns that claim it with the same right. `unused`: columns that a better name beats,
    each with the name of the column that is used instead. `width`: up to the last column with a name.
    """

    columns: dict[str, int]
    suffixes: set[str]
    unknown: list[str]
    renamed: dict[str, str]
    rivals: dict[str, list[int]]
    unused: dict[str, str]
    width: int = 0


class Claim(NamedTuple):
    """A column that names a field: where, under which name, in which term, and whether by the district's own name."""

    column: int
    name: str
    suffix: str
    exact: bool


class ColumnsMissing(ValueError):
    """Column names that are repeated in a table lack required ones."""

    def __init__(self, sheet: str, row: int, missing: list[str]) -> None:
        super().__init__(f"missing: {', '.join(missing)}")
        self.sheet = sheet
        self.row = row
        self.missing = missing


class ColumnsConflict(ValueError):
    """Two columns claim one field and differ: the row and the names of both."""

    def __init__(self, sheet: str, row: int, columns: tuple[str, str]) -> None:
        super().__init__(f"{columns[0]} and {columns[1]} differ")
        self.sheet = sheet
        self.row = row
        self.columns = columns


def read_header(cells: Sequence[Cell], names: Mapping[str, str] = HEADERS) -> Header:
    """Recognizes column names, whatever their case, separators and term suffix.

    The first name of a field in `names` is the district's own: it wins over the others wherever it stands.
    """
    width = max((index + 1 for index, cell in enumerate(cells) if tidy(shown(cell))), default=0)
    header = Header({}, set(), [], {}, {}, {}, width)
    claims: dict[str, list[Claim]] = {}
    for index, cell in enumerate(cells):
        name = tidy(shown(cell))
        if not name or name == REASON_COLUMN:
            continue
        plain, suffix = split_suffix(name)
        key = name_key(plain) if len(name) <= LONGEST_COLUMN else ""
        if key not in names:
            key = _unspaced(names).get(key.replace(" ", ""), key)
        field = names.get(key)
        if field is None:
            header.unknown.append(name)
            continue
        header.suffixes.update([suffix] if suffix else [])
        claims.setdefault(field, []).append(Claim(index, name, suffix, key == own_names(names)[field]))
    for field, claimed in claims.items():
        _settle(header, field, claimed)
    return header


def _settle(header: Header, field: str, claimed: list[Claim]) -> None:
    """One column for the field: that of the district's own name, else the first."""
    used = next((claim for claim in claimed if claim.exact), claimed[0])
    header.columns[field] = used.column
    if field in SHOWN and split_suffix(used.name)[0] != SHOWN[field]:
        header.renamed[field] = used.name
    for claim in claimed:
        if claim is used:
            continue
        # Columns of two terms side by side hold the file (verdicts): they differ by right.
        two_terms = claim.suffix and used.suffix and claim.suffix != used.suffix
        if claim.exact == used.exact and not two_terms:
            header.rivals.setdefault(field, []).append(claim.column)
        else:
            header.unused[claim.name] = used.name


_OWN: dict[int, dict[str, str]] = {}
_UNSPACED: dict[int, dict[str, str]] = {}


def _unspaced(names: Mapping[str, str]) -> Mapping[str, str]:
    """The names without their spaces -> with them: `TotalSurveys` is `Total_Surveys`."""
    unspaced = _UNSPACED.get(id(names))
    if unspaced is None:
        unspaced = _UNSPACED[id(names)] = {key.replace(" ", ""): key for key in reversed(list(names))}
    return unspaced


def own_names(names: Mapping[str, str]) -> Mapping[str, str]:
    """Field -> the district's own name for it, as a key."""
    own = _OWN.get(id(names))
    if own is None:
        own = _OWN[id(names)] = {}
        for key, field in names.items():
            own.setdefault(field, key)
    return own


def refuse_conflict(header: Header, names: Sequence[Cell], sheet: str, row: int, cells: Sequence[Cell]) -> None:
    """Raises ColumnsConflict where columns that claim one field differ in this row; `names`: the header's cells."""
    for field, others in header.rivals.items():
        used = header.columns[field]
        for other in others:
            if _text(cells, used) != _text(cells, other):
                raise ColumnsConflict(sheet, row, (_named(names, used), _named(names, other)))


def _text(cells: Sequence[Cell], index: int) -> str:
    return tidy(shown(cells[index])) if index < len(cells) else ""


def _named(names: Sequence[Cell], index: int) -> str:
    return f"{tidy(shown(names[index]))} (column {index + 1})"


def split_suffix(name: str) -> tuple[str, str]:
    """A column name without its term, and the term as the district writes it: `Total_Surveys_F24` -> `Fa24`."""
    start = max(0, len(name) - LONGEST_SUFFIX)
    found = _SUFFIX.search(name, start)
    if found is not None:
        return name[: found.start()].rstrip(" _(["), term_label(found.group(1), found.group(2))
    found = _PREFIX.match(name)
    if found is not None:
        return name[found.end() :].lstrip(" _:-"), term_label(found.group(1), found.group(2))
    return name, ""


def term_label(season: str, year: str) -> str:
    """`spring`, `24` -> `Sp24`."""
    low = season.lower()
    return f"{'Su' if low.startswith('su') else _SEASONS[low[0]]}{year[-2:]}"


def missing_columns(header: Header) -> list[str]:
    """The required columns that a header lacks, under the district's names."""
    return [SHOWN[field] for field in REQUIRED if field not in header.columns]


def is_header(header: Header) -> bool:
    """Whether a row is the column names of an extraction: at least eight of them are known."""
    return len(header.columns) >= HEADER_NAMES
