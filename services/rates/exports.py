"""The table as files: XLSX with the district's three tabs, and CSV; both written row by row, however many there are."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from services.rates.rules.movement import MOVEMENTS
from services.rates.rules.outlook import OUTLOOKS
from services.rates.rules.tiers import TIER_LABELS, tier_nr
from shared.files.workbooks import Cell, csv_cell, new_workbook, write_cell
from shared.tiers import decimals_shown

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
DAY_COLUMNS, POINTS_COLUMN = (11, 17, 18), 15
# Fill and letter colors of the tiers, readable in both (the text says the tier as well).
FILLS = {1: ("#F4C7C3", "#7D0D14"), 2: ("#FCE0C4", "#6E3200"), 3: ("#FFF1B8", "#564300"), 4: ("#D5F2DA", "#0E4A1B")}
CONTACT = "Response rates of the School Experience Survey. Rates and tiers are computed from the exact counts."
# What a sheet holds below its header; further rows go on in a second tab.
SHEET_ROWS = 1_048_575


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


class Forms:
    """The cell formats of a workbook: by tier, and for rates with enough decimals to show the tier."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._rates: dict[tuple[int, int], Format] = {}
        self.head = book.add_format({"bold": True, "valign": "top", "bottom": 1, "bg_color": "#E6EBF2"})
        day, points = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "+0.0;-0.0;0.0"})
        every = {**dict.fromkeys(DAY_COLUMNS, day), POINTS_COLUMN: points}
        self._tiers: dict[int | None, list[Format | None]] = {None: [every.get(at) for at in range(len(HEADER))]}
        for tier, (fill, ink) in FILLS.items():
            colored = book.add_format({"bg_color": fill, "font_color": ink})
            own = {**every, **dict.fromkeys(TIER_COLUMNS, colored)}
            self._tiers[tier] = [own.get(at) for at in range(len(HEADER))]

    def of_row(self, row: Any) -> list[Format | None]:
        """The format of each cell of a row."""
        forms = self._tiers[row.tier]
        if row.tier is None:
            return forms
        return [*forms[:RATE_COLUMN], self._rate(row), *forms[RATE_COLUMN + 1 :]]

    def _rate(self, row: Any) -> Format:
        key = row.tier, decimals_shown(row.submitted, row.total, 1)
        found = self._rates.get(key)
        if found is None:
            fill, ink = FILLS[row.tier]
            form = {"bg_color": fill, "font_color": ink, "num_format": f"0.{'0' * key[1]}%"}
            found = self._rates[key] = self._book.add_format(form)
        return found


def write_xlsx(target: io.BytesIO | str, title: str, tabs: Mapping[str, Iterable[Any]]) -> None:
    """A workbook with one tab per group: header frozen and filtered, tiers filled, set up for print.

    A file on disk is written in constant memory, however many rows there are.
    """
    book = new_workbook(target, title, constant_memory=isinstance(target, str))
    book.set_properties({"title": title, "author": "School Experience Survey", "comments": CONTACT})
    forms = Forms(book)
    for name, rows in tabs.items():
        _write_tabs(book, name, title, rows, forms)
    book.close()


def xlsx(title: str, tabs: Mapping[str, Iterable[Any]]) -> bytes:
    """The workbook in memory, for few rows."""
    out = io.BytesIO()
    write_xlsx(out, title, tabs)
    return out.getvalue()


def _write_tabs(book: Workbook, name: str, title: str, rows: Iterable[Any], forms: Forms) -> None:
    """The rows in a tab of a name, and in `name 2` and so on what a sheet does not hold."""
    sheet, number, tabs = _new_tab(book, name, title, forms), 0, 1
    for row in rows:
        if number == SHEET_ROWS:
            sheet.autofilter(0, 0, number, LAST_COLUMN)
            tabs, number = tabs + 1, 0
            sheet = _new_tab(book, f"{name} {tabs}", title, forms)
        number += 1
        for column, (value, form) in enumerate(zip(row_values(row), forms.of_row(row), strict=True)):
            if form is not None or value not in (None, ""):
                write_cell(sheet, number, column, value, form)
    sheet.autofilter(0, 0, max(number, 1), LAST_COLUMN)


def _new_tab(book: Workbook, name: str, title: str, forms: Forms) -> Worksheet:
    sheet = book.add_worksheet(name)
    for column, (heading, width) in enumerate(zip(HEADER, WIDTHS, strict=True)):
        # A name is one word: narrower than it, with its filter's arrow, it would be cut in the middle.
        sheet.set_column(column, column, max(width, len(heading) + 4))
        sheet.write_string(0, column, heading, forms.head)
    sheet.freeze_panes(1, 5)
    sheet.set_landscape()
    sheet.set_paper(1)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_header(f"&L{title.replace('&', '&&')}&R&A")
    sheet.set_footer("&LPage &P of &N&R&D")
    return sheet


def write_csv(out: TextIO, rows: Iterable[Any]) -> None:
    """The rows as text with a byte order mark, as Excel opens it right; rates in percent with four decimals."""
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for row in rows:
        values = list(row_values(row))
        values[RATE_COLUMN] = None if row.rate is None else f"{row.rate}%"
        writer.writerow([csv_cell(value) for value in values])
