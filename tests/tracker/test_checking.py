"""A workbook comes in however it was rearranged; what cannot be used is named, and nothing is guessed."""

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest
import xlsxwriter

from services.tracker.rules.known import FINAL_LABEL, ITEMS, LEVELS, PERIODS
from services.tracker.workbook.checking import ReadBook, check_book
from services.tracker.workbook.child import ROWS_LIMIT, Rows, read_sheets, trimmed
from services.tracker.workbook.layout import STAMP_SHEET, BookLayout, read_row_key
from services.tracker.workbook.stamps import BookPlan
from shared.names import name_key
from tests.tracker.district import ALDER
from tests.tracker.test_workbook import blank

LAYOUT = BookLayout(PERIODS, FINAL_LABEL)
PLAN = BookPlan(
    LEVELS,
    {
        item.item_id: frozenset(
            name_key(text) for word in (item.item, *item.aliases) for text in (word, f"{item.respondents} / {word}")
        )
        for item in ITEMS
    },
    {name_key(label): place for place, label in enumerate(PERIODS)},
    PERIODS,
)


def _rows() -> Rows:
    book = openpyxl.load_workbook(BytesIO(blank()))
    return {sheet.title: [trimmed(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets}


ROWS = _rows()


def without_keys(rows: Rows) -> Rows:
    """A workbook as the tracker wrote it before rows had keys."""
    for title in LEVELS:
        rows[title] = [
            [cell for cell in row if read_row_key(cell) is None and cell != "Row key"] for row in rows[title]
        ]
    rows[STAMP_SHEET][0] = [cell for cell in rows[STAMP_SHEET][0][:-1] if cell is not None]
    rows[STAMP_SHEET][0][0] = "ses-tracker-1"
    return rows


def typed() -> Rows:
    """A value in the baseline of each row of Elementary: 50.0, 51.0 and so on."""
    rows = deepcopy(ROWS)
    for place, row in enumerate(rows["Elementary"][1:]):
        row[6] = 50 + place
    return rows


EXPECTED = {item.item_id: Decimal(50 + place) for place, item in enumerate(ITEMS)}


def baselines(book: ReadBook) -> dict[str, Decimal]:
    found = [cell for cell in book.cells if cell.now is not None]
    assert {(cell.school_key, cell.level, cell.period) for cell in found} <= {(ALDER, "Elementary", 0)}
    return {cell.item_id: cell.now for cell in found if cell.now is not None}


def test_an_untouched_workbook_has_no_problem_and_every_input_cell() -> None:
    book = check_book(ROWS, PLAN)
    assert (book.problems, book.notes, len(book.cells)) == ([], [], 36 * 5)
    assert all(cell.now is None and cell.was is None for cell in book.cells)


def _nothing(rows: Rows) -> None:
    """Leaves it as it is."""


def _drop_tab(rows: Rows) -> None:
    del rows["Middle"]


def _insert_row(rows: Rows) -> None:
    rows["Elementary"].insert(4, [])


def _insert_title(rows: Rows) -> None:
    rows["Elementary"].insert(0, ["Our school's plan"])


def _insert_column(rows: Rows) -> None:
    for row in rows["Elementary"]:
        row.insert(6, None)


def _sort(rows: Rows) -> None:
    rows["Elementary"][1:] = sorted(rows["Elementary"][1:], key=lambda row: str(row[3]))


def _reverse(rows: Rows) -> None:
    rows["Elementary"][1:] = reversed(rows["Elementary"][1:])


def _copy_tab(rows: Rows) -> None:
    rows["Elementary (2)"] = deepcopy(rows["Elementary"])
    for row in rows["Elementary"][1:]:
        row[6] = None


def _rename_tab(rows: Rows) -> None:
    rows["Elementary final"] = rows.pop("Elementary")


def _copy_row(rows: Rows) -> None:
    rows["Elementary"].insert(3, list(rows["Elementary"][2]))


def _other_tab(rows: Rows) -> None:
    rows["Notes"] = [["Ask the coordinator"], ["79.5"]]


def _beside(rows: Rows) -> None:
    rows["Elementary"][3] = [*rows["Elementary"][3], None, "see the survey of May"]


def _formulas_to_values(rows: Rows) -> None:
    for row in rows["Elementary"][1:]:
        row[7] = 76.5


def _heading(rows: Rows) -> None:
    rows["Elementary"][0][6] = "Baseline"


def _own_item(rows: Rows) -> None:
    formulas = [cell for cell in rows["Elementary"][1] if str(cell).startswith("=")]
    rows["Elementary"].insert(4, ["Pillar 9", None, None, "STUDENTS / I garden.", None, None, None, formulas[0], None])


def _words(rows: Rows) -> None:
    rows["Elementary"][4][3] = "STUDENTS / " + "Growth mindset, overall"


@pytest.mark.parametrize("older", [False, True], ids=["with row keys", "written before rows had keys"])
@pytest.mark.parametrize(
    "change",
    [
        _nothing, _drop_tab, _insert_row, _insert_title, _insert_column, _sort, _reverse, _copy_tab, _rename_tab,
        _copy_row, _other_tab, _beside, _formulas_to_values, _heading, _words, _own_item,
    ],
)  # fmt: skip
def test_a_rearranged_workbook_gives_the_same_values(change: Callable[[Rows], None], older: bool) -> None:
    rows = typed()
    if older:
        rows = without_keys(rows)
    change(rows)
    book = check_book(rows, PLAN)
    assert book.problems == []
    assert baselines(book) == EXPECTED


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_drop_tab, "The tab Middle is missing. What is there stays as it is."),
        (_other_tab, "The tab Notes holds no table of the tracker. It was not used."),
        (_beside, "“see the survey of May” is outside the table. It was not used."),
        (
            _formulas_to_values,
            "Elementary H2: 12 computed cells were typed over. The tracker computes such cells itself.",
        ),
        (_own_item, "Elementary 5:5: The item “STUDENTS / I garden.” is not known here. The row was not used."),
        (_heading, "The heading of Fall 2021 was changed to “Baseline”; the column was read by its place."),
    ],
)
def test_what_was_not_used_is_named(change: Callable[[Rows], None], words: str) -> None:
    rows = typed()
    change(rows)
    notes = [note["message"] for note in check_book(rows, PLAN).notes]
    assert [note for note in notes if words in note] and not [note for note in notes if "“=" in note]


def test_rows_below_the_most_that_are_read_are_named() -> None:
    made = BytesIO()
    with xlsxwriter.Workbook(made, {"constant_memory": True}) as book:
        book.add_worksheet("Elementary").write(ROWS_LIMIT, 0, "far below")
        book.add_worksheet("Middle").write(ROWS_LIMIT - 1, 0, "the last that is read")
    read = read_sheets(made.getvalue())
    assert {title: len(rows) for title, rows in read.items()} == {"Elementary": ROWS_LIMIT + 1, "Middle": ROWS_LIMIT}
    rows = typed()
    rows["Elementary"] += [[] for _ in range(ROWS_LIMIT)]
    notes = check_book(rows, PLAN).notes
    assert [note["sheet"] for note in notes if note["code"] == "book_rows_not_read"] == ["Elementary"]
    assert "has more than 40,000 rows. Those below were not read." in notes[0]["message"]


def test_texts_beside_the_table_that_are_too_many_to_name_are_said_to_be_there() -> None:
    rows = typed()
    rows["Elementary"] += [[None, None, f"note {number}"] for number in range(50)]
    notes = [note["message"] for note in check_book(rows, PLAN).notes]
    assert len([words for words in notes if "is outside the table. It was not used." in words]) == 40
    assert notes[-1].endswith("There is more outside the table from here on. It was not used either.")


def test_deleted_rows_leave_what_stands_there() -> None:
    rows = typed()
    del rows["Elementary"][5:]
    assert list(baselines(check_book(rows, PLAN))) == [item.item_id for item in ITEMS[:4]]


def test_a_wording_corrected_meanwhile_does_not_keep_a_workbook_out() -> None:
    renamed = {**PLAN.items, "2a-safe": frozenset({name_key("I feel safe at school.")})}
    for rows in (typed(), without_keys(typed())):
        assert baselines(check_book(rows, PLAN._replace(items=renamed))) == EXPECTED


def test_years_are_known_by_their_labels_whatever_others_the_plan_has() -> None:
    periods = {**PLAN.periods, name_key("Fall 2026"): 5}
    book = check_book(typed(), PLAN._replace(periods=periods, years=[*PERIODS, "Fall 2026"]))
    assert baselines(book) == EXPECTED
    fewer = {label: place for label, place in PLAN.periods.items() if label != "fall 2025"}
    notes = check_book(typed(), PLAN._replace(periods=fewer, years=PERIODS[:-1])).notes
    assert "The plan has no year Fall 2025 any more. Its values were not used." in [note["message"] for note in notes]


def test_copies_that_differ_are_for_a_person() -> None:
    rows = typed()
    rows["Elementary (2)"] = deepcopy(rows["Elementary"])
    rows["Elementary (2)"][1][6] = 61
    cell = next(cell for cell in check_book(rows, PLAN).cells if cell.item_id == ITEMS[0].item_id and cell.period == 0)
    assert (cell.kind, cell.others) == ("copies", (("50.0", "Elementary G2"), ("61.0", "Elementary (2) G2")))


def test_a_workbook_without_its_hidden_sheet_is_known_by_its_row_keys() -> None:
    rows = typed()
    del rows[STAMP_SHEET]
    book = check_book(rows, PLAN)
    assert baselines(book) == EXPECTED
    assert "hidden sheet is missing" in book.notes[0]["message"]


def test_any_other_workbook_is_refused() -> None:
    rows = without_keys(typed())
    del rows[STAMP_SHEET]
    assert check_book(rows, PLAN).problems[0]["code"] == "book_not_ours"


def test_a_damaged_stamp_gives_what_can_be_read_of_it() -> None:
    rows = typed()
    rows[STAMP_SHEET][1][4] = "many"
    rows[STAMP_SHEET][2][1] = "x"
    assert baselines(check_book(rows, PLAN)) == EXPECTED


def test_a_percent_below_one_that_stood_there_before_is_not_asked_about_again() -> None:
    rows = deepcopy(ROWS)
    rows[STAMP_SHEET][1][4] = "0.7"
    rows["Elementary"][1][6] = 0.7
    assert {cell.kind for cell in check_book(rows, PLAN).cells} == {"difference"}


@pytest.mark.parametrize(("value", "meanings"), [(0.7, ["70.0", "0.7"]), (0.74, ["74.0"]), ("0,5", ["50.0", "0.5"])])
def test_a_number_below_one_asks_which_percent_is_meant(value: object, meanings: list[str]) -> None:
    rows = deepcopy(ROWS)
    rows["Elementary"][1][6] = value
    (cell,) = [cell for cell in check_book(rows, PLAN).cells if cell.kind == "fraction"]
    assert [meant for meant, _ in cell.others] == meanings
