"""The table in a tab of a returned workbook: where its headings stand, which rows are which items, what is beside it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from services.tracker.workbook.layout import FIXED, ITEM, KEY_HEADING, OWNER, BookLayout, cell_name, read_row_key
from services.tracker.workbook.stamps import BookPlan, Key, ReadStamp
from shared.names import name_key

SEARCHED_ROWS = 15
_BASELINE = re.compile(r"(.{1,100}) SCHOOL Baseline %")
_RESULT = re.compile(r"(.{1,100}) Result %")
_COMPUTED = re.compile(
    r".{1,100} (?:Target %|Result Difference from Target|SCHOOL Target % .{0,100}|SCHOOL Goal Met/Not Met)"
)
_FIXED_KEYS = {name_key(words.partition("{")[0]) for words in FIXED} | {
    name_key(words) for words in (*OWNER, KEY_HEADING)
}
BESIDES_AT_MOST = 40


class FoundRow(NamedTuple):
    """A row of the table: its number, its cells, and whose item it is, None where that cannot be told."""

    number: int
    cells: Sequence[Any]
    place: Key | None
    has_key: bool


class TabTable(NamedTuple):
    """A tab's table: the column of each year's input, its rows, texts beside it, computed cells that were typed over.

    Of the texts beside it one more than BESIDES_AT_MOST comes where there are more.
    """

    title: str
    columns: Mapping[int, int]
    rows: list[FoundRow]
    besides: list[tuple[str, str]]
    typed_over: list[str]
    notes: list[str]


class _Columns(NamedTuple):
    inputs: dict[int, int]
    computed: set[int]
    known: set[int]


def read_tab(title: str, rows: Sequence[Sequence[Any]], plan: BookPlan, stamp: ReadStamp) -> TabTable | None:
    """The table of a tab; None for a tab that has none."""
    top = next((at for at, row in enumerate(rows[:SEARCHED_ROWS]) if _is_heading(row)), None)
    if top is None:
        return None
    notes: list[str] = []
    columns = _columns(rows[top], plan, stamp, notes)
    places = _places(title, rows, top, plan, stamp)
    table = TabTable(title, columns.inputs, [], [], [], notes)
    for at in range(top + 1, len(rows)):
        number, cells = at + 1, rows[at]
        place = places.get(at)
        is_row = place is not None or _is_shaped_as_row(cells, columns)
        if is_row:
            table.rows.append(FoundRow(number, cells, place, _key_in(cells) is not None))
        _look_beside(table, number, cells, columns, is_row=is_row)
    for number, cells in enumerate(rows[:top], 1):
        _look_beside(table, number, cells, _Columns({}, set(), set()), is_row=False)
    return table


def _is_heading(row: Sequence[Any]) -> bool:
    return (
        sum(_BASELINE.fullmatch(text) is not None or _RESULT.fullmatch(text) is not None for text in map(str, row)) >= 2
    )


def _is_shaped_as_row(cells: Sequence[Any], columns: _Columns) -> bool:
    """Whether a row that is not a known item's holds a value of a year, or an item's words with their formulas."""
    inputs = [cells[column] for column in columns.inputs.values() if column < len(cells)]
    if any(isinstance(value, (int, float)) for value in inputs):
        return True
    return _has_item_text(cells) and any(_is_formula(cells[at]) for at in columns.computed if at < len(cells))


def _is_formula(cell: object) -> bool:
    return isinstance(cell, str) and cell.startswith("=")


def _columns(row: Sequence[Any], plan: BookPlan, stamp: ReadStamp, notes: list[str]) -> _Columns:
    """The columns by their headings; one whose heading was changed is known by its place among the others."""
    inputs: dict[int, int] = {}
    computed, known = set(), set()
    for at, cell in enumerate(row):
        text = str(cell or "").strip()
        found = _BASELINE.fullmatch(text) or _RESULT.fullmatch(text)
        position = plan.periods.get(name_key(found[1])) if found else None
        if found:
            known.add(at)
            if position is not None:
                inputs.setdefault(position, at)
        elif _COMPUTED.fullmatch(text):
            computed.add(at)
        elif name_key(text) and any(name_key(text).startswith(key) for key in _FIXED_KEYS):
            known.add(at)
    expected = BookLayout(stamp.periods, "").inputs
    for label, at in zip(stamp.periods, expected, strict=True):
        position = plan.periods.get(name_key(label))
        neighbors = [where for other, where in zip(stamp.periods, expected, strict=True) if other != label]
        in_place = sum(where in inputs.values() for where in neighbors) >= len(neighbors) - 1
        if position is not None and position not in inputs and at not in computed | set(inputs.values()) and in_place:
            inputs[position] = at
            heading = str(row[at]) if at < len(row) and row[at] else "blank"
            notes.append(f"The heading of {label} was changed to “{heading[:40]}”; the column was read by its place.")
    return _Columns(inputs, computed, known | set(inputs.values()))


def _key_in(cells: Sequence[Any]) -> Key | None:
    return next((key for cell in reversed(cells) if (key := read_row_key(cell)) is not None), None)


def _places(title: str, rows: Sequence[Sequence[Any]], top: int, plan: BookPlan, stamp: ReadStamp) -> dict[int, Key]:
    """Whose item each row is: by its hidden key, by its words, and in older workbooks by where it stood."""
    made: dict[int, Key] = {}
    for at in range(top + 1, len(rows)):
        key = _key_in(rows[at])
        if key is not None:
            made[at] = key
    level = level_of_tab(title, plan.levels)
    if made or level is None:
        return made
    schools = {key[0] for key in stamp.held}
    by_words: dict[int, Key] = {}
    for at in range(top + 1, len(rows)):
        school, item = _school(rows[at], schools), _item(rows[at], plan)
        if school is not None and item is not None:
            by_words[at] = (school, level, item)
    named = set(by_words.values())
    for at in range(top + 1, len(rows)):
        written = stamp.rows.get((level, at + 1 - top))
        if at not in by_words and written is not None and written not in named and _has_item_text(rows[at]):
            by_words[at] = written
    return by_words


def level_of_tab(title: str, levels: Sequence[str]) -> str | None:
    """The level that a tab's name says, also that of a copy such as `Elementary (2)`."""
    key = name_key(title)
    found = [level for level in levels if name_key(level) == key]
    found += sorted((level for level in levels if name_key(level) in key), key=len, reverse=True)
    return found[0] if found else None


def _school(cells: Sequence[Any], schools: set[str]) -> str | None:
    """The only school of the workbook, or the one that the row names."""
    if len(schools) == 1:
        return next(iter(schools))
    return next((str(cell) for cell in reversed(cells) if str(cell) in schools), None)


def _item(cells: Sequence[Any], plan: BookPlan) -> str | None:
    texts = [name_key(str(cells[ITEM]))] if len(cells) > ITEM and cells[ITEM] else []
    texts += [name_key(str(cell)) for cell in cells[: ITEM + 4] if isinstance(cell, str)]
    return next((item for text in texts for item, words in plan.items.items() if text in words), None)


def item_text(cells: Sequence[Any]) -> str:
    """What stands where the table has the item's words."""
    return str(cells[ITEM]).strip() if len(cells) > ITEM and cells[ITEM] else ""


def _has_item_text(cells: Sequence[Any]) -> bool:
    return bool(item_text(cells))


def _look_beside(table: TabTable, number: int, cells: Sequence[Any], columns: _Columns, *, is_row: bool) -> None:
    """Texts and numbers outside the table's columns, and computed cells that hold no formula."""
    for at, cell in enumerate(cells):
        if cell in (None, "") or read_row_key(cell) is not None:
            continue
        if at in columns.computed and (is_row or _is_formula(cell)):
            if not _is_formula(cell):
                table.typed_over.append(cell_name(at, number))
        elif len(table.besides) <= BESIDES_AT_MOST and (
            at not in columns.known if is_row else not isinstance(cell, (int, float))
        ):
            table.besides.append((cell_name(at, number), str(cell)))
