"""The parts of an XLSX package by their relationships, whatever a program has named them."""

import posixpath
import zipfile
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote
from xml.parsers import expat

from services.ingest.sheets.refusals import UnreadableFile

BLOCK = 256 * 1024
USUAL_WORKBOOK = "xl/workbook.xml"
USUAL_STRINGS = "xl/sharedStrings.xml"
USUAL_STYLES = "xl/styles.xml"


class Relation(NamedTuple):
    """What a part points to: the id of the relationship, the last word of its type, the name of the target."""

    id: str
    kind: str
    target: str


class SheetPart(NamedTuple):
    """A sheet of the workbook: the name on its tab, its part, whether people see it, its id in the workbook."""

    name: str
    part: str
    hidden: bool
    sheet_id: str


class OfficePackage:
    """An open package. Names of parts are read as Windows and some programs write them: any case, `\\` or `/`."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self.package = package
        self.entries = {plain_name(entry.filename).lower(): entry for entry in package.infolist()}
        self.workbook = self._workbook()

    def _workbook(self) -> str:
        found = [each.target for each in self.relations("") if each.kind == "officeDocument"]
        return next((name for name in (*found, USUAL_WORKBOOK) if self.holds(name)), "")

    def holds(self, name: str) -> bool:
        return name.lower() in self.entries

    def size(self, name: str) -> int:
        """The bytes of a part once unpacked."""
        return self.entries[name.lower()].file_size

    def relations(self, part: str) -> list[Relation]:
        """What a part points to; the package itself for an empty name."""
        folder, name = posixpath.split(part)
        listed = posixpath.join(folder, "_rels", f"{name}.rels")
        if not self.holds(listed):
            return []
        return [
            Relation(each.get("Id", ""), posixpath.basename(each.get("Type", "")), _target(folder, each))
            for each in self.attributes(listed, "Relationship")
            if each.get("TargetMode") != "External"
        ]

    def related(self, kind: str, usual: str) -> str:
        """The part of a kind that the workbook points to, else the one of the usual name; empty where there is none."""
        found = [each.target for each in self.relations(self.workbook) if each.kind == kind]
        return next((name for name in (*found, usual) if self.holds(name)), "")

    def sheets(self) -> list[SheetPart]:
        """The sheets in the order of their tabs; charts and dialogs are none."""
        targets = {each.id: each for each in self.relations(self.workbook)}
        found = []
        for sheet in self.attributes(self.workbook, "sheet"):
            relation = targets.get(next((value for name, value in sheet.items() if name.endswith(":id")), ""))
            if relation is not None and relation.kind == "worksheet":
                hidden = sheet.get("state", "visible") != "visible"
                found.append(SheetPart(sheet.get("name", ""), relation.target, hidden, sheet.get("sheetId", "")))
        return found

    def blocks(self, name: str) -> Iterator[bytes]:
        """The part in pieces. Raises KeyError, UnreadableFile for what no spreadsheet program writes."""
        with self.package.open(self.entries[name.lower()]) as part:
            while block := part.read(BLOCK):
                if b"<!" in block and (b"<!DOCTYPE" in block or b"<!ENTITY" in block):
                    raise UnreadableFile("file_has_entities")
                if len(block) == BLOCK and b"<" not in block:
                    raise UnreadableFile("file_cell_too_long")
                yield block

    def attributes(self, name: str, element: str) -> list[dict[str, str]]:
        """The attributes of every element of that name in a part, whatever its namespace prefix."""
        found: list[dict[str, str]] = []

        def begin(tag: str, attributes: dict[str, str]) -> None:
            if tag.rpartition(":")[2] == element:
                found.append(attributes)

        parser = careful_parser()
        parser.StartElementHandler = begin
        for block in self.blocks(name):
            parser.Parse(block, False)
        parser.Parse(b"", True)
        return found

    def text(self, name: str, element: str) -> str:
        """The text of the elements of that name in a part, whatever its namespace prefix."""
        texts: list[str] = []
        inside = [False]

        def begin(tag: str, _: dict[str, str]) -> None:
            inside[0] = tag.rpartition(":")[2] == element

        def end(_: str) -> None:
            inside[0] = False

        def add(data: str) -> None:
            if inside[0]:
                texts.append(data)

        parser = careful_parser()
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, end, add
        for block in self.blocks(name):
            parser.Parse(block, False)
        parser.Parse(b"", True)
        return "".join(texts)

    def is_usual(self) -> bool:
        """Whether every part has the name under which any program looks for it."""
        names = {entry.filename for entry in self.entries.values()}
        parts = [USUAL_WORKBOOK, *(sheet.part for sheet in self.sheets())]
        strings, styles = self.related("sharedStrings", USUAL_STRINGS), self.related("styles", USUAL_STYLES)
        parts += [strings] if strings else []
        parts += [styles] if styles else []
        is_so = self.workbook == USUAL_WORKBOOK and strings in ("", USUAL_STRINGS) and styles in ("", USUAL_STYLES)
        return is_so and names.issuperset(parts)


def plain_name(name: str) -> str:
    """The name of a part with `/` between its folders and none before it."""
    return name.replace("\\", "/").lstrip("/")


def careful_parser() -> expat.XMLParserType:
    """A parser that refuses a file with entities of its own."""

    def refuse(*_: object) -> None:
        raise UnreadableFile("file_has_entities")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    return parser


def _target(folder: str, relation: dict[str, str]) -> str:
    target = unquote(relation.get("Target", "")).replace("\\", "/")
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
