"""A workbook whose structure was changed is refused as a whole, with the place and what to do."""

from collections.abc import Callable
from copy import deepcopy
from io import BytesIO

import openpyxl
import pytest

from services.tracker.rules.known import ITEMS, PERIODS
from services.tracker.workbook.checking import check_book
from services.tracker.workbook.child import Rows, trimmed
from services.tracker.workbook.layout import STAMP_SHEET
from tests.tracker.test_workbook import blank

TEXTS = {item.item_id: f"{item.group} / {item.item}" for item in ITEMS}


def _rows() -> Rows:
    book = openpyxl.load_workbook(BytesIO(blank()))
    return {sheet.title: [trimmed(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets}


ROWS = _rows()


def test_an_untouched_workbook_has_no_problem_and_every_input_cell() -> None:
    book = check_book(ROWS, PERIODS, TEXTS)
    assert (book.problems, len(book.cells)) == ([], 36 * 5)
    assert all(cell.now is None and cell.was is None for cell in book.cells)


def _drop_tab(rows: Rows) -> None:
    del rows["Middle"]


def _drop_stamp(rows: Rows) -> None:
    del rows[STAMP_SHEET]


def _insert_row(rows: Rows) -> None:
    rows["Elementary"].insert(4, [])


def _insert_column(rows: Rows) -> None:
    for row in rows["Elementary"]:
        row.insert(6, None)


def _cut_rows(rows: Rows) -> None:
    del rows["High School"][5:]


def _damage_stamp(rows: Rows) -> None:
    rows[STAMP_SHEET][2][1] = "x"


def _damage_value(rows: Rows) -> None:
    rows[STAMP_SHEET][2][4] = "many"


def _older(rows: Rows) -> None:
    rows[STAMP_SHEET][0][0] = "ses-tracker-0"


def _other_years(rows: Rows) -> None:
    rows[STAMP_SHEET][0][-1] = "Fall 2026"


def _heading(rows: Rows) -> None:
    rows["Elementary"][0][7] = "Target"


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (_drop_tab, "book_tab_missing", "The tab Middle is missing"),
        (_drop_stamp, "book_not_ours", "not downloaded from the tracker"),
        (_insert_row, "book_row_changed", "Elementary D5"),
        (_insert_column, "book_heading_changed", "Elementary G1"),
        (_cut_rows, "book_row_changed", "High School D6"),
        (_damage_stamp, "book_stamp_damaged", "hidden sheet"),
        (_damage_value, "book_stamp_damaged", "hidden sheet"),
        (_older, "book_outdated", "older version"),
        (_other_years, "book_outdated", "older version"),
        (_heading, "book_heading_changed", "Elementary H1: The heading should be “Fall 2022 Target %”"),
    ],
)
def test_a_changed_structure_is_a_problem(change: Callable[[Rows], None], code: str, words: str) -> None:
    rows = deepcopy(ROWS)
    change(rows)
    problem = check_book(rows, PERIODS, TEXTS).problems[0]
    assert problem["code"] == code
    assert words in problem["message"]
    assert "Download a fresh workbook" in problem["message"]


def test_a_percent_below_one_that_stood_there_before_is_not_asked_about_again() -> None:
    rows = deepcopy(ROWS)
    rows[STAMP_SHEET][1][4] = "0.7"
    rows["Elementary"][1][6] = 0.7
    assert check_book(rows, PERIODS, TEXTS).problems == []
