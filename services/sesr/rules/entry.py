"""Reports of many schools as they are pasted from a spreadsheet: a heading line, then a line per school."""

import csv
import io
from collections.abc import Mapping
from typing import NamedTuple

from services.sesr.rules.counts import EXTRAS, FLAGS, INPUTS, STATUSES

CODE, GIVEN_BY, COUNTED, STATUS = "Code", "Given by", "Counted at", "School status"
COUNTS = {count.label: count.name for count in (*INPUTS, *EXTRAS)}
FLAG_NAMES = {label: name for name, label in FLAGS.items()}
HEADINGS = (CODE, "School", *(count.label for count in INPUTS), *FLAGS.values(), GIVEN_BY, COUNTED)
NEEDED = (CODE, INPUTS[0].label)
KNOWN = {heading.casefold(): heading for heading in (*HEADINGS, *(count.label for count in EXTRAS), STATUS)}
MOST_ROWS = 500
UNREADABLE = "A cell is too long. An unclosed quotation mark can cause that: remove it and paste again."
_ANSWERS = {"yes": True, "y": True, "no": False, "n": False}


class EntryRow(NamedTuple):
    """A line of the paste: `cells` by heading as they were pasted, `number` as a person counts the lines."""

    number: int
    cells: dict[str, str]

    @property
    def school_key(self) -> str:
        return self.cells[CODE]

    @property
    def counts(self) -> dict[str, str]:
        return {
            name: self.cells.get(label, "").replace(",", "") for label, name in COUNTS.items() if label in self.cells
        }

    @property
    def flags(self) -> dict[str, bool | None]:
        return {name: _ANSWERS.get(self.cells.get(label, "").casefold()) for label, name in FLAG_NAMES.items()}

    @property
    def status(self) -> str:
        """The status by its key; what is none as it was written, to be refused."""
        text = self.cells.get(STATUS, "")
        return next((name for name, label in STATUSES.items() if label.casefold() == text.casefold()), text)

    def problem(self) -> str:
        """What keeps the line from being read; empty where nothing does."""
        for label in FLAG_NAMES:
            if (text := self.cells.get(label, "")) and text.casefold() not in _ANSWERS:
                return f"{label}: write yes or no, not {text[:20]}"
        return ""


def read_rows(text: str) -> list[EntryRow]:
    """The lines with a code and anything beside it; ValueError says what is wrong with the paste as a whole.

    Columns are separated by tabs, as Excel copies them, or by commas or semicolons; they may be in any order.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise ValueError("Nothing was pasted. Copy the rows with their headings, and paste them here.")
    mark = next((sign for sign in ("\t", ";") if sign in lines[0]), ",")
    try:
        table = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=mark))
    except csv.Error:
        raise ValueError(UNREADABLE) from None
    headings = [KNOWN.get(" ".join(cell.split()).casefold(), "") for cell in table[0]]
    missing = [heading for heading in NEEDED if heading not in headings]
    if missing:
        raise ValueError(f"The first line has no heading {' and no heading '.join(missing)}. Copy the headings too.")
    twice = next((heading for heading in headings if heading and headings.count(heading) > 1), "")
    if twice:
        raise ValueError(f"The heading {twice} is there twice. Delete one of the two columns.")
    rows = [_row(number, headings, cells) for number, cells in enumerate(table[1:], start=2)]
    found = [row for row in rows if _is_filled(row.cells)]
    if len(found) > MOST_ROWS:
        raise ValueError(f"These are {len(found)} schools. Paste at most {MOST_ROWS} at a time.")
    return found


def _row(number: int, headings: list[str], cells: list[str]) -> EntryRow:
    named = {heading: cell.strip() for heading, cell in zip(headings, cells, strict=False) if heading}
    return EntryRow(number, {CODE: "", **named})


def _is_filled(cells: Mapping[str, str]) -> bool:
    """Whether anything but the school and who gave the numbers is there: a table of all schools is filled for some."""
    return any(value for heading, value in cells.items() if heading not in (CODE, "School", GIVEN_BY))
