"""The workbook that comes with a digest: its lines, one row each; the same digest gives the same bytes."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from services.notify.mailer.headings import outlook_words
from services.notify.rules.alerts import LISTED, OPEN, AlertLine
from shared.files.workbooks import Cell, new_workbook, write_cell
from shared.tiers import decimals_shown

HEADER = (
    "What", "School", "PLOC", "Category", "Region", "CoS", "Regional_Director", "Total_Surveys", "Surveys_Submitted",
    "Response_Rate", "Surveys needed to reach 25%", "Change since the file before", "Files in a row below 25%",
    "Date_of_Extraction",
    "If nothing changes, at the close", "Since your plan", "Note",
)  # fmt: skip
WIDTHS = (13, 22, 7, 9, 7, 14, 17, 9, 10, 9, 10, 9, 9, 11, 20, 8, 18)
# An empty column takes no room on paper.
EMPTY_WIDTH = 6
RATE, DAY = HEADER.index("Response_Rate"), HEADER.index("Date_of_Extraction")
WORDS = {
    "new": "New in Tier 1",
    "handed over": "Now yours",
    "still": "Tier 1",
    "snoozed": "Snoozed",
    "missing": "Missing",
    "left": "Left Tier 1",
    "not expected": "None expected",
    "moved": "Moved",
}
RED, DARK_RED = "#F9DEDC", "#8C1D18"


def _cells(line: AlertLine) -> tuple[Cell, ...]:
    head = (WORDS[line.mark], line.school, line.ploc, line.group.capitalize(), line.region, line.cos, line.director)
    needed = line.needed if line.mark in OPEN else None
    was = f"was {line.was_submitted} of {line.was_total}" if line.is_corrected else ""
    note = "; ".join(part for part in (was, line.note) if part)
    ends = outlook_words(line) if line.mark in LISTED else ""
    counts = (line.total, line.submitted, _rate(line), needed, line.gained, line.lasted)
    return (*head, *counts, line.extraction_date, ends.capitalize(), line.since_plan, note)


def _rate(line: AlertLine) -> float | None:
    """The exact rate; its cell shows as many decimals as it needs to stay on its side of 25%."""
    return line.submitted / line.total if line.total and line.submitted is not None else None


class _Forms:
    """The formats of the cells; the one of a rate by its decimals."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._rates: dict[int, Any] = {}
        self.head = book.add_format({"bold": True, "text_wrap": True, "bottom": 1, "valign": "top"})
        self.red = book.add_format({"bg_color": RED, "font_color": DARK_RED})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.plain = book.add_format({"text_wrap": True, "valign": "top"})

    def of(self, column: int, line: AlertLine) -> Any:
        if column == 0 and line.mark in LISTED:
            return self.red
        if column == RATE:
            return self._rate(decimals_shown(line.submitted or 0, line.total, 1) if line.total else 1)
        return self.day if column == DAY else self.plain

    def _rate(self, decimals: int) -> Any:
        if decimals not in self._rates:
            self._rates[decimals] = self._book.add_format({"num_format": f"0.{'0' * decimals}%"})
        return self._rates[decimals]


def workbook(lines: Sequence[AlertLine], title: str, made_at: datetime) -> bytes:
    """The XLSX of a digest; `made_at` goes into its properties instead of the clock."""
    out = io.BytesIO()
    made = new_workbook(out, title)
    made.set_properties({"title": title, "author": "School Experience Survey", "created": made_at.astimezone(UTC)})
    sheet = made.add_worksheet("Below 25%")
    sheet.activate()
    forms = _Forms(made)
    rows = [_cells(line) for line in lines]
    for column, (name, width) in enumerate(zip(HEADER, WIDTHS, strict=True)):
        is_empty = all(row[column] in (None, "") for row in rows)
        sheet.set_column(column, column, min(width, EMPTY_WIDTH) if is_empty else width)
        write_cell(sheet, 0, column, name, forms.head)
    for number, (line, cells) in enumerate(zip(lines, rows, strict=True), 1):
        for column, value in enumerate(cells):
            write_cell(sheet, number, column, value, forms.of(column, line))
    _lay_out(sheet, len(rows))
    made.close()
    return out.getvalue()


def _lay_out(sheet: Any, count: int) -> None:
    """Letter paper, landscape, one page wide; headings stand above the filter arrows, codes are meant to be text."""
    sheet.set_row(0, 62)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(count, 1), len(HEADER) - 1)
    sheet.ignore_errors({"number_stored_as_text": f"C1:C{count + 1}"})
    sheet.set_paper(1)
    sheet.set_landscape()
    sheet.set_margins(left=0.25, right=0.25, top=0.5, bottom=0.5)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
