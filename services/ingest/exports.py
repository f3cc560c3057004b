"""Files out: the rejected rows of an upload with the reason, ready to be corrected and uploaded again."""

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from services.ingest.rules.cells import Cell
from services.ingest.rules.headers import REASON_COLUMN
from shared.files.workbooks import new_workbook, write_cell


class FaultySheet(NamedTuple):
    """One sheet: its name, its header as it is in the file, the rejected rows and the reason of each."""

    name: str
    header: Sequence[Cell]
    rows: Sequence[tuple[Sequence[Cell], str]]


def faulty_rows(sheets: Iterable[FaultySheet], title: str) -> bytes:
    """A workbook with the sheets' own columns and one more, which says what went wrong in each row."""
    out = io.BytesIO()
    made = new_workbook(out, title)
    bold = made.add_format({"bold": True})
    wrap = made.add_format({"text_wrap": True, "bg_color": "#FFF2CC"})
    for sheet in sheets:
        page = made.add_worksheet(sheet.name[:31] or "Rows")
        columns = max([len(sheet.header), *(len(cells) for cells, _ in sheet.rows)])
        for index, cell in enumerate(sheet.header):
            write_cell(page, 0, index, cell, bold)
        write_cell(page, 0, columns, REASON_COLUMN, bold)
        for number, (cells, reason) in enumerate(sheet.rows, 1):
            for index, cell in enumerate(cells):
                write_cell(page, number, index, cell)
            write_cell(page, number, columns, reason, wrap)
        page.freeze_panes(1, 0)
        page.set_column(0, columns - 1, 18)
        page.set_column(columns, columns, 60)
    made.close()
    return out.getvalue()


def template(title: str, sheets: Mapping[str, Sequence[Sequence[Cell]]], notes: Sequence[str]) -> bytes:
    """A workbook to fill in: each sheet with its column names and an example row, and a sheet of notes."""
    out = io.BytesIO()
    made = new_workbook(out, title)
    bold = made.add_format({"bold": True, "bg_color": "#DCE6F1", "border": 1})
    for name, rows in sheets.items():
        page = made.add_worksheet(name)
        for number, row in enumerate(rows):
            for index, cell in enumerate(row):
                write_cell(page, number, index, cell, bold if number == 0 else None)
        page.freeze_panes(1, 0)
        page.set_column(0, len(rows[0]) - 1, 22)
    page = made.add_worksheet("Notes")
    page.set_column(0, 0, 110)
    for number, note in enumerate(notes):
        write_cell(page, number, 0, note, made.add_format({"text_wrap": True}))
    made.close()
    return out.getvalue()
