"""The one safe writer of spreadsheets and text tables: text stays text, whatever it begins with."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

Cell = str | int | float | Decimal | bool | date | datetime | None
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "|", "%", "＝", "＋", "－", "＠")
# What one cell of a workbook holds; whoever reads a longer text there is told that it goes on.
CELL_MOST = 32_767
GOES_ON = " ... [the text goes on: a cell holds no more]"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_TYPE = "text/csv; charset=utf-8"


def new_workbook(target: io.BytesIO | str, title: str, *, constant_memory: bool = False) -> xlsxwriter.Workbook:
    """A workbook in which strings never turn into formulas, links or numbers; `title` is its document title."""
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "constant_memory": constant_memory,
        # Together with in_memory, constant_memory would be ignored.
        "in_memory": not constant_memory,
        "default_date_format": "yyyy-mm-dd",
        "remove_timezone": True,
    }
    made = xlsxwriter.Workbook(target, options)
    made.set_properties({"title": title, "author": "School Experience Survey", "comments": ""})
    return made


def write_cell(sheet: Worksheet, row: int, column: int, value: Cell, form: Format | None = None) -> None:
    """Writes one value by its type; text always as text, a blank as a blank."""
    if value is None or value == "":
        sheet.write_blank(row, column, None, form)
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value, form)
    elif isinstance(value, (int, float, Decimal)):
        sheet.write_number(row, column, float(value) if isinstance(value, Decimal) else value, form)
    elif isinstance(value, (date, datetime)):
        sheet.write_datetime(row, column, value, form)
    else:
        sheet.write_string(row, column, cell_text(value), form)


def cell_text(value: str) -> str:
    """The text as a cell can hold it; one that is too long ends in the words that say so."""
    plain = value.replace("\x00", "")
    return plain if len(plain) <= CELL_MOST else plain[: CELL_MOST - len(GOES_ON)] + GOES_ON


def csv_cell(value: Cell) -> str:
    """The value for a text table; text that a spreadsheet would run as a formula gets a leading apostrophe."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(RISKY) else value
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A text table with a byte order mark, as Excel opens it right: commas, CRLF, guarded text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([csv_cell(name) for name in header])
    for row in rows:
        writer.writerow([csv_cell(value) for value in row])
    return "\ufeff" + out.getvalue()
