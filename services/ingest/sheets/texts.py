"""Text tables: their encoding and delimiter found out, their rows streamed."""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator

from services.ingest.sheets.parts import Cell, Sheet
from services.ingest.sheets.refusals import UnreadableFile

DELIMITERS = (",", ";", "\t", "|")
SAMPLE = 64 * 1024
BLOCK = 1024 * 1024
_SEP_LINE = re.compile(r"^\ufeff?sep=(.)\r?\n?$", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(path: str) -> str:
    """UTF-8 or UTF-16 by byte order mark, UTF-16 by its zero bytes, UTF-8 where all of it is, else Windows-1252."""
    with open(path, "rb") as file:
        head = file.read(SAMPLE)
        for mark, name in _BOMS:
            if head.startswith(mark):
                return name
        if b"\x00" in head:
            return _utf_16(head)
        return "utf-8" if _is_utf_8(head, file) else "cp1252"


def _utf_16(head: bytes) -> str:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    most, least = max(even, odd), min(even, odd)
    if most < 0.3 * len(head) or least > most // 10:
        raise UnreadableFile("file_not_a_table")
    return "utf-16-le" if odd > even else "utf-16-be"


def _is_utf_8(head: bytes, file: object) -> bool:
    decode = codecs.getincrementaldecoder("utf-8")().decode
    block = head
    try:
        while block:
            decode(block)
            block = file.read(BLOCK)  # type: ignore[attr-defined]
        decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def delimiter_of(sample: str) -> str:
    """The delimiter that parts the most cells of the first lines, quoted text left out."""
    plain = _QUOTED.sub("", sample) or sample
    return max(DELIMITERS, key=plain.count) if any(mark in plain for mark in DELIMITERS) else _inside(sample)


def _inside(sample: str) -> str:
    return max(DELIMITERS, key=sample.count)


def text_rows(path: str, parted_by: str = "") -> Iterator[Sheet | tuple[int, list[Cell]]]:
    """The one sheet of a text table, then its rows (number, cells); the delimiter is found out where none is given."""
    encoding = encoding_of(path)
    try:
        with open(path, encoding=encoding, newline="") as file:
            said = _SEP_LINE.match(file.readline(1000))
            begin = file.tell()
            sample = file.read(SAMPLE) if said else _from_start(path, encoding)
            file.seek(begin if said else 0)
            delimiter = said.group(1) if said else parted_by or delimiter_of(sample)
            yield Sheet("", encoding=encoding, delimiter=delimiter)
            yield from enumerate(_rows(_parted(file, delimiter), delimiter), 2 if said else 1)
    except csv.Error as error:
        raise UnreadableFile("file_cell_too_long") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile("file_encoding_unknown") from error


def _from_start(path: str, encoding: str) -> str:
    with open(path, encoding=encoding, newline="") as file:
        return file.read(SAMPLE)


def _parted(file: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """The cells of each row. Refuses a quotation mark that is never closed: the rows below would vanish in its cell."""
    lines: list[str] = []
    number = 0

    def kept() -> Iterator[str]:
        for line in file:
            lines.append(line)
            yield line

    rows = csv.reader(kept(), delimiter=delimiter)
    while True:
        try:
            cells = next(rows, None)
            if len(lines) > 1 and len(list(csv.reader(lines, delimiter=delimiter, strict=True))) != 1:
                raise csv.Error
        except csv.Error as error:
            if len(lines) > 1:
                raise UnreadableFile("file_quote_open", f"line {number + 1}") from error
            raise
        if cells is None:
            return
        yield cells
        number += len(lines)
        lines.clear()


def _rows(reader: Iterator[list[str]], delimiter: str) -> Iterator[list[Cell]]:
    """The rows; a line that is quoted as a whole, as some exports make them, is parted once more."""
    for cells in reader:
        if len(cells) == 1 and delimiter in cells[0]:
            yield list(next(csv.reader([cells[0]], delimiter=delimiter)))
        else:
            yield list(cells)


def plain_lines(path: str) -> Iterator[Sheet | tuple[int, list[Cell]]]:
    """A text as it is: every line one cell."""
    encoding = encoding_of(path)
    yield Sheet("", encoding=encoding)
    with open(path, encoding=encoding, errors="replace") as file:
        for number, line in enumerate(file, 1):
            cells: list[Cell] = [line.rstrip("\r\n")]
            yield number, cells
