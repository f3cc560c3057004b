"""The child process that reads one file: `python -m services.ingest.sheets.child`, JSON lines on its output.

It waits for one line of input, the file's path and how to read it, and leaves when there is none. What it writes is an
object for a sheet or a refusal, or a list of rows. To be read is a `table`, `percents` (a
table whose cells in a percent format are given as `76.5%`), `tabs` (one whose cells are separated by tabs), `lines` (a text as it is), `rosters` (a package of CSV files, or
else a table) or `explain` (a table again after the child died of it: says why).
"""

import sys
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import orjson
from python_calamine import CalamineError, CalamineWorkbook

from services.ingest.sheets.exact import COLUMNS_LIMIT
from services.ingest.sheets.packages import far_cell, opened
from services.ingest.sheets.parts import Cell, Sheet
from services.ingest.sheets.refusals import UnreadableFile
from services.ingest.sheets.rosters import roster_of, roster_rows
from services.ingest.sheets.texts import plain_lines, text_rows
from shared.files.confinement import confine

MEMORY_LIMIT = 512 * 1024 * 1024
CPU_SECONDS = 60
ROWS_LIMIT = 400_000
# Bytes of a batch of rows, and of all: few strings of a small file can be repeated in every cell.
LINE_LIMIT, OUTPUT_LIMIT = 16 * 1024 * 1024, 160 * 1024 * 1024
BATCH = 1000
ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0"
_PASSWORD_PARTS = ("EncryptedPackage".encode("utf-16-le"), "EncryptionInfo".encode("utf-16-le"))
_MARKUP = (b"<!doctype html", b"<html", b"<?xml", b"<table", b"<head", b"mime-version:")


def rows_of(path: str, how: str) -> Iterator[Sheet | tuple[int, list[Cell]]]:
    """Every sheet and its rows. Raises UnreadableFile."""
    with open(path, "rb") as file:
        head = file.read(4096)
    _refuse_foreign(path, head)
    roster = roster_of(path) if how == "rosters" and head.startswith(ZIP_MAGIC) else None
    if roster:
        yield from roster_rows(path, roster)
    elif head.startswith(ZIP_MAGIC):
        yield from _workbook_rows(path, percents=how == "percents")
    elif how == "lines":
        yield from plain_lines(path)
    else:
        yield from text_rows(path, "\t" if how == "tabs" else "")


def _refuse_foreign(path: str, head: bytes) -> None:
    if head.startswith(OLE_MAGIC):
        with open(path, "rb") as file:
            content = file.read()
        locked = any(part in content for part in _PASSWORD_PARTS)
        raise UnreadableFile("file_has_password" if locked else "file_old_excel")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:200].lower()
    if start.startswith(_MARKUP):
        raise UnreadableFile("file_is_html")
    if start.startswith((b"%pdf", b"pk\x05\x06", b"rar!", b"\x89png", b"7z\xbc\xaf")):
        raise UnreadableFile("file_not_a_table")


def _workbook_rows(path: str, *, percents: bool) -> Iterator[Sheet | tuple[int, list[Cell]]]:
    with opened(path, percents=percents) as look:
        parser = FastParser(path)
        for about in look.sheets():
            yield Sheet(about.name, about.hidden, about.hidden_rows, about.filtered, about.uncached, look.epoch_1904)
            fast = None if about.exact else parser.rows(about.name)
            yield from look.reader().read(look.package, about.part) if fast is None else fast


class FastParser:
    """The parser for plain sheets, opened when the first of them is read."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.workbook: CalamineWorkbook | None = None

    def rows(self, name: str) -> Iterator[tuple[int, list[Cell]]] | None:
        """The rows of a sheet; None where the parser gives up on it, and the exact reading says what is wrong."""
        try:
            self.workbook = self.workbook or CalamineWorkbook.from_path(self.path)
            sheet = self.workbook.get_sheet_by_name(name)
        except CalamineError:
            return None
        if sheet.width > COLUMNS_LIMIT:
            raise UnreadableFile("file_too_wide", f"sheet {name}")
        return enumerate(map(_plain, sheet.iter_rows()), 1)


def _plain(cells: list[Any]) -> list[Cell]:
    for index, cell in enumerate(cells):
        if type(cell) is bool:
            cells[index] = str(cell).upper()
        elif type(cell) is timedelta:
            cells[index] = str(cell)
    return cells


def batches(parts: Iterable[Sheet | tuple[int, list[Cell]]], *, blank: bool = False) -> Iterator[object]:
    """The parts as JSON-ready lines: a mapping for a sheet, lists of up to BATCH rows, `blank` ones left out or not."""
    batch: list[object] = []
    count = 0
    for part in parts:
        if isinstance(part, Sheet):
            yield from [batch] if batch else []
            batch = []
            yield part._asdict()
        elif blank or any(part[1]) or any(cell not in ("", None) for cell in part[1]):
            batch.append(part)
            if len(batch) == BATCH:
                count += BATCH
                if count > ROWS_LIMIT:
                    raise UnreadableFile("file_too_many_rows")
                yield batch
                batch = []
    yield from [batch] if batch else []


def explained(path: str) -> UnreadableFile:
    """Why a child may have died of this file."""
    with open(path, "rb") as file:
        if file.read(4) != ZIP_MAGIC:
            return UnreadableFile("file_unreadable")
    place = far_cell(path)
    return UnreadableFile("file_too_wide", place) if place else UnreadableFile("file_too_large_inside")


def main(order: bytes) -> None:
    """Writes the file's lines; the last one says `done` or why the file is refused."""
    path, how = orjson.loads(order)
    out = sys.stdout.buffer
    try:
        if how == "explain":
            raise explained(path)
        written = 0
        for part in batches(rows_of(path, how), blank=how == "lines"):
            line = orjson.dumps(part) + b"\n"
            written += len(line)
            if len(line) > LINE_LIMIT or written > OUTPUT_LIMIT:
                raise UnreadableFile("file_too_large_inside")
            out.write(line)
        out.write(b'{"done":true}\n')
    except UnreadableFile as error:
        out.write(orjson.dumps({"refused": error.code, "place": error.place}) + b"\n")
    except MemoryError:
        out.write(b'{"refused":"file_too_large_inside","place":""}\n')


if __name__ == "__main__":
    confine(MEMORY_LIMIT, CPU_SECONDS)
    if order := sys.stdin.buffer.readline():
        main(order)
