"""The LCAP tables as a workbook: actions, totals per goal, measures, survey measures, with amounts as numbers."""

import io
from collections.abc import Sequence
from typing import NamedTuple

from shared.files.workbooks import Cell, new_workbook, write_cell

WIDE, NARROW = 48, 16
MONEY = '"$"#,##0;[Red]-"$"#,##0'


class LcapColumn(NamedTuple):
    """A column's heading, and what its cells are: text, wide text, whole dollars or numbers."""

    heading: str
    kind: str = "text"


class LcapSheet(NamedTuple):
    """A tab: its name, a line that says what it covers and as of when, its columns and rows."""

    name: str
    about: str
    columns: Sequence[LcapColumn]
    rows: Sequence[Sequence[Cell]]


def workbook(sheets: Sequence[LcapSheet]) -> bytes:
    """All tabs, with frozen headings and filters."""
    out = io.BytesIO()
    book = new_workbook(out, "LCAP actions and measures")
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#E8EDF5"})
    forms = {
        "money": book.add_format({"num_format": MONEY, "valign": "top"}),
        "wide": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    plain = book.add_format({"valign": "top"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        write_cell(page, 0, 0, sheet.about)
        for at, column in enumerate(sheet.columns):
            page.set_column(at, at, WIDE if column.kind == "wide" else NARROW)
            write_cell(page, 1, at, column.heading, head)
        for number, row in enumerate(sheet.rows, 2):
            for at, cell in enumerate(row):
                write_cell(page, number, at, cell, forms.get(sheet.columns[at].kind, plain))
        page.freeze_panes(2, 1)
        page.autofilter(1, 0, max(len(sheet.rows), 1) + 1, len(sheet.columns) - 1)
        page.set_landscape()
        page.fit_to_pages(1, 0)
        page.repeat_rows(1)
    book.close()
    return out.getvalue()
