"""A sheet read from its XML, cell by cell: what the fast parser does not say about formulas, errors and formats.

Every sheet with a formula, an error, a namespace prefix, cells without references, or parts under unusual names is read
here and not by the fast parser, so that values, errors and unsaved formulas come from one reading.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from services.ingest.rules.cells import is_error
from services.ingest.sheets.formats import Shown
from services.ingest.sheets.opc import OfficePackage, careful_parser
from services.ingest.sheets.parts import Cell
from services.ingest.sheets.refusals import UnreadableFile
from shared.numbers import whole

COLUMNS_LIMIT = 256
_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
_REFERENCE = re.compile(r"^\$?([A-Za-z]{1,3})\$?(\d{1,7})$")
# Characters that XML cannot hold, as spreadsheet programs write them: `_x000D_`.
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LAST_SERIAL = 2958466


class _Names(defaultdict[str, str]):
    """Names of elements without their namespace prefix."""

    def __missing__(self, tag: str) -> str:
        name = self[tag] = tag.rpartition(":")[2]
        return name


class ExactSheetReader:
    """Reads one sheet. `rows` holds those that were read and not yet taken; the facts are whole at the end."""

    def __init__(self, strings: list[str], formats: list[Shown], *, epoch_1904: bool, percents: bool) -> None:
        self.strings = strings
        self.formats = formats
        self.epoch = _EPOCH_1904 if epoch_1904 else _EPOCH
        self.percents = percents
        self.rows: list[tuple[int, list[Cell]]] = []
        # The cells that Excel's chain of calculation lists; None where there is none that counts.
        self.chained: set[str] | None = None
        self.hidden_rows = 0
        self.filtered = False
        self.first_formula = ""
        self.first_uncached = ""
        self.formula_numbers = 0
        self.formula_results = False
        self._names = _Names()
        self._row = self._column = 0
        self._cells: list[Cell] = []
        self._cell: dict[str, str] | None = None
        self._texts: list[str] | None = None
        self._value: str | None = None
        self._inline: list[str] = []
        self._formula = self._in_chain = False
        self._phonetic = False

    def read(self, package: OfficePackage, part: str) -> Iterator[tuple[int, list[Cell]]]:
        """The rows of the sheet that hold something, with their numbers."""
        parser = careful_parser()
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        for block in package.blocks(part):
            parser.Parse(block, False)
            yield from self._taken()
        parser.Parse(b"", True)
        yield from self._taken()

    def _taken(self) -> list[tuple[int, list[Cell]]]:
        rows, self.rows = self.rows, []
        return rows

    def _begin(self, tag: str, attributes: dict[str, str]) -> None:
        name = self._names[tag]
        if name == "c":
            self._begin_cell(attributes)
        elif name == "row":
            self._begin_row(attributes)
        elif self._cell is not None:
            if name == "f":
                self._formula = True
                # Data tables and the cells that a formula spills into are in no chain.
                kind = attributes.get("t", "normal")
                self._in_chain = kind != "dataTable" and not (kind == "normal" and "ca" in attributes)
            elif name in ("v", "t") and not self._phonetic:
                self._texts = []
            elif name == "rPh":
                self._phonetic = True
        elif name == "filterColumn":
            self.filtered = True

    def _begin_row(self, attributes: dict[str, str]) -> None:
        given = attributes.get("r", "")
        self._row = whole(given) or self._row + 1
        self._column = 0
        self._cells = []
        self.hidden_rows += attributes.get("hidden") in ("1", "true")

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        found = _REFERENCE.match(attributes.get("r", ""))
        if found is not None:
            self._column = column_of(found.group(1))
            self._row = int(found.group(2))
        if self._column >= COLUMNS_LIMIT:
            raise UnreadableFile("file_too_wide", attributes.get("r", ""))
        self._cell, self._value, self._inline, self._formula = attributes, None, [], False

    def _text(self, text: str) -> None:
        if self._texts is not None:
            self._texts.append(text)

    def _end(self, tag: str) -> None:
        name = self._names[tag]
        if name == "c":
            self._end_cell()
        elif name == "row":
            if self._cells:
                self.rows.append((self._row, self._cells))
                self._cells = []
        elif name == "v" and self._texts is not None:
            self._value, self._texts = "".join(self._texts), None
        elif name == "t" and self._texts is not None:
            self._inline.append("".join(self._texts))
            self._texts = None
        elif name == "rPh":
            self._phonetic = False

    def _end_cell(self) -> None:
        assert self._cell is not None
        kind = self._cell.get("t", "n")
        if self._formula:
            self._note_formula(kind)
        value = self._cell_value(kind)
        if value is not None:
            cells = self._cells
            cells.extend([None] * (self._column - len(cells)))
            cells[self._column :] = [value]
        self._column += 1
        self._cell = None

    def _note_formula(self, kind: str) -> None:
        place = f"{letters_of(self._column)}{self._row}"
        self.first_formula = self.first_formula or place
        is_saved = self._value if kind != "str" else self._value is not None
        if self.chained is not None and self._in_chain and place not in self.chained:
            is_saved = False
        if not is_saved and not self._inline:
            self.first_uncached = self.first_uncached or place
        elif kind == "n":
            self.formula_numbers += 1
            self.formula_results = self.formula_results or (self._value or "").strip("0.") != ""
        else:
            self.formula_results = True

    def _cell_value(self, kind: str) -> Cell:
        if kind == "inlineStr":
            return _unescaped("".join(self._inline)) or None
        text = self._value
        if not text:
            return None
        if kind == "n":
            return self._number(text)
        if kind == "s":
            return self._shared(text)
        if kind == "b":
            return "FALSE" if text.strip() in ("0", "false") else "TRUE"
        if kind == "e":
            return text.strip() if is_error(text) else "#ERROR!"
        return _unescaped(text)

    def _shared(self, text: str) -> str | None:
        number = whole(text.strip())
        index = -1 if number is None else number
        if not 0 <= index < len(self.strings):
            raise UnreadableFile("file_broken", f"{letters_of(self._column)}{self._row}")
        return self.strings[index] or None

    def _number(self, text: str) -> Cell:
        shown = self._shown()
        try:
            if shown == "percent" and self.percents:
                return f"{(Decimal(text.strip()) * 100).normalize():f}%"
            number = float(text)
        except (ValueError, InvalidOperation):
            return text
        if shown == "date" and 0 <= number < _LAST_SERIAL:
            return _as_text(self.epoch + timedelta(days=number))
        return number

    def _shown(self) -> Shown:
        assert self._cell is not None
        style = self._cell.get("s", "")
        index = whole(style) or 0
        return self.formats[index] if index < len(self.formats) else "number"


def _as_text(instant: datetime) -> str:
    """A day where the time is midnight, as the fast parser has it."""
    is_day = (instant.hour, instant.minute, instant.second, instant.microsecond) == (0, 0, 0, 0)
    return instant.date().isoformat() if is_day else instant.isoformat()


def strings(package: OfficePackage, part: str) -> list[str]:
    """The texts that cells point to, without the readings of Asian characters."""
    found: list[str] = []
    open_texts: list[str] = []
    state = {"t": False, "rPh": False}
    names = _Names()

    def begin(tag: str, _: dict[str, str]) -> None:
        name = names[tag]
        if name in state:
            state[name] = True

    def end(tag: str) -> None:
        name = names[tag]
        if name in state:
            state[name] = False
        elif name == "si":
            found.append(_unescaped("".join(open_texts)))
            open_texts.clear()

    def text(data: str) -> None:
        if state["t"] and not state["rPh"]:
            open_texts.append(data)

    parser = careful_parser()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, end, text
    for block in package.blocks(part) if part else ():
        parser.Parse(block, False)
    if part:
        parser.Parse(b"", True)
    return found


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text) if "_x" in text else text


def column_of(letters: str) -> int:
    """`A` -> 0."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def letters_of(column: int) -> str:
    """0 -> `A`."""
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
