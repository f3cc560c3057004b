"""Writes workbooks: one for a school, or one for many schools with a row for each school and item."""

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from services.tracker.rules import progress as rules
from services.tracker.rules.book import BookLine, BookSchool
from services.tracker.workbook.layout import (
    ABOUT_SHEET,
    INCREASE,
    KEY_HEADING,
    MET,
    NOT_MET,
    OWNER,
    PENDING,
    PLAN_COLUMN,
    STAMP_SHEET,
    STAMP_VERSION,
    BookLayout,
    cell_name,
    row_key,
)
from shared.files.workbooks import new_workbook, write_cell
from shared.web.clock import instant_words

GROUP_COLORS = {"STUDENTS": "#DCEBFA", "PARENTS": "#FFF0CC", "STAFF": "#DDF3E0"}
WIDTHS = {0: 11, 1: 26, 2: 28, 3: 30, 4: 20, INCREASE: 11}
ROW_HEIGHT, HEADING_HEIGHT = 90, 76
_CELL = {"text_wrap": True, "valign": "top", "border": 1, "border_color": "#8A96A8"}
_NUMBER = {**_CELL, "num_format": "0.0", "valign": "vcenter", "align": "right"}
HELP = (
    "Type in the white cells only: the baseline and each year's result, a percent from 0 to 100 with one decimal.",
    "Targets, differences and Met/Not Met are computed. A blank is awaiting.",
    "Find a value in the SES Results Dashboard by Group, Survey Category, Content Area and Survey Item.",
    "Upload the saved workbook on the page Progress tracker, Upload a workbook. You see what changes before it is saved.",
)


class _Forms:
    """The formats of a workbook, made once."""

    def __init__(self, book: Workbook) -> None:
        def add(**more: Any) -> Format:
            return book.add_format(more)

        self.heading = add(
            bold=True,
            text_wrap=True,
            valign="vcenter",
            align="center",
            border=1,
            bg_color="#10233F",
            font_color="white",
        )
        self.texts = {group: add(**_CELL, bg_color=color) for group, color in GROUP_COLORS.items()}
        self.text = add(**_CELL)
        self.number = add(**_NUMBER, bg_color="#ECEFF4")
        self.input = add(**_NUMBER, locked=False)
        self.status = add(**{**_NUMBER, "align": "center"}, bold=True)
        self.met = add(bg_color="#D5F2DA", font_color="#0E4A1B")
        self.not_met = add(bg_color="#FFDCD8", font_color="#7D0D14")
        self.hidden = add(num_format=";;;")
        self.plain = add(text_wrap=True, valign="top")


class BookTab(NamedTuple):
    """A level with its schools, and whether each row names its school."""

    level: str
    schools: Iterable[BookSchool]


class BookStamp(NamedTuple):
    """When and by whom the workbook was written; what it held then goes with it, so that changes can be told apart."""

    at: datetime
    written_for: str
    title: str
    plan_id: str


def write_book(
    target: io.BytesIO | str,
    layout: BookLayout,
    tabs: Sequence[BookTab],
    stamp: BookStamp,
    *,
    names_schools: bool = False,
    noted: Callable[[int], None] = lambda _count: None,
) -> None:
    """Writes the workbook; `noted` is called after each school with how many were written.

    Memory does not grow with schools.
    """
    book = new_workbook(target, stamp.title, constant_memory=names_schools)
    forms = _Forms(book)
    sheets = [(tab, book.add_worksheet(tab.level)) for tab in tabs]
    about, hidden = book.add_worksheet(ABOUT_SHEET), book.add_worksheet(STAMP_SHEET)
    _write_about(about, forms, stamp)
    hidden.very_hidden()
    hidden.protect()
    hidden.write_string(0, PLAN_COLUMN, stamp.plan_id)
    for column, word in enumerate((STAMP_VERSION, stamp.at.isoformat(), stamp.written_for, *layout.periods)):
        hidden.write_string(0, column, word)
    noted_rows, schools = 1, 0
    for tab, sheet in sheets:
        _start_sheet(sheet, forms, layout, stamp.title, names_schools=names_schools)
        row = 1
        for school in tab.schools:
            for line in school.lines:
                _write_line(sheet, forms, layout, row, line)
                if names_schools:
                    for column, word in enumerate((school.name, school.ploc, school.school_key), layout.owner):
                        sheet.write_string(row, column, word, forms.text)
                key = layout.key_of_many if names_schools else layout.key
                sheet.write_string(row, key, row_key(school.school_key, tab.level, line.item_id), forms.hidden)
                _note(hidden, noted_rows, tab.level, row + 1, school, line)
                row, noted_rows = row + 1, noted_rows + 1
            schools += 1
            noted(schools)
        _finish_sheet(sheet, forms, layout, row, names_schools=names_schools)
    book.close()


def _start_sheet(sheet: Worksheet, forms: _Forms, layout: BookLayout, title: str, *, names_schools: bool) -> None:
    sheet.set_row(0, HEADING_HEIGHT)
    for column in range(layout.owner):
        sheet.set_column(column, column, WIDTHS.get(column, 10))
    for column, words in enumerate([*layout.headings(), *(OWNER if names_schools else ())]):
        sheet.write_string(0, column, words, forms.heading)
    key = layout.key_of_many if names_schools else layout.key
    sheet.set_column(key, key, None, None, {"hidden": True})
    sheet.write_string(0, key, KEY_HEADING, forms.heading)
    if names_schools:
        sheet.set_column(layout.owner, layout.owner, 24)
    sheet.freeze_panes(1, 4)
    sheet.set_landscape()
    sheet.set_paper(5)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_header(f"&L{title.replace('&', '&&')}&R&A")
    sheet.set_footer("&LSchool Experience Survey: progress tracker&RPage &P of &N")
    sheet.protect("", {"format_columns": True, "format_rows": True, "autofilter": True, "sort": True})


def _write_line(sheet: Worksheet, forms: _Forms, layout: BookLayout, row: int, line: BookLine) -> None:
    text = forms.texts.get(line.respondents, forms.text)
    sheet.set_row(row, ROW_HEIGHT)
    for column, words in enumerate(line.texts):
        sheet.write_string(row, column, words, text)
    write_cell(sheet, row, INCREASE, line.increase, forms.number)
    for column, value in zip(layout.inputs, line.values, strict=True):
        write_cell(sheet, row, column, value, forms.input)
    cached = _cached(layout, line)
    for column, formula in layout.formulas(row + 1).items():
        form = forms.status if column == layout.status else forms.number
        sheet.write_formula(row, column, formula, form, cached[column])


def _cached(layout: BookLayout, line: BookLine) -> dict[int, float | str]:
    """What each formula gives, for readers that do not recalculate."""
    facts = line.facts
    pairs = [(layout.goal, facts.goal)]
    pairs += zip(layout.targets, facts.targets, strict=True)
    pairs += zip(layout.differences, facts.differences, strict=True)
    found: dict[int, float | str] = {column: "" if value is None else float(value) for column, value in pairs}
    found[layout.status] = {rules.MET: MET, rules.NOT_MET: NOT_MET}.get(facts.status, PENDING)
    return found


def _finish_sheet(sheet: Worksheet, forms: _Forms, layout: BookLayout, rows: int, *, names_schools: bool) -> None:
    last = max(rows - 1, 1)
    for column in layout.inputs:
        reference = cell_name(column, 2)
        sheet.data_validation(
            1,
            column,
            last,
            column,
            {
                "validate": "custom",
                "value": f"=AND(ISNUMBER({reference}),{reference}>=0,{reference}<=100,ROUND({reference},1)={reference})",
                "error_title": "Not a percent",
                "error_message": "Enter a percent from 0 to 100 with at most one decimal, such as 74.5.",
            },
        )
    for column in layout.differences:
        reference = cell_name(column, 2)
        for sign, form in ((">=", forms.met), ("<", forms.not_met)):
            rule = {"type": "formula", "criteria": f"=AND(ISNUMBER({reference}),{reference}{sign}0)", "format": form}
            sheet.conditional_format(1, column, last, column, rule)
    for word, form in ((MET, forms.met), (NOT_MET, forms.not_met)):
        rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": form}
        sheet.conditional_format(1, layout.status, last, layout.status, rule)
    if names_schools:
        sheet.autofilter(0, 0, last, layout.key_of_many)


def _write_about(sheet: Worksheet, forms: _Forms, stamp: BookStamp) -> None:
    sheet.set_column(0, 0, 100)
    sheet.write_string(0, 0, stamp.title, forms.heading)
    for row, words in enumerate((f"Written {instant_words(stamp.at)} for {stamp.written_for}.", *HELP), 1):
        sheet.write_string(row, 0, words, forms.plain)


def _note(hidden: Worksheet, row: int, level: str, place: int, school: BookSchool, line: BookLine) -> None:
    """What the workbook held when it was written, for telling apart later who changed what."""
    for column, word in enumerate((level, str(place), school.school_key, line.item_id)):
        hidden.write_string(row, column, word)
    for column, value in enumerate(line.values, 4):
        hidden.write_string(row, column, "" if value is None else str(value))


def write_nothing(target: io.BytesIO | str, title: str, sentence: str) -> None:
    """A workbook that says why it holds no school."""
    book = new_workbook(target, title)
    sheet = book.add_worksheet(ABOUT_SHEET)
    sheet.set_column(0, 0, 100)
    sheet.write_string(0, 0, title, book.add_format({"bold": True}))
    sheet.write_string(1, 0, sentence, book.add_format({"text_wrap": True, "valign": "top"}))
    book.close()
