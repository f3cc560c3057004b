"""Reads an uploaded workbook in a process of its own with little memory and time: `python -m ... FILE`, JSON out."""

import json
import sys
import tempfile
import zipfile
import zlib
from io import BytesIO
from typing import Any

from shared.files.children import Bounds, ChildFailed, ChildrenBusy, run_child
from shared.files.confinement import confine
from shared.files.plain_openpyxl import openpyxl

BOUNDS = Bounds()
# For the workbook of all schools, which a process beside reads; a larger file than LARGE_BYTES unpacked is such a one.
LARGE_BYTES = 6 * 1024 * 1024
LARGE = Bounds(memory=1024 * 1024 * 1024, output=96 * 1024 * 1024, cpu_seconds=240, seconds=480.0)
ROWS_LIMIT, COLUMNS_LIMIT, SHEETS_LIMIT = 40_000, 64, 12
PARTS_LIMIT, UNPACKED_LIMIT = 300, 256 * 1024 * 1024
_NO_BOOK = "This is not an Excel workbook (.xlsx). Save it as .xlsx without password and upload that."
_OLD_EXCEL = (
    "This is a workbook of an old Excel (.xls). Open it in Excel, choose File, Save As, Excel Workbook (.xlsx), and"
    " upload that."
)
_LOCKED = "This workbook has a password. Open it in Excel, remove the password under File, Info, save it, upload that."
_LIBRE_OFFICE = (
    "This is an OpenDocument spreadsheet (.ods). Open it in LibreOffice, choose File, Save As, Excel 2007-365 (.xlsx),"
    " and upload that."
)
_OLD_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED_MARK = "EncryptedPackage".encode("utf-16-le")
_OPEN_DOCUMENT = b"opendocument.spreadsheet"
Rows = dict[str, list[list[Any]]]


class UnreadableBook(Exception):
    """The file is not a workbook that can be read here; the text says what to do."""


def is_large(content: bytes) -> bool:
    """Whether a workbook takes too long to be read while a person waits. Raises UnreadableBook."""
    return _unpacked_bytes(content) > LARGE_BYTES


def read_sheets(content: bytes, *, large: bool = False) -> Rows:
    """Each sheet's rows of cells, formulas as text that begins with `=`. Raises UnreadableBook.

    Of a sheet with more rows than ROWS_LIMIT one row more comes, so that a reader can say that there are more.
    """
    words = ["large"] if large else []
    _unpacked_bytes(content)
    with tempfile.NamedTemporaryFile(prefix="ses-book-", suffix=".xlsx") as kept:
        kept.write(content)
        kept.flush()
        try:
            output = run_child("services.tracker.workbook.child", kept.name, *words, bounds=LARGE if large else BOUNDS)
        except ChildFailed as error:
            raise UnreadableBook("The workbook could not be read. Open it in Excel, save it, upload that.") from error
        except ChildrenBusy as error:
            raise UnreadableBook("Many workbooks are being read just now. Try again in a minute.") from error
    found: Rows = json.loads(output)
    return found


def _unpacked_bytes(content: bytes) -> int:
    """How large a workbook is; UnreadableBook for what is none, and for one that unpacks to too much."""
    if content.startswith(_OLD_MAGIC):
        raise UnreadableBook(_LOCKED if _LOCKED_MARK in content else _OLD_EXCEL)
    try:
        packed = zipfile.ZipFile(BytesIO(content))
        parts = packed.infolist()
        if any(_is_open_document(packed, part) for part in parts):
            raise UnreadableBook(_LIBRE_OFFICE)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise UnreadableBook(_NO_BOOK) from error
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise UnreadableBook(_NO_BOOK)
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > PARTS_LIMIT or unpacked > UNPACKED_LIMIT:
        raise UnreadableBook("The workbook unpacks to more than is allowed here. Upload one school's workbook.")
    return unpacked


def _is_open_document(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a part says so: it is stored as it is, and of one that is packed nothing is unpacked here."""
    if part.filename != "mimetype" or part.compress_type != zipfile.ZIP_STORED:
        return False
    with packed.open(part) as opened:
        return _OPEN_DOCUMENT in opened.read(200)


def _cell(value: object) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return round(value, 9) if isinstance(value, float) else str(value)


def trimmed(row: tuple[Any, ...]) -> list[Any]:
    """The cells of a row without the blank ones at its end."""
    cells = [_cell(value) for value in row]
    while cells and cells[-1] is None:
        cells.pop()
    return cells


def _main(path: str, size: str = "") -> None:
    bounds = LARGE if size else BOUNDS
    confine(bounds.memory, bounds.cpu_seconds)
    book = openpyxl.load_workbook(path, read_only=True, keep_links=False)
    found: Rows = {}
    for sheet in book.worksheets[:SHEETS_LIMIT]:
        rows = sheet.iter_rows(max_row=ROWS_LIMIT + 1, max_col=COLUMNS_LIMIT, values_only=True)
        found[sheet.title] = [trimmed(row) for row in rows]
    # Tabs that are not read are named with nothing in them, so that the report says that they were not used.
    found |= {sheet.title: [] for sheet in book.worksheets[SHEETS_LIMIT:]}
    sys.stdout.write(json.dumps(found, ensure_ascii=True))


if __name__ == "__main__":
    _main(*sys.argv[1:3])
