"""Files in: reads a spreadsheet or a text table in a child process with limited memory and time.

Run as a program it is that child: `python -m services.ingest.sheets FILE`, one JSON line a row on standard output.
"""

import csv
import io
import json
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple

from python_calamine import CalamineWorkbook

MEMORY_LIMIT = 512 * 1024 * 1024
CPU_SECONDS = 30
ROWS_LIMIT = 400_000
COLUMNS_LIMIT = 64
XLSX_PARTS_LIMIT = 300
XLSX_UNPACKED_LIMIT = 256 * 1024 * 1024
ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0"


class UnreadableFile(Exception):
    """The file is no spreadsheet that can be read here; the text says why and what to do, `code` is stable."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class SheetRow(NamedTuple):
    """One row: its sheet, its number as the person sees it, its cells."""

    sheet: str
    number: int
    cells: list[Any]


def read_rows(content: bytes) -> Iterator[SheetRow]:
    """The rows of the file's sheets; UnreadableFile when it is none."""
    if not content:
        raise UnreadableFile("file_empty", "The file is empty. Export it again and upload the new file.")
    _refuse_foreign(content)
    with tempfile.NamedTemporaryFile(prefix="ses-upload-") as kept:
        kept.write(content)
        kept.flush()
        yield from _rows_of_child(kept.name)


def _refuse_foreign(content: bytes) -> None:
    if content.startswith(OLE_MAGIC):
        raise UnreadableFile(
            "file_old_or_locked",
            "This is an old .xls or a password-protected workbook. Save it as .xlsx without password.",
        )
    if content.startswith(ZIP_MAGIC):
        _refuse_bomb(content)
    elif b"\x00" in content[:4096] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFile("file_not_a_table", "This is not a spreadsheet. Upload an .xlsx, .csv or .tsv file.")
    elif content.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        raise UnreadableFile(
            "file_is_html", "This is a web page, not a spreadsheet. Export the table as .xlsx or .csv."
        )


def _refuse_bomb(content: bytes) -> None:
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except zipfile.BadZipFile as error:
        raise UnreadableFile(
            "file_broken", "The workbook is damaged. Open it in Excel, save it again, upload that."
        ) from error
    if len(parts) > XLSX_PARTS_LIMIT or sum(part.file_size for part in parts) > XLSX_UNPACKED_LIMIT:
        raise UnreadableFile(
            "file_too_large_inside", "The workbook unpacks to more than is allowed here. Remove other sheets."
        )
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise UnreadableFile("file_not_a_table", "This is not a spreadsheet. Upload an .xlsx, .csv or .tsv file.")


def _rows_of_child(path: str) -> Iterator[SheetRow]:
    command = [sys.executable, "-m", "services.ingest.sheets", path]
    root = Path(__file__).parent.parent.parent
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        for line in child.stdout:
            row = json.loads(line)
            if isinstance(row, dict):
                raise UnreadableFile(row["code"], row["sentence"])
            yield SheetRow(*row)
    if child.returncode != 0:
        raise UnreadableFile(
            "file_unreadable", "The file could not be read. Open it in Excel, save it as .xlsx, upload that."
        )


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _plain(cell: object) -> object:
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat()
    return cell


def _sheet_rows(path: str) -> Iterator[SheetRow]:
    with open(path, "rb") as file:
        is_workbook = file.read(4) == ZIP_MAGIC
    if is_workbook:
        workbook = CalamineWorkbook.from_path(path)
        for name in workbook.sheet_names:
            for number, cells in enumerate(workbook.get_sheet_by_name(name).iter_rows(), 1):
                yield SheetRow(name, number, [_plain(cell) for cell in cells])
    else:
        yield from _text_rows(path)


def _text_rows(path: str) -> Iterator[SheetRow]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        head = file.readline()
        file.seek(0)
        delimiter = max(",;\t", key=head.count)
        for number, cells in enumerate(csv.reader(file, delimiter=delimiter), 1):
            yield SheetRow("", number, cells)


def _main(path: str) -> None:
    _limit()
    write = sys.stdout.write
    try:
        for count, row in enumerate(_sheet_rows(path), 1):
            if count > ROWS_LIMIT or len(row.cells) > COLUMNS_LIMIT:
                raise UnreadableFile("file_too_many_cells", "The file has more rows or columns than are allowed here.")
            write(json.dumps(row, ensure_ascii=False) + "\n")
    except UnicodeDecodeError:
        write(json.dumps({"code": "text_not_utf8", "sentence": "Save the table as CSV UTF-8, or as .xlsx."}) + "\n")
    except UnreadableFile as error:
        write(json.dumps({"code": error.code, "sentence": str(error)}) + "\n")


if __name__ == "__main__":
    _main(sys.argv[1])
