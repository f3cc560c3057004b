"""Column names: the district's, under all the names, suffixes and croppings that files were seen with."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.ingest.rules.cells import Cell, shown
from shared.names import name_key, tidy

HEADER_NAMES = 8
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
_SUFFIX = re.compile(
    r"(?<![ _])[ _]+'?(sp|spring|fa|fall|f|su|summer|wi|winter|w)[ _]?'?(?:20)?(\d{2})$", re.IGNORECASE
)
_SEASONS = {"s": "Sp", "f": "Fa", "w": "Wi"}


class Header(NamedTuple):
    """A recognised header: field -> column index, the term suffixes seen, columns without meaning here, other names."""

    columns: dict[str, int]
    suffixes: set[str]
    unknown: list[str]
    renamed: dict[str, str]


def read_header(cells: Sequence[Cell], names: Mapping[str, str] = HEADERS) -> Header:
    """Recognises column names, whatever their case, separators and term suffix."""
    header = Header({}, set(), [], {})
    for index, cell in enumerate(cells):
        name = tidy(shown(cell))
        if not name or name == REASON_COLUMN:
            continue
        plain, suffix = split_suffix(name)
        found = names.get(name_key(plain))
        header.suffixes.update([suffix] if found and suffix else [])
        if found is None or found in header.columns:
            header.unknown.append(name)
            continue
        header.columns[found] = index
        if found in SHOWN and plain != SHOWN[found]:
            header.renamed[found] = name
    return header


def split_suffix(name: str) -> tuple[str, str]:
    """A column name without its term, and the term as the district writes it: `Total_Surveys_F24` -> `Fa24`."""
    found = _SUFFIX.search(name)
    return (name[: found.start()], term_label(found.group(1), found.group(2))) if found else (name, "")


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
