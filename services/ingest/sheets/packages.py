"""A look into an XLSX package before it is parsed: what is refused, and which sheets need the exact reading."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from xml.parsers import expat

from services.ingest.sheets.calculation import chains, is_calculated
from services.ingest.sheets.exact import ExactSheetReader, strings
from services.ingest.sheets.formats import Shown, formats
from services.ingest.sheets.opc import USUAL_STRINGS, OfficePackage
from services.ingest.sheets.refusals import UnreadableFile

PARTS_LIMIT = 2000
UNPACKED_LIMIT = 1024 * 1024 * 1024
STRINGS_LIMIT = 160 * 1024 * 1024
# Fewer formulas can all be 0 by right.
MOST_ZEROS = 2
# A tag holds no "<": what stops there reads each tag once, whatever stands in the part.
_HIDDEN_ROW = re.compile(rb'<row\b[^<>]*\shidden="(?:1|true)"')
_FAR = re.compile(rb"""\sr\s*=\s*["']([A-Z]{3}\d+|[I-Z][W-Z]\d+|[J-Z][A-Z]\d+)["']""")
_MAIN = (
    rb"(?:http://schemas\.openxmlformats\.org/spreadsheetml/2006/main|http://purl\.oclc\.org/ooxml/spreadsheetml/main)"
)
_PREFIXED = re.compile(rb"""xmlns:\w+\s*=\s*["']""" + _MAIN)
# In a plain sheet every cell begins just so; a formula, an error or another way to write a cell needs the exact reading.
_PLAIN_CELL = b'<c r="'
_OTHER_C = re.compile(rb"<c[A-Za-z]")
_FORMULAS = (b"<f>", b"<f ", b"<f/", b"<f\n", b"<f\t", b"<f\r")
_FOREIGN = (
    ("file_has_macros", re.compile(r"vbaproject\.bin$|/macrosheets/")),
    ("file_is_xlsb", re.compile(r"^xl/workbook\.bin$")),
    ("file_is_ods", re.compile(r"^content\.xml$")),
    ("file_is_numbers", re.compile(r"^index\.zip$|^index/.*\.iwa$")),
)


class SheetLook(NamedTuple):
    """What was seen of one sheet. `uncached` names the first formula without a calculated value."""

    name: str
    part: str
    hidden: bool
    hidden_rows: int
    filtered: bool
    uncached: str
    exact: bool


class PackageLook:
    """An open package with a look at each of its sheets; its strings and formats are read when they are needed."""

    def __init__(self, package: OfficePackage, *, percents: bool) -> None:
        self.package = package
        self.percents = percents
        self.epoch_1904 = any(
            each.get("date1904") in ("1", "true") for each in package.attributes(package.workbook, "workbookPr")
        )
        self._strings: list[str] | None = None
        self._formats: list[Shown] | None = None
        self._calculated: bool | None = None
        self._chains: dict[str, set[str]] | None = None
        self._chains_read = False

    def sheets(self) -> Iterator[SheetLook]:
        """A look at every sheet. Reads through each once, and once more where it needs the exact reading."""
        package = self.package
        all_exact = not package.is_usual() or (self.percents and "percent" in self.formats)
        tables = any(
            b"<filterColumn" in block
            for name in package.entries
            if name.startswith("xl/tables/")
            for block in package.blocks(name)
        )
        for each in package.sheets():
            plain = PlainLook(package, each.part)
            look = SheetLook(each.name, each.part, each.hidden, plain.hidden_rows, plain.filtered or tables, "", False)
            yield self._exact_look(look, each.sheet_id) if all_exact or not plain.is_plain else look

    def _exact_look(self, look: SheetLook, sheet_id: str) -> SheetLook:
        reader = self.reader()
        reader.chained = self._chained(sheet_id)
        for _ in reader.read(self.package, look.part):
            pass
        uncached = reader.first_uncached
        if not uncached and reader.first_formula and not self._is_calculated(reader):
            uncached = reader.first_formula
        filtered = look.filtered or reader.filtered
        return look._replace(hidden_rows=reader.hidden_rows, filtered=filtered, uncached=uncached, exact=True)

    def _is_calculated(self, reader: ExactSheetReader) -> bool:
        if self._calculated is None:
            self._calculated = is_calculated(self.package)
        # LibreOffice saves the zeros of a library again without calculating them, if it is not asked to.
        return self._calculated and (reader.formula_numbers <= MOST_ZEROS or reader.formula_results)

    def _chained(self, sheet_id: str) -> set[str] | None:
        """The cells of a sheet that Excel calculated; None where it has not said so."""
        if not self._chains_read:
            self._chains, self._chains_read = chains(self.package), True
        return None if self._chains is None else self._chains.get(sheet_id, set())

    def reader(self) -> ExactSheetReader:
        """A reader for one sheet of this package."""
        return ExactSheetReader(self.strings, self.formats, epoch_1904=self.epoch_1904, percents=self.percents)

    @property
    def strings(self) -> list[str]:
        if self._strings is None:
            self._strings = strings(self.package, self.package.related("sharedStrings", USUAL_STRINGS))
        return self._strings

    @property
    def formats(self) -> list[Shown]:
        if self._formats is None:
            self._formats = formats(self.package)
        return self._formats


class PlainLook:
    """A quick look through the XML of a sheet: whether it is as plain as most are, with hidden rows and filters."""

    def __init__(self, package: OfficePackage, part: str) -> None:
        self.is_plain = True
        self.hidden_rows = 0
        self.filtered = False
        begun, rest = False, b""
        for block in package.blocks(part):
            cut = block.rfind(b">") + 1
            seen, rest = rest + block[:cut], block[cut:] if cut else rest + block
            if seen and not begun:
                begun = True
                self.is_plain = b"<worksheet" in seen
            self._look(seen)

    def _look(self, seen: bytes) -> None:
        if b'hidden="' in seen:
            self.hidden_rows += len(_HIDDEN_ROW.findall(seen))
        begins_f = b"<f" in seen
        self.filtered = self.filtered or (begins_f and b"<filterColumn" in seen)
        if self.is_plain:
            odd = begins_f and any(mark in seen for mark in _FORMULAS)
            odd = odd or b'"e"' in seen or b"'e'" in seen or _odd_cells(seen)
            self.is_plain = not odd and not (b"xmlns:" in seen and _PREFIXED.search(seen))


def _odd_cells(seen: bytes) -> bool:
    """Whether a cell begins in another way than most; other elements that begin with a c are outside the rows."""
    begun, plain = seen.count(b"<c"), seen.count(_PLAIN_CELL)
    return begun != plain and begun - len(_OTHER_C.findall(seen)) != plain


@contextmanager
def opened(path: str, *, percents: bool = False) -> Iterator[PackageLook]:
    """The package. Raises UnreadableFile for what no real extraction file holds, and where the package is torn."""
    try:
        with zipfile.ZipFile(path) as archive:
            package = OfficePackage(archive)
            _refuse_foreign(package)
            yield PackageLook(package, percents=percents)
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, KeyError, NotImplementedError) as error:
        raise UnreadableFile("file_broken") from error
    except RuntimeError as error:
        raise UnreadableFile("file_has_password") from error


def _refuse_foreign(package: OfficePackage) -> None:
    for code, pattern in _FOREIGN:
        if any(pattern.search(name) for name in package.entries):
            raise UnreadableFile(code)
    if not package.workbook:
        raise UnreadableFile("file_not_a_table")
    entries = package.entries.values()
    shared = package.related("sharedStrings", USUAL_STRINGS).lower()
    texts = package.entries[shared].file_size if shared else 0
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > PARTS_LIMIT or unpacked > UNPACKED_LIMIT or texts > STRINGS_LIMIT:
        raise UnreadableFile("file_too_large_inside")


def far_cell(path: str) -> str:
    """The first cell that lies far to the right, such as XFD1048576; empty where there is none."""
    with zipfile.ZipFile(path) as archive:
        package = OfficePackage(archive)
        for sheet in package.sheets():
            for block in package.blocks(sheet.part):
                if cell := _FAR.search(block):
                    return cell.group(1).decode()
    return ""
