"""The one writer of spreadsheets: what a cell holds is the text, or says that it is not all of it."""

from io import BytesIO

from openpyxl import load_workbook

from shared.files.workbooks import CELL_MOST, GOES_ON, new_workbook, write_cell

TEXTS = ("x" * CELL_MOST, "x" * (CELL_MOST + 1), "=1+1", "_x0041_", "@SUM(1)", "a\x00b")


def test_a_text_that_no_cell_can_hold_says_that_it_goes_on_and_every_other_is_itself() -> None:
    made = BytesIO()
    book = new_workbook(made, "texts")
    sheet = book.add_worksheet()
    for row, text in enumerate(TEXTS):
        write_cell(sheet, row, 0, text)
    book.close()
    cells = [row[0] for row in load_workbook(made).worksheets[0].iter_rows()]
    assert {cell.data_type for cell in cells} == {"s"}
    shown = [str(cell.value) for cell in cells]
    assert shown[0] == TEXTS[0] and len(shown[1]) == CELL_MOST and shown[1].endswith(GOES_ON)
    assert shown[2:] == ["=1+1", "_x0041_", "@SUM(1)", "ab"]
