"""What schools do to a workbook before it comes back, at random, with what must come in then: an independent model.

An edit is a tuple of words: its name, its tab, and more.
"""

import io
import random
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import openpyxl
from openpyxl import Workbook

from services.tracker.rules.known import ITEMS, LEVELS

Cell = tuple[str, str, int]
# The columns of the baseline and the four results, 0-based, as the district's workbook has them.
INPUTS = (6, 8, 11, 14, 17)
KEY_COLUMN, NOTE_COLUMN = 21, 23


class Edits(NamedTuple):
    """Edits in their order, the values that must come in, and texts of which each must be named as not used."""

    edits: list[tuple[str, ...]]
    expected: Mapping[Cell, str]
    beside: list[str]


class _Tab(NamedTuple):
    level: str
    rows: list[str | None]
    typed: dict[tuple[str, int], str]


class _Maker:
    """Makes edits; keeps which item stands in which row of which tab, until the tab is sorted."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.tabs = {level: _Tab(level, [item.item_id for item in ITEMS], {}) for level in LEVELS}
        self.edits: list[tuple[str, ...]] = []
        self.beside: list[str] = []

    def copy(self) -> None:
        source = self.rng.choice(list(LEVELS))
        name = f"{source} ({len(self.tabs)})"
        self.tabs[name] = _Tab(source, list(self.tabs[source].rows), dict(self.tabs[source].typed))
        self.edits.append(("copy", source, name))

    def type_values(self) -> None:
        """Values in a tab; a cell that another tab of its level has is left out, as two copies that differ are asked about."""
        name = self.rng.choice(list(self.tabs))
        tab = self.tabs[name]
        for _ in range(self.rng.randrange(1, 8)):
            row, period = self.rng.randrange(len(tab.rows)), self.rng.randrange(len(INPUTS))
            item, value = tab.rows[row], f"{self.rng.randrange(10, 1001) / 10}"
            others = [one for one in self.tabs.values() if one is not tab and one.level == tab.level]
            if item is not None and not any((item, period) in other.typed for other in others):
                tab.typed[item, period] = value
                self.edits.append(("value", name, str(INPUTS[period]), str(row + 1), value))

    def insert(self) -> None:
        name = self.rng.choice(list(self.tabs))
        row = self.rng.randrange(len(self.tabs[name].rows) + 1)
        self.tabs[name].rows.insert(row, None)
        self.edits.append(("insert", name, str(row + 1)))

    def delete(self) -> None:
        name = self.rng.choice(list(self.tabs))
        row = self.rng.randrange(len(self.tabs[name].rows))
        gone = self.tabs[name].rows.pop(row)
        for period in range(len(INPUTS)):
            self.tabs[name].typed.pop((gone or "", period), None)
        self.edits.append(("delete", name, str(row + 1)))

    def note(self) -> None:
        name = self.rng.choice(list(self.tabs))
        words = f"ask the coordinator {len(self.beside)}"
        self.beside.append(words)
        row = self.rng.randrange(1, len(self.tabs[name].rows) + 1)
        self.edits.append(("text", name, str(NOTE_COLUMN), str(row), words))

    def finish(self) -> Edits:
        """Sorts, renames and drops tabs at the end, when no edit has to know a row any more."""
        # A tab with a note stays: the note has to be named.
        notes_in = {edit[1] for edit in self.edits if edit[0] == "text"}
        for name in list(self.tabs):
            end = self.rng.choice(("", "", "sort", "rename", "drop"))
            if end == "sort":
                self.edits.append(("sort", name, "3", self.rng.choice(("up", "down"))))
            elif end == "rename":
                self.edits.append(("rename", name, f"{name} of our school"))
            elif end == "drop" and name not in notes_in and len(self.tabs) > 1:
                del self.tabs[name]
                self.edits.append(("drop", name))
        values = {
            (tab.level, item, period): value
            for tab in self.tabs.values()
            for (item, period), value in tab.typed.items()
        }
        return Edits(self.edits, values, self.beside)


def random_edits(seed: int) -> Edits:
    """A handful of edits of every kind."""
    maker = _Maker(seed)
    kinds: list[Callable[[], None]] = [maker.copy, maker.insert, maker.delete, maker.type_values, maker.type_values]
    maker.type_values()
    for _ in range(maker.rng.randrange(2, 9)):
        maker.rng.choice(kinds)()
    for _ in range(maker.rng.randrange(3)):
        maker.note()
    return maker.finish()


def by_openpyxl(content: bytes, edits: Edits) -> bytes:
    """The workbook as a program that writes it with openpyxl leaves it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    for kind, tab, *words in edits.edits:
        _DONE[kind](book, tab, *words)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _copy(book: Workbook, tab: str, name: str) -> None:
    book.copy_worksheet(book[tab]).title = name


def _value(book: Workbook, tab: str, column: str, row: str, value: str) -> None:
    book[tab].cell(int(row) + 1, int(column) + 1).value = float(value)


def _text(book: Workbook, tab: str, column: str, row: str, words: str) -> None:
    book[tab].cell(int(row) + 1, int(column) + 1).value = words


def _insert(book: Workbook, tab: str, row: str) -> None:
    book[tab].insert_rows(int(row) + 1)


def _delete(book: Workbook, tab: str, row: str) -> None:
    book[tab].delete_rows(int(row) + 1)


def _sort(book: Workbook, tab: str, column: str, order: str) -> None:
    sheet: Any = book[tab]
    rows = [list(row) for row in sheet.iter_rows(min_row=2, values_only=True)]
    rows.sort(key=lambda row: str(row[int(column)] or ""), reverse=order == "down")
    for number, row in enumerate(rows, 2):
        for place, value in enumerate(row, 1):
            sheet.cell(number, place).value = value


def _rename(book: Workbook, tab: str, name: str) -> None:
    book[tab].title = name


def _drop(book: Workbook, tab: str) -> None:
    del book[tab]


_DONE: dict[str, Callable[..., None]] = {
    "copy": _copy, "value": _value, "text": _text, "insert": _insert, "delete": _delete, "sort": _sort,
    "rename": _rename, "drop": _drop,
}  # fmt: skip
