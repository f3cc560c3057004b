"""A look into an XLSX package before it is parsed: what is refused, and what a parser does not tell of its sheets."""

import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple
from xml.parsers import expat

from services.ingest.sheets.refusals import UnreadableFile

PARTS_LIMIT = 2000
UNPACKED_LIMIT = 1024 * 1024 * 1024
STRINGS_LIMIT = 160 * 1024 * 1024
BLOCK = 256 * 1024
OVERLAP = 512
COLUMNS_LIMIT = 256
# A tag holds no "<": what stops there reads each tag once, whatever stands in the part.
_EMPTY_VALUE = rb"\s*+(?:<v\s*/>|<v>\s*</v>)?\s*+</c>"
_UNCACHED = re.compile(
    rb'<c\b(?![^<>]*\bt="str")([^<>]*)>\s*<f\b(?:[^<>]*/>|[^<>]*[^<>/]>[^<]*</f>|>[^<]*</f>)' + _EMPTY_VALUE
)
_ERROR = re.compile(
    rb"""<c\b(?=[^<>]*?\bt=["']e["'])([^<>]*+)>\s*+(?:<f\b[^<>]*/>|<f\b[^<>]*>[^<]*</f>)?\s*+<v>([^<]{1,40})</v>"""
)
_CELL = re.compile(rb"""\br=["']([A-Z]{1,3})(\d{1,7})["']""")
_PLACE = re.compile(rb'\br="([A-Z]+\d+)"')
_HIDDEN_ROW = re.compile(rb'<row\b[^<>]*\shidden="(?:1|true)"')
_FAR = re.compile(rb"""\sr\s*=\s*["']([A-Z]{3}\d+|[I-Z][W-Z]\d+|[J-Z][A-Z]\d+)["']""")
_FOREIGN = (
    ("file_has_macros", re.compile(r"vbaProject\.bin$|/macrosheets/", re.IGNORECASE)),
    ("file_has_links", re.compile(r"^xl/externalLinks/", re.IGNORECASE)),
    ("file_is_xlsb", re.compile(r"^xl/workbook\.bin$")),
    ("file_is_ods", re.compile(r"^content\.xml$")),
)


# Row -> the cells that hold an error instead of a value: (index of the column, `#REF!`).
Errors = dict[int, list[tuple[int, str]]]


class SheetLook(NamedTuple):
    """What was seen in the XML of one sheet."""

    hidden_rows: int
    filtered: bool
    uncached: str
    errors: Errors


NOTHING_SEEN = SheetLook(0, False, "", {})


class PackageLook(NamedTuple):
    """What was seen in a package: the epoch, and a look at each sheet by name."""

    epoch_1904: bool
    sheets: dict[str, SheetLook]


def look_into(path: str) -> PackageLook:
    """Reads through every XML part once. Raises UnreadableFile for what no real extraction file holds."""
    try:
        with zipfile.ZipFile(path) as package:
            names = _refuse_foreign(package.infolist())
            parts = _sheet_parts(package)
            epoch = _epoch_1904(package)
            looks = {name: _look_at(package, name) for name in names}
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, KeyError, NotImplementedError) as error:
        raise UnreadableFile("file_broken") from error
    except RuntimeError as error:
        raise UnreadableFile("file_has_password") from error
    tables = any(look.filtered for name, look in looks.items() if name.startswith("xl/tables/"))
    found = {sheet: looks.get(part, NOTHING_SEEN) for sheet, part in parts.items()}
    return PackageLook(epoch, {s: look._replace(filtered=look.filtered or tables) for s, look in found.items()})


def _refuse_foreign(parts: list[zipfile.ZipInfo]) -> list[str]:
    names = [part.filename for part in parts]
    for code, pattern in _FOREIGN:
        if any(pattern.search(name) for name in names):
            raise UnreadableFile(code)
    if "xl/workbook.xml" not in names:
        raise UnreadableFile("file_not_a_table")
    strings = sum(part.file_size for part in parts if part.filename.endswith("sharedStrings.xml"))
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > PARTS_LIMIT or unpacked > UNPACKED_LIMIT or strings > STRINGS_LIMIT:
        raise UnreadableFile("file_too_large_inside")
    return [name for name in names if name.endswith((".xml", ".rels"))]


def _look_at(package: zipfile.ZipFile, name: str) -> SheetLook:
    rows, filtered, uncached, tail = 0, False, "", b""
    errors: Errors = {}
    for block in _blocks(package, name):
        seen = tail + block
        if b'hidden="' in block:
            rows += len(_HIDDEN_ROW.findall(seen)) - len(_HIDDEN_ROW.findall(tail))
        filtered = filtered or b"<filterColumn" in seen
        if not uncached and b"<f" in seen and (cell := _UNCACHED.search(seen)):
            place = _PLACE.search(cell.group(1))
            uncached = place.group(1).decode() if place else "a cell"
        if b'"e"' in seen or b"'e'" in seen:
            _note_errors(seen, errors)
        tail = block[-OVERLAP:]
    return SheetLook(rows, filtered, uncached, errors)


def _note_errors(seen: bytes, errors: Errors) -> None:
    """Adds the cells that hold an error; one that was seen in the block before is the same again."""
    for found in _ERROR.finditer(seen):
        place = _CELL.search(found.group(1))
        if place is not None:
            cell = (_column(place.group(1)), sys.intern(found.group(2).decode("utf-8", "replace")))
            row = errors.setdefault(int(place.group(2)), [])
            if cell not in row:
                row.append(cell)


def _column(letters: bytes) -> int:
    """`A` -> 0."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _blocks(package: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with package.open(name) as part:
        while block := part.read(BLOCK):
            if b"<!" in block and (b"<!DOCTYPE" in block or b"<!ENTITY" in block):
                raise UnreadableFile("file_has_entities")
            if len(block) == BLOCK and b"<" not in block:
                raise UnreadableFile("file_cell_too_long")
            yield block


def _attributes(package: zipfile.ZipFile, name: str, element: str) -> list[dict[str, str]]:
    """The attributes of every element of that name, whatever its namespace prefix."""
    found: list[dict[str, str]] = []

    def begin(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == element:
            found.append(attributes)

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    for block in _blocks(package, name):
        parser.Parse(block, False)
    parser.Parse(b"", True)
    return found


def _sheet_parts(package: zipfile.ZipFile) -> dict[str, str]:
    relations = _attributes(package, "xl/_rels/workbook.xml.rels", "Relationship")
    targets = {relation.get("Id", ""): relation.get("Target", "") for relation in relations}
    parts = {}
    for sheet in _attributes(package, "xl/workbook.xml", "sheet"):
        relation = next((value for name, value in sheet.items() if name.endswith(":id")), "")
        target = targets.get(relation, "")
        parts[sheet.get("name", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return parts


def _epoch_1904(package: zipfile.ZipFile) -> bool:
    found = _attributes(package, "xl/workbook.xml", "workbookPr")
    return any(properties.get("date1904") in ("1", "true") for properties in found)


def far_cell(path: str) -> str:
    """The first cell that lies far to the right, such as XFD1048576; empty where there is none."""
    with zipfile.ZipFile(path) as package:
        for name in package.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                for block in _blocks(package, name):
                    if cell := _FAR.search(block):
                        return cell.group(1).decode()
    return ""
