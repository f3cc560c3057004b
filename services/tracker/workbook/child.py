"""Reads an uploaded workbook in a process of its own with little memory and time: `python -m ... FILE`, JSON out."""

import json
import re
import resource
import subprocess
import sys
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl

MEMORY_LIMIT = 1024 * 1024 * 1024
CPU_SECONDS = 60
ROWS_LIMIT, COLUMNS_LIMIT, SHEETS_LIMIT = 40_000, 64, 12
PARTS_LIMIT, UNPACKED_LIMIT = 300, 256 * 1024 * 1024
ROOT = Path(__file__).parent.parent.parent.parent
_NO_BOOK = "This is not an Excel workbook (.xlsx). Save it as .xlsx without password and upload that."
Rows = dict[str, list[list[Any]]]


class UnreadableBook(Exception):
    """The file is no workbook that can be read here; the text says what to do."""


def read_sheets(content: bytes) -> Rows:
    """Each sheet's rows of cells, formulas as text that begins with `=`. Raises UnreadableBook."""
    _refuse_bomb(content)
    with tempfile.NamedTemporaryFile(prefix="ses-book-", suffix=".xlsx") as kept:
        kept.write(content)
        kept.flush()
        command = [sys.executable, "-m", "services.tracker.workbook.child", kept.name]
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=2 * CPU_SECONDS, check=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise UnreadableBook("The workbook could not be read. Open it in Excel, save it, upload that.") from error
    found: Rows = json.loads(done.stdout)
    return found


def _refuse_bomb(content: bytes) -> None:
    try:
        parts = zipfile.ZipFile(BytesIO(content)).infolist()
    except zipfile.BadZipFile as error:
        raise UnreadableBook(_NO_BOOK) from error
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise UnreadableBook(_NO_BOOK)
    if len(parts) > PARTS_LIMIT or sum(part.file_size for part in parts) > UNPACKED_LIMIT:
        raise UnreadableBook("The workbook unpacks to more than is allowed here. Upload one school's workbook.")


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


def _main(path: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    book = openpyxl.load_workbook(path, read_only=True, keep_links=False)
    found: Rows = {}
    for sheet in book.worksheets[:SHEETS_LIMIT]:
        rows = sheet.iter_rows(max_row=ROWS_LIMIT, max_col=COLUMNS_LIMIT, values_only=True)
        found[sheet.title] = [trimmed(row) for row in rows]
    sys.stdout.write(json.dumps(found, ensure_ascii=True))


def tidy_formula(formula: str) -> str:
    """A formula without what programs add or leave out when they save it."""
    return re.sub(r"[\s$]|_xlfn\.", "", formula).upper()


if __name__ == "__main__":
    _main(sys.argv[1])
