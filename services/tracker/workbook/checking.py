"""Reads what came back in a workbook: every typed value with its place, what cannot be taken, and what was not used.

Rows are known by the key in their hidden cell, or by their words, so that sorted, inserted, deleted and copied rows and
tabs come in.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from services.tracker.rules.values import BadPercent, as_percent, read_percent
from services.tracker.workbook.child import ROWS_LIMIT, Rows
from services.tracker.workbook.layout import ABOUT_SHEET, STAMP_SHEET, cell_name
from services.tracker.workbook.stamps import BookPlan, Held, ReadStamp, read_stamp
from services.tracker.workbook.tabs import BESIDES_AT_MOST, FoundRow, TabTable, item_text, read_tab
from shared.numbers import counted

PROBLEMS_AT_MOST, NOTES_AT_MOST = 100, 60
_FRESH = "Download a fresh workbook and type the values there."
DIFFERENCE, FRACTION, COPIES = "difference", "fraction", "copies"


class TypedCell(NamedTuple):
    """A value in the file. `was` is what the workbook held when it was written, where `is_was_known`.

    `kind` is fraction where 0.74 may mean 74, copies where several cells of one place differ; `others` are the values
    to choose from then, each with its cell.
    """

    school_key: str
    level: str
    item_id: str
    period: int
    was: Decimal | None
    now: Decimal | None
    cell: str
    kind: str = DIFFERENCE
    others: tuple[tuple[str, str], ...] = ()
    is_was_known: bool = True


class ReadBook(NamedTuple):
    """What came back: when it was written, every input cell, every problem, and what was not used."""

    written_at: str
    cells: list[TypedCell]
    problems: list[dict[str, Any]]
    notes: list[dict[str, Any]]


Place = tuple[str, str, str, int]


class _Reader:
    """The cells, problems and notes found so far."""

    def __init__(self, plan: BookPlan, stamp: ReadStamp) -> None:
        self.plan = plan
        self.stamp = stamp
        self.found: dict[Place, list[TypedCell]] = {}
        self.problems: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []

    def note(self, code: str, sheet: str, cell: str, message: str) -> None:
        self.notes.append(_told(code, sheet, cell, message))

    def read_table(self, table: TabTable) -> None:
        """Takes a tab's rows."""
        for message in table.notes:
            self.note("book_not_used", table.title, "", message)
        for cell, text in table.besides[:BESIDES_AT_MOST]:
            self.note("book_note_beside", table.title, cell, f"“{text[:60]}” is outside the table. It was not used.")
        for cell, _ in table.besides[BESIDES_AT_MOST:]:
            words = "There is more outside the table from here on. It was not used either."
            self.note("book_notes_beside_more", table.title, cell, words)
        if table.typed_over:
            cells = counted(len(table.typed_over), "computed cell")
            were = "was" if len(table.typed_over) == 1 else "were"
            words = f"{cells} {were} typed over. The tracker computes such cells itself."
            self.note("book_formula_changed", table.title, table.typed_over[0], words)
        for row in table.rows:
            if row.place is None:
                words = "This row has values, but it is not clear which item it belongs to. It was not used. " + _FRESH
                if text := item_text(row.cells):
                    words = f"The item “{text[:60]}” is not known here. The row was not used."
                self.note("book_row_unknown", table.title, f"{row.number}:{row.number}", words)
            elif row.place[2] not in self.plan.items:
                words = "The item of this row is no longer followed. It was not used."
                self.note("book_item_unknown", table.title, f"{row.number}:{row.number}", words)
            else:
                self._row(table, row, row.place)

    def _row(self, table: TabTable, row: FoundRow, place: tuple[str, str, str]) -> None:
        held = self.stamp.held.get(place, Held({}))
        for period, column in table.columns.items():
            value = row.cells[column] if column < len(row.cells) else None
            is_known = period in held.values
            was = held.values.get(period)
            name = cell_name(column, row.number)
            read = self._value(table.title, name, value, was)
            if read is None:
                continue
            now, kind, others = read
            if not is_known and now is None and kind == DIFFERENCE:
                continue
            cell = TypedCell(*place, period, was, now, f"{table.title} {name}", kind, others, is_known)
            self.found.setdefault((*place, period), []).append(cell)

    def _value(
        self, title: str, name: str, value: Any, was: Decimal | None
    ) -> tuple[Decimal | None, str, tuple[tuple[str, str], ...]] | None:
        if isinstance(value, str) and value.startswith("="):
            words = "This cell holds a formula. Type the number itself."
            self.problems.append(_told("book_input_formula", title, name, words, value))
            return None
        try:
            # A percent below one that stood there before is meant; a new one is asked about.
            return read_percent(value, small_is_meant=was is not None and 0 < was < 1), DIFFERENCE, ()
        except BadPercent as error:
            if error.code != "percent_as_fraction":
                self.problems.append(_told(error.code, title, name, str(error), value))
                return None
            return None, FRACTION, _meanings(str(value))

    def cells(self) -> list[TypedCell]:
        """Each place once: where copies of a tab or a row differ, the one that was changed counts."""
        return [_one_of(cells) for cells in self.found.values()]


def check_book(sheets: Rows, plan: BookPlan) -> ReadBook:
    """Reads the typed values of a workbook of the plan.

    A workbook with problems is not to be saved, not even in part; notes only say what was not used.
    """
    too_long = [title for title, rows in sheets.items() if len(rows) > ROWS_LIMIT]
    sheets = {title: rows[:ROWS_LIMIT] for title, rows in sheets.items()}
    stamp = read_stamp(sheets.get(STAMP_SHEET) or [], plan)
    reader = _Reader(plan, stamp)
    for title in too_long:
        words = (
            f"The tab {title} has more than {ROWS_LIMIT:,} rows. Those below were not read. Upload them in a workbook"
        )
        reader.note("book_rows_not_read", title, "", f"{words} of their own.")
    titles = [title for title in sheets if title not in (STAMP_SHEET, ABOUT_SHEET)]
    tables = [table for title in titles if (table := read_tab(title, sheets[title], plan, stamp)) is not None]
    if not stamp.is_ours and not any(row.has_key for table in tables for row in table.rows):
        refused = f"This workbook was not downloaded from the tracker. {_FRESH}"
        return ReadBook("", [], [_told("book_not_ours", "", "", refused)], [])
    if not stamp.is_ours:
        reader.note(
            "book_stamp_missing", "", "", "The hidden sheet is missing: changes made here since cannot be recognized."
        )
    for label in stamp.unknown_periods:
        reader.note("book_year_unknown", "", "", f"The plan has no year {label} any more. Its values were not used.")
    for table in tables:
        reader.read_table(table)
    _note_tabs(reader, titles, tables)
    return ReadBook(stamp.written_at, reader.cells(), _first_problems(reader.problems), _capped(reader.notes))


def _note_tabs(reader: _Reader, titles: Sequence[str], tables: Iterable[TabTable]) -> None:
    known = {table.title for table in tables}
    for title in titles:
        if title not in known:
            reader.note(
                "book_tab_unknown", title, "", f"The tab {title} holds no table of the tracker. It was not used."
            )
    levels = {level for _, level, _ in reader.stamp.held}
    for level in sorted(levels - {place[1] for place in reader.found}):
        reader.note("book_tab_missing", level, "", f"The tab {level} is missing. What is there stays as it is.")


def _first_problems(problems: list[dict[str, Any]]) -> list[dict[str, Any]]:
    more = len(problems) - PROBLEMS_AT_MOST
    if more <= 0:
        return problems
    rest = _told(
        "book_problems_more", "", "", f"And {counted(more, 'more problem')}. Correct these and send the workbook again."
    )
    return [*problems[:PROBLEMS_AT_MOST], rest]


def _capped(notes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    more = len(notes) - NOTES_AT_MOST
    if more <= 0:
        return notes
    return [
        *notes[:NOTES_AT_MOST],
        _told(
            "book_notes_more", "", "", f"And {counted(more, 'more cell')} {'was' if more == 1 else 'were'} not used."
        ),
    ]


def _told(code: str, sheet: str, cell: str, message: str, value: object = None) -> dict[str, Any]:
    where = f"{sheet} {cell}: " if cell else ""
    made = {"code": code, "sheet": sheet, "cell": cell, "message": where + message}
    return made if value is None else {**made, "value": str(value)[:80]}


def _meanings(typed: str) -> tuple[tuple[str, str], ...]:
    """What a number below one can mean: the percent that it is a fraction of, and itself where one decimal is enough."""
    value = Decimal(typed.strip().removesuffix("%").strip().replace(",", "."))
    made = []
    for meant in (Decimal(as_percent(value)), value):
        try:
            read = read_percent(str(meant), small_is_meant=True)
        except BadPercent:
            continue
        made.append((str(read), f"{meant:f}%"))
    return tuple(made)


def _one_of(cells: Sequence[TypedCell]) -> TypedCell:
    changed = [cell for cell in cells if cell.kind != DIFFERENCE or cell.now != cell.was or not cell.is_was_known]
    values: Mapping[str, TypedCell] = {str(cell.now) + cell.kind: cell for cell in changed}
    if len(values) < 2:
        return changed[0] if changed else cells[0]
    others = tuple(("" if cell.now is None else str(cell.now), cell.cell) for cell in values.values())
    return changed[0]._replace(kind=COPIES, others=others)
