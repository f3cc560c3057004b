"""The district's decisions on files: which column is which, what a row must hold, which term it belongs to."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from shared.events import GROUPS, Group
from shared.names import name_key, tidy

Cell = str | int | float | bool | date | datetime | None
REQUIRED = ("region", "ploc", "cos", "director", "school", "total", "submitted", "on")
HEADERS: dict[str, str] = {
    "region": "region",
    "regi": "region",
    "ploc": "ploc",
    "pl": "ploc",
    "cos": "cos",
    "regional director": "director",
    "school": "school",
    "category": "group",
    "response tier nr": "file_tier",
    "response tier": "file_tier_label",
    "total surveys": "total",
    "surveys submitted": "submitted",
    "response rate": "file_rate",
    "date of extraction": "on",
}
SHOWN = {
    "region": "Region",
    "ploc": "PLOC",
    "cos": "CoS",
    "director": "Regional_Director",
    "school": "School",
    "group": "Category",
    "total": "Total_Surveys",
    "submitted": "Surveys_Submitted",
    "on": "Date_of_Extraction",
}
_SUFFIX = re.compile(r"[ _]((?:sp|f|fa|su|wi)\d{2})$", re.IGNORECASE)
_EXCEL_EPOCH = date(1899, 12, 30)
_DATE_FORMS = ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%d-%b-%y", "%d-%b-%Y")


class Header(NamedTuple):
    """A recognised header: field -> column index, the term suffixes seen, the columns that mean nothing here."""

    columns: dict[str, int]
    suffixes: set[str]
    unknown: list[str]


class CountsRow(NamedTuple):
    """One checked row of an extraction file."""

    group: Group
    on: date
    region: str
    ploc: str
    cos: str
    director: str
    school: str
    total: int | None
    submitted: int | None
    file_tier: str
    file_rate: str


class BadCell(ValueError):
    """A cell that cannot be taken: its field, a stable code and what to do."""

    def __init__(self, field: str, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.code = code


def read_header(cells: Sequence[Cell]) -> Header:
    """Recognises the district's column names, whatever their case, separators and term suffix."""
    columns: dict[str, int] = {}
    suffixes: set[str] = set()
    unknown: list[str] = []
    for index, cell in enumerate(cells):
        shown = tidy(str(cell)) if cell is not None else ""
        found = _SUFFIX.search(shown)
        field = HEADERS.get(name_key(shown[: found.start()] if found else shown))
        if field is None or field in columns:
            unknown.extend([shown] if shown else [])
            continue
        columns[field] = index
        suffixes.update([found.group(1).capitalize()] if found else [])
    return Header(columns, suffixes, unknown)


def missing_columns(header: Header) -> list[str]:
    """The required columns that a header lacks, under the district's names."""
    return [SHOWN[field] for field in REQUIRED if field not in header.columns]


def group_of(name: object) -> Group | None:
    """The respondent group that a category cell or a tab is named after."""
    key = name_key(str(name))
    for group in GROUPS:
        if key and key in (group, group.rstrip("s")):
            return group
    return None


def read_ploc(cell: Cell) -> str:
    """The four digits of a PLOC cell; BadCell otherwise."""
    shown = tidy(str(cell)) if cell is not None else ""
    digits = shown.removesuffix(".0").lstrip("'").replace(",", "")
    if re.fullmatch(r"1\d{6}", digits):
        digits = digits[1:5]
    if not re.fullmatch(r"\d{4}", digits):
        raise BadCell("ploc", "ploc_unreadable", "A PLOC is four digits, such as 5857.")
    return digits


def read_count(cell: Cell, field: str) -> int | None:
    """A whole number of surveys, None for a blank; BadCell for anything else."""
    if cell is None or cell == "":
        return None
    shown = tidy(str(cell)).replace(",", "")
    if re.fullmatch(r"\d{1,9}(\.0+)?", shown):
        return int(float(shown))
    raise BadCell(field, "count_unreadable", "Enter a whole number of surveys, 0 or more.")


def read_date(cell: Cell) -> date:
    """A date of extraction as text, date or Excel serial; BadCell otherwise."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    shown = tidy(str(cell)) if cell is not None else ""
    if re.fullmatch(r"[34]\d{4}(\.0+)?", shown):
        return _EXCEL_EPOCH + timedelta(days=int(float(shown)))
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(shown.partition("T")[0].partition(" ")[0], form).date()
        except ValueError:
            continue
    raise BadCell("on", "date_unreadable", "Enter the date of extraction as 2025-02-21.")


def read_counts(cells: Mapping[str, Cell], tab_group: Group | None) -> CountsRow:
    """A row of an extraction file by field; `tab_group` where the file has no Category. BadCell says what is wrong."""
    category = cells.get("group")
    group = group_of(category) if category not in (None, "") else tab_group
    if group is None:
        raise BadCell("group", "group_unknown", "The category must be Students, Staff or Parents.")
    text = {field: tidy(str(cells.get(field) or "")) for field in ("region", "cos", "director", "school")}
    if not text["school"]:
        raise BadCell("school", "school_missing", "Enter the school's name.")
    return CountsRow(
        group=group,
        on=read_date(cells.get("on")),
        ploc=read_ploc(cells.get("ploc")),
        total=read_count(cells.get("total"), "total"),
        submitted=read_count(cells.get("submitted"), "submitted"),
        file_tier=tidy(str(cells.get("file_tier") or "")),
        file_rate=tidy(str(cells["file_rate"])) if cells.get("file_rate") is not None else "",
        **text,
    )


def term_of(on: date) -> str:
    """The label of the term that a day falls in by the calendar, for a date without a survey window."""
    return f"{'Sp' if on.month <= 6 else 'Fa'}{on.year % 100:02d}"


def sole_value(values: set[Any]) -> Any | None:
    """The one value of a set; None when there are none or several."""
    return next(iter(values)) if len(values) == 1 else None


def default_window(on: date) -> tuple[date, date]:
    """The half year that a day falls in, for a date without a survey window."""
    return (
        (date(on.year, 1, 1), date(on.year, 6, 30)) if on.month <= 6 else (date(on.year, 7, 1), date(on.year, 12, 31))
    )


SCHOOL_HEADERS = {
    "cost center code": "cost_centre",
    "cost centre code": "cost_centre",
    "ploc": "ploc",
    "school": "name",
    "level": "level",
    "region": "region",
    "cos": "cos",
    "regional director": "director",
    "enrolled": "enrolled",
    "classified classroom": "classified_classroom",
    "classified non classroom": "classified_other",
    "certificated administrators": "certificated_admin",
    "certificated non administrators": "certificated_other",
    "principal": "principal",
    "landline": "landline",
}
PERSON_HEADERS = {
    "name": "name",
    "role": "role",
    "email": "email",
    "e mail": "email",
    "scope": "scope",
    "aliases": "aliases",
}
COUNT_FIELDS = ("enrolled", "classified_classroom", "classified_other", "certificated_admin", "certificated_other")


def columns_by(names: Mapping[str, str], cells: Sequence[Cell]) -> dict[str, int]:
    """Field -> column index, for a header row whose cells are named as in `names`."""
    found = {names.get(name_key(str(cell or ""))): index for index, cell in enumerate(cells)}
    return {field: index for field, index in found.items() if field is not None}
