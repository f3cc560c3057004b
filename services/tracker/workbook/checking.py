"""Checks an uploaded workbook against the one that was written: every problem with its cell, and what was typed."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from services.tracker.rules.values import BadPercent, read_percent
from services.tracker.workbook.child import Rows, tidy_formula
from services.tracker.workbook.layout import ITEM, STAMP_SHEET, STAMP_VERSION, Layout, cell_name
from shared.numbers import decimal, whole

PROBLEMS_AT_MOST = 100
MOST_ROWS = 40_000
_FRESH = "Download a fresh workbook and type the values there."


class TypedCell(NamedTuple):
    """A value in the file, with what the workbook held when it was written."""

    school_key: str
    level: str
    item_id: str
    period: int
    was: Decimal | None
    now: Decimal | None
    cell: str


class ReadBook(NamedTuple):
    """What came back: when it was written, every input cell, and every problem."""

    written_at: str
    cells: list[TypedCell]
    problems: list[dict[str, Any]]


class _Note(NamedTuple):
    level: str
    row: int
    school_key: str
    item_id: str
    values: list[Decimal | None]


def check_book(sheets: Rows, periods: Sequence[str], items: Mapping[str, str]) -> ReadBook:
    """Reads the typed values; `items` gives each item's text as the workbook shows it.

    A workbook with problems is not to be saved, not even in part.
    """
    stamp = sheets.get(STAMP_SHEET) or [[]]
    refused = _stamp_problem(stamp[0], periods)
    if refused:
        return ReadBook("", [], [refused])
    layout = Layout(periods)
    problems: list[dict[str, Any]] = []
    cells: list[TypedCell] = []
    notes = [note for row in stamp[1:] if (note := _note(row, len(periods)))]
    if len(notes) != len([row for row in stamp[1:] if row]):
        problems.append(_problem("book_stamp_damaged", STAMP_SHEET, "A1", "The hidden sheet was changed. " + _FRESH))
    for level in dict.fromkeys(note.level for note in notes):
        rows = sheets.get(level)
        if rows is None:
            problems.append(_problem("book_tab_missing", level, "", f"The tab {level} is missing. {_FRESH}"))
            continue
        problems += _heading_problems(level, rows, layout)
    damaged = {problem["sheet"] for problem in problems}
    for note in notes:
        if note.level not in damaged:
            row = [*sheets[note.level][note.row - 1 : note.row], []][0]
            problems += _row_problems(note, row, layout, items)
            _read_row(note, row, layout, cells, problems)
    return ReadBook(str(stamp[0][1]), cells, problems[:PROBLEMS_AT_MOST])


def _problem(code: str, sheet: str, cell: str, message: str, value: object = None) -> dict[str, Any]:
    place = f"{sheet} {cell}: " if cell else ""
    told = {"code": code, "sheet": sheet, "cell": cell, "message": place + message}
    return told if value is None else {**told, "value": str(value)[:80]}


def _stamp_problem(stamp: Sequence[Any], periods: Sequence[str]) -> dict[str, Any] | None:
    if not stamp or not str(stamp[0] or "").startswith("ses-tracker"):
        return _problem("book_not_ours", "", "", f"This workbook was not downloaded from the tracker. {_FRESH}")
    if stamp[0] != STAMP_VERSION or [str(word) for word in stamp[3:]] != list(periods):
        return _problem("book_outdated", "", "", f"This workbook is of an older version of the tracker. {_FRESH}")
    return None


def _note(row: Sequence[Any], years: int) -> _Note | None:
    number = whole(str(row[1]), MOST_ROWS) if len(row) >= 4 else None
    if number is None or number < 2:
        return None
    words = [str(word) if word not in (None, "") else None for word in [*row[4 : 4 + years], *[None] * years][:years]]
    values = [None if word is None else decimal(word) for word in words]
    if any(value is None and word is not None for value, word in zip(values, words, strict=True)):
        return None
    return _Note(str(row[0]), number, str(row[2]), str(row[3]), values)


def _heading_problems(level: str, rows: Sequence[Sequence[Any]], layout: Layout) -> list[dict[str, Any]]:
    found = [*(rows[0] if rows else []), *[None] * layout.owner]
    return [
        _problem("book_heading_changed", level, cell_name(column, 1), f"The heading should be “{words}”. {_FRESH}")
        for column, words in enumerate(layout.headings())
        if found[column] != words
    ]


def _row_problems(note: _Note, row: Sequence[Any], layout: Layout, items: Mapping[str, str]) -> list[dict[str, Any]]:
    cells = [*row, *[None] * layout.owner]
    if cells[ITEM] != items.get(note.item_id) or (
        len(row) > layout.owner + 2 and row[layout.owner + 2] != note.school_key
    ):
        words = f"This row should hold “{items.get(note.item_id, 'an item that is no longer followed')}”. {_FRESH}"
        return [_problem("book_row_changed", note.level, cell_name(ITEM, note.row), words, cells[ITEM])]
    return [
        _problem(
            "book_formula_changed",
            note.level,
            cell_name(column, note.row),
            f"The formula was typed over. {_FRESH}",
            cells[column],
        )
        for column, formula in layout.formulas(note.row).items()
        if tidy_formula(str(cells[column] or "")) != tidy_formula(formula)
    ]


def _read_row(
    note: _Note, row: Sequence[Any], layout: Layout, cells: list[TypedCell], problems: list[dict[str, Any]]
) -> None:
    found = [*row, *[None] * layout.owner]
    for period, column in enumerate(layout.inputs):
        place, value = cell_name(column, note.row), found[column]
        if isinstance(value, str) and value.startswith("="):
            words = "This cell holds a formula. Type the number itself."
            problems.append(_problem("book_input_formula", note.level, place, words, value))
            continue
        was = note.values[period]
        try:
            # A percent below one that stood there before is meant; a new one is asked about.
            small = was is not None and 0 < was < 1
            now = read_percent(value, small_is_meant=small)
        except BadPercent as error:
            problems.append(_problem(error.code, note.level, place, str(error), value))
            continue
        key = (note.school_key, note.level, note.item_id, period, was, now)
        cells.append(TypedCell(*key, cell=f"{note.level} {place}"))
