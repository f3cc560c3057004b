"""Whatever schools do to a workbook: every value that they typed comes in at its place, and nothing else does."""

from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from services.tracker.workbook.checking import DIFFERENCE, check_book
from services.tracker.workbook.child import Rows, trimmed
from tests.tracker.district import ALDER
from tests.tracker.edits import Edits, by_openpyxl, random_edits
from tests.tracker.office import all_resaved
from tests.tracker.test_checking import PLAN
from tests.tracker.test_workbook import blank

BY_OPENPYXL, BY_LIBREOFFICE = range(40), range(1000, 1008)


def rows_of(content: bytes) -> Rows:
    book = openpyxl.load_workbook(BytesIO(content), read_only=True)
    return {sheet.title: [trimmed(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets}


def assert_comes_in(content: bytes, edits: Edits) -> None:
    book = check_book(rows_of(content), PLAN)
    assert book.problems == []
    changed = [cell for cell in book.cells if cell.now != cell.was or cell.kind != DIFFERENCE]
    found = {(cell.level, cell.item_id, cell.period): str(cell.now) for cell in changed}
    assert found == edits.expected
    assert {(cell.school_key, cell.kind) for cell in changed} <= {(ALDER, DIFFERENCE)}
    notes = " ".join(note["message"] for note in book.notes)
    assert [words for words in edits.beside if f"“{words}”" not in notes] == []


@pytest.mark.parametrize("seed", BY_OPENPYXL)
def test_what_a_program_edits_at_random_comes_in(seed: int) -> None:
    edits = random_edits(seed)
    assert_comes_in(by_openpyxl(BLANK, edits), edits)


def test_what_is_edited_at_random_and_saved_by_libreoffice_comes_in(tmp_path: Path) -> None:
    made = {f"b{seed}": random_edits(seed) for seed in BY_LIBREOFFICE}
    saved = all_resaved({name: by_openpyxl(BLANK, edits) for name, edits in made.items()}, tmp_path)
    for name, edits in made.items():
        assert_comes_in(saved[name], edits)


BLANK = blank()
