"""The table as files: XLSX with the district's three tabs, and CSV."""

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from services.rates.rules.movement import MOVEMENTS
from services.rates.rules.outlook import OUTLOOKS
from services.rates.rules.tiers import TIER_LABELS, tier_nr
from shared.files.workbooks import Cell, csv_text, new_workbook, write_cell

# The district's twelve columns under its headers, which the upload page reads back; then what is computed here.
DISTRICT = (
    "Region", "PLOC", "CoS", "Regional_Director", "School", "Category", "Response_Tier_Nr", "Response_Tier",
    "Total_Surveys", "Surveys_Submitted", "Response_Rate", "Date_of_Extraction",
)  # fmt: skip
COMPUTED = (
    "Level", "Surveys_Needed", "Change_Surveys", "Change_Points", "Movement", "First_Seen", "Last_Seen",
    "Outlook", "Final_Low", "Final_Likely", "Final_High", "Needed_Per_School_Day",
)  # fmt: skip
HEADER = (*DISTRICT, *COMPUTED)
WIDTHS = (8, 7, 26, 26, 28, 11, 12, 19, 10, 12, 11, 13, 12, 10, 10, 10, 22, 12, 12, 20, 10, 12, 10, 14)
RATE_COLUMN, TIER_COLUMNS, LAST_COLUMN = 10, (6, 7), len(HEADER) - 1
# Fill and letter colors of the tiers, readable in both (the text says the tier as well).
FILLS = {1: ("#F4C7C3", "#7D0D14"), 2: ("#FCE0C4", "#6E3200"), 3: ("#FFF1B8", "#564300"), 4: ("#D5F2DA", "#0E4A1B")}
CONTACT = "Response rates of the School Experience Survey. Rates and tiers are computed from the exact counts."


def row_values(row: Any) -> tuple[Cell, ...]:
    """A row of the table in the order of HEADER; a school that is not in the extraction carries no date of it."""
    rate = row.submitted / row.total if row.total and row.submitted is not None else None
    range_words = TIER_LABELS.get(row.tier, "") if row.present else "Unknown, not in this extraction"
    return (
        row.region,
        row.ploc,
        row.cos,
        row.director,
        row.school,
        row.respondent_group.capitalize(),
        tier_nr(row.tier),
        range_words,
        row.total,
        row.submitted,
        rate,
        row.last_seen if row.present else None,
        row.level,
        row.needed,
        row.change_surveys,
        row.change_points,
        MOVEMENTS.get(row.movement, ""),
        row.first_seen,
        row.last_seen,
        OUTLOOKS.get(row.outlook, ""),
        row.final_low,
        row.final_likely,
        row.final_high,
        row.needed_per_day,
    )


def xlsx(title: str, tabs: Mapping[str, Sequence[Any]]) -> bytes:
    """A workbook with one tab per group: header frozen and filtered, tiers filled, set up for print."""
    out = io.BytesIO()
    book = new_workbook(out, title)
    book.set_properties({"title": title, "author": "School Experience Survey", "comments": CONTACT})
    forms = _forms(book)
    for name, rows in tabs.items():
        _write_tab(book.add_worksheet(name), title, rows, forms)
    book.close()
    return out.getvalue()


def _forms(book: Workbook) -> dict[object, Format]:
    head = {"bold": True, "valign": "top", "bottom": 1, "bg_color": "#E6EBF2"}
    made: dict[object, Format] = {"head": book.add_format(head), "day": book.add_format({"num_format": "yyyy-mm-dd"})}
    made["points"] = book.add_format({"num_format": "+0.0;-0.0;0.0"})
    for number, (fill, ink) in FILLS.items():
        made[number] = book.add_format({"bg_color": fill, "font_color": ink})
        made[number, "rate"] = book.add_format({"bg_color": fill, "font_color": ink, "num_format": "0.0%"})
    return made


def _write_tab(sheet: Worksheet, title: str, rows: Sequence[Any], forms: Mapping[object, Format]) -> None:
    for column, (name, width) in enumerate(zip(HEADER, WIDTHS, strict=True)):
        # A name is one word: narrower than it, with its filter's arrow, it would be cut in the middle.
        sheet.set_column(column, column, max(width, len(name) + 4))
        sheet.write_string(0, column, name, forms["head"])
    by_tier = {tier: [_form(column, tier, forms) for column in range(len(HEADER))] for tier in (None, *FILLS)}
    for number, row in enumerate(rows, 1):
        for column, (value, form) in enumerate(zip(row_values(row), by_tier[row.tier], strict=True)):
            if form is not None or value not in (None, ""):
                write_cell(sheet, number, column, value, form)
    sheet.freeze_panes(1, 5)
    sheet.autofilter(0, 0, max(len(rows), 1), LAST_COLUMN)
    sheet.set_landscape()
    sheet.set_paper(1)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_header(f"&L{title.replace('&', '&&')}&R&A")
    sheet.set_footer("&LPage &P of &N&R&D")


def _form(column: int, tier: int | None, forms: Mapping[object, Format]) -> Format | None:
    name = HEADER[column]
    if name in ("Date_of_Extraction", "First_Seen", "Last_Seen"):
        return forms["day"]
    if name == "Change_Points":
        return forms["points"]
    if tier is not None and column == RATE_COLUMN:
        return forms[tier, "rate"]
    return forms[tier] if tier is not None and column in TIER_COLUMNS else None


def csv_file(rows: Iterable[Any]) -> str:
    """The rows as text; rates in percent with four decimals."""
    return csv_text(HEADER, (_text_row(row) for row in rows))


def _text_row(row: Any) -> list[Cell]:
    values = list(row_values(row))
    values[RATE_COLUMN] = None if row.rate is None else f"{row.rate}%"
    return values
