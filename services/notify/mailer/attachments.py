"""The workbook that comes with a digest: its lines, one row each; the same digest gives the same bytes."""

import io
from collections.abc import Iterable
from datetime import UTC, datetime

from services.notify.rules.news import LISTED, OPEN, AlertLine
from shared.files.workbooks import Cell, new_workbook, write_cell

HEADER = (
    "What", "School", "PLOC", "Category", "Region", "CoS", "Regional_Director", "Total_Surveys", "Surveys_Submitted",
    "Response_Rate", "Surveys needed to leave Tier 1", "Change since the extraction before", "Extractions in Tier 1",
    "Date_of_Extraction", "Note",
)  # fmt: skip
WIDTHS = (12, 28, 8, 10, 8, 22, 24, 14, 18, 14, 16, 16, 14, 18, 40)
WORDS = {
    "new": "New in Tier 1",
    "still": "Tier 1",
    "snoozed": "Snoozed",
    "missing": "Missing",
    "left": "Left Tier 1",
    "moved": "Moved",
}
RED, DARK_RED = "#F9DEDC", "#8C1D18"


def _cells(line: AlertLine) -> tuple[Cell, ...]:
    head = (WORDS[line.mark], line.school, line.ploc, line.group.capitalize(), line.region, line.cos, line.director)
    needed = line.needed if line.mark in OPEN else None
    numbers = (
        line.total,
        line.submitted,
        _rate(line),
        needed,
        line.gained,
        line.lasted,
        line.extraction_date,
        line.note,
    )
    return (*head, *numbers)


def _rate(line: AlertLine) -> float | None:
    """The rate as a number, rounded down as in the mail: a school in Tier 1 never reads 25 %."""
    return line.submitted * 1000 // line.total / 1000 if line.total and line.submitted is not None else None


def workbook(lines: Iterable[AlertLine], title: str, made_at: datetime) -> bytes:
    """The XLSX of a digest; `made_at` goes into its properties instead of the clock."""
    out = io.BytesIO()
    made = new_workbook(out, title)
    made.set_properties({"title": title, "author": "School Experience Survey", "created": made_at.astimezone(UTC)})
    sheet = made.add_worksheet("Tier 1")
    bold = made.add_format({"bold": True, "text_wrap": True, "bottom": 1})
    red = made.add_format({"bg_color": RED, "font_color": DARK_RED})
    forms = {9: made.add_format({"num_format": "0.0%"}), 13: made.add_format({"num_format": "yyyy-mm-dd"})}
    count = 0
    for column, (name, width) in enumerate(zip(HEADER, WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        write_cell(sheet, 0, column, name, bold)
    for count, line in enumerate(lines, 1):
        for column, value in enumerate(_cells(line)):
            form = red if column == 0 and line.mark in LISTED else forms.get(column)
            write_cell(sheet, count, column, value, form)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(count, 1), len(HEADER) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    made.close()
    return out.getvalue()
