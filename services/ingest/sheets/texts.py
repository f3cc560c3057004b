"""Text tables: their encoding and delimiter found out, their rows streamed."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from services.ingest.rules.cells import unguarded
from services.ingest.sheets.encodings import SAMPLE, encoding_of
from services.ingest.sheets.parts import Cell, Sheet
from services.ingest.sheets.refusals import UnreadableFile

DELIMITERS = (",", ";", "\t", "|")
_SEP_LINE = re.compile(r"^\ufeff?sep=(.)\r?\n?$", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')
# Excel is made to take "2337" as a text by writing ="2337".
_GUARD = re.compile(r'(?<![^,;\t|])="([^"]*)"(?=[,;\t|\r\n]|$)')
_BREAK = re.compile(r"[\r\n]")


def delimiter_of(sample: str) -> str:
    """The delimiter that parts the most cells of the first lines, quoted text left out."""
    plain = _QUOTED.sub("", sample) or sample
    return max(DELIMITERS, key=plain.count) if any(mark in plain for mark in DELIMITERS) else _inside(sample)


def _inside(sample: str) -> str:
    return max(DELIMITERS, key=sample.count)


def text_rows(path: str, parted_by: str = "") -> Iterator[Sheet | tuple[int, list[Cell]]]:
    """The one sheet of a text table, then its rows (number, cells); the delimiter is found out where none is given."""
    found = encoding_of(path)
    try:
        with open(path, encoding=found.name, errors=found.errors, newline="") as file:
            marked = _SEP_LINE.match(file.readline(1000))
            begin = file.tell() if marked else 0
            file.seek(begin)
            sample = file.read(SAMPLE)
            file.seek(begin)
            delimiter = marked.group(1) if marked else parted_by or delimiter_of(sample)
            yield Sheet("", encoding=found.name, delimiter=delimiter, bad_line=found.bad_line)
            rows = TextTable(delimiter, sample).rows(file)
            yield from enumerate(rows, 2 if marked else 1)
    except csv.Error as error:
        raise UnreadableFile("file_cell_too_long") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile("file_encoding_unknown") from error


class TextTable:
    """How the lines of a text table become rows of cells."""

    def __init__(self, delimiter: str, sample: str) -> None:
        self.delimiter = delimiter
        self.has_guards = False
        # A space before a quotation mark, as some programs put it, would make the mark a part of the cell.
        self.spaced = f'{delimiter} "' in sample
        self.width = self._usual_width(sample)
        # In prose a space follows a comma; where it does so in the whole table it says nothing.
        self.prose = f"{delimiter} " if 2 * sample.count(f"{delimiter} ") < sample.count(delimiter) else "\0"

    def _usual_width(self, sample: str) -> int:
        lines = [line for line in sample.splitlines()[:200] if line]
        widths = Counter(len(row) for line in lines for row in self._parsed([line]))
        widths.pop(1, None)
        return widths.most_common(1)[0][0] if widths else 1

    def _parsed(self, lines: Iterable[str], *, strict: bool = False) -> Iterator[list[Any]]:
        return csv.reader(lines, delimiter=self.delimiter, skipinitialspace=self.spaced, strict=strict)

    def rows(self, file: Iterable[str]) -> Iterator[list[Cell]]:
        """The cells of each row. Refuses a quotation mark under which the rows below would vanish in one cell."""
        lines: list[str] = []
        number = 0

        def kept() -> Iterator[str]:
            for line in file:
                if '="' in line:
                    self.has_guards = True
                    line = _GUARD.sub(r'"\1"', line)
                lines.append(line)
                yield line

        rows = self._parsed(kept())
        while True:
            try:
                cells = next(rows, None)
                if len(lines) > 1 and self._swallows(lines, cells or []):
                    raise csv.Error
            except csv.Error as error:
                if len(lines) > 1:
                    raise UnreadableFile("file_quote_open", f"line {number + 1}") from error
                raise
            if cells is None:
                return
            yield self._finished(cells) if self.has_guards or len(cells) == 1 else cells
            number += len(lines)
            lines.clear()

    def _finished(self, cells: list[Any]) -> list[Any]:
        """The cells without guards; a line that is quoted as a whole, as some exports make them, is parted once more."""
        if len(cells) == 1 and self.delimiter in cells[0] and not _BREAK.search(cells[0]):
            cells = next(self._parsed([cells[0]]))
        return [unguarded(cell) for cell in cells] if self.has_guards else cells

    def _swallows(self, lines: list[str], cells: list[str]) -> bool:
        """Whether a row of several lines is several rows, held together by stray quotation marks.

        Such a row has as many delimiters as two rows, in its cells and between them. A note of several lines has fewer,
        and a space after each.
        """
        if len(list(self._parsed(lines, strict=True))) != 1:
            return True
        inside = sum(cell.count(self.delimiter) - cell.count(self.prose) for cell in cells)
        return self.width > 2 and len(cells) - 1 + inside >= 2 * (self.width - 1)


def plain_lines(path: str) -> Iterator[Sheet | tuple[int, list[Cell]]]:
    """A text as it is: every line one cell."""
    found = encoding_of(path)
    yield Sheet("", encoding=found.name)
    with open(path, encoding=found.name, errors="replace") as file:
        for number, line in enumerate(file, 1):
            cells: list[Cell] = [line.rstrip("\r\n")]
            yield number, cells
