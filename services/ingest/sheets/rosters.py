"""A package of CSV files (OneRoster, Ed-Fi): looked at before it is read, and read without students and families.

What is not needed of the users (passwords, phones, ids) is blanked here, so that it never leaves this process.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from services.ingest.rules.roster_files import (
    FAMILY,
    FILES,
    MANIFEST,
    TABLES,
    RosterFile,
    Source,
    file_key,
    read_columns,
    role_name,
    source_of,
)
from services.ingest.sheets.encodings import SAMPLE
from services.ingest.sheets.parts import Cell, Sheet
from services.ingest.sheets.refusals import UnreadableFile
from services.ingest.sheets.texts import TextTable, delimiter_of

MEMBERS_LIMIT = 200
NAME_LIMIT = 255
UNPACKED_LIMIT = 1024 * 1024 * 1024
# How much smaller a table of people can be packed; a small file says nothing.
RATIO_LIMIT, RATIO_FROM = 200, 1024 * 1024
_WORKBOOK = ("[Content_Types].xml", "mimetype", "content.xml")
Row = tuple[int, list[Cell]]


class Members(NamedTuple):
    """The members of a package that are read, by their keys."""

    source: Source
    infos: dict[str, zipfile.ZipInfo]


def roster_of(path: str) -> Members | None:
    """The files of a roster; None for another package, a workbook. Raises UnreadableFile where it is no sound one."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _members(archive.infolist())
    except zipfile.BadZipFile as error:
        raise UnreadableFile("file_broken") from error


def _members(infos: Sequence[zipfile.ZipInfo]) -> Members | None:
    keys = [file_key(info.filename) for info in infos]
    source = source_of(keys)
    if source is None or any(info.filename in _WORKBOOK for info in infos):
        return None
    if len(infos) > MEMBERS_LIMIT:
        raise UnreadableFile("roster_too_large", f"more than {MEMBERS_LIMIT} files")
    for info in infos:
        _refuse_unsound(info)
    if sum(info.file_size for info in infos) > UNPACKED_LIMIT:
        raise UnreadableFile("roster_too_large")
    found: dict[str, zipfile.ZipInfo] = {}
    for key, info in zip(keys, infos, strict=True):
        if key in FILES[source] or key == MANIFEST:
            if key in found:
                raise UnreadableFile("roster_file_twice", info.filename[:NAME_LIMIT])
            found[key] = info
    if source == "oneroster" and MANIFEST not in found:
        raise UnreadableFile("roster_manifest_missing")
    return Members(source, found)


def _refuse_unsound(info: zipfile.ZipInfo) -> None:
    name = info.filename
    parts = name.split("/")
    if len(name) > NAME_LIMIT or "\\" in name or "\0" in info.orig_filename or ".." in parts or not parts[0]:
        raise UnreadableFile("roster_name", ascii(name[:NAME_LIMIT]))
    if info.flag_bits & 1:
        raise UnreadableFile("file_has_password")
    if info.file_size > RATIO_FROM and info.file_size > RATIO_LIMIT * max(1, info.compress_size):
        raise UnreadableFile("roster_too_large", name)


def roster_rows(path: str, members: Members) -> Iterator[Sheet | Row]:
    """Each file of the roster as a sheet with its rows; a last sheet without a name says how many rows were left out."""
    families = Families()
    try:
        with zipfile.ZipFile(path) as archive:
            if MANIFEST in members.infos:
                yield from _file_rows(archive, members, MANIFEST)
            for table in TABLES:
                for key, file in FILES[members.source].items():
                    if file.table == table and key in members.infos:
                        yield from families.without(file, _file_rows(archive, members, key))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise UnreadableFile("file_broken") from error
    except RuntimeError as error:
        raise UnreadableFile("file_has_password") from error
    yield Sheet("", roster=members.source, left_out=families.count)


def _file_rows(archive: zipfile.ZipFile, members: Members, key: str) -> Iterator[Sheet | Row]:
    info = members.infos[key]
    name = info.filename.rpartition("/")[2]
    try:
        with archive.open(info) as member:
            file = io.TextIOWrapper(member, encoding="utf-8-sig", newline="")
            sample = file.read(SAMPLE)
            if "\0" in sample:
                raise UnreadableFile("file_has_nul")
        with archive.open(info) as member:
            file = io.TextIOWrapper(member, encoding="utf-8-sig", newline="")
            delimiter = delimiter_of(sample) if sample else ","
            yield Sheet(name, delimiter=delimiter, roster=members.source)
            yield from enumerate(TextTable(delimiter, sample).rows(file), 1)
    except UnicodeDecodeError as error:
        raise UnreadableFile("roster_encoding", name) from error
    except UnreadableFile as error:
        raise UnreadableFile(error.code, f"{name}, {error.place}" if error.place else name) from error


class Families:
    """Leaves out the rows of students and their families, and the cells of the users that nobody here needs."""

    def __init__(self) -> None:
        self.count = 0
        self.known: set[str] = set()
        self.staff: set[str] = set()

    def without(self, file: RosterFile, rows: Iterator[Sheet | Row]) -> Iterator[Sheet | Row]:
        """The rows that are read further, of the tables of people only those of others."""
        fields: dict[str, int] | None = None
        for part in rows:
            if isinstance(part, Sheet) or file.table == "orgs":
                yield part
                continue
            number, cells = part
            if fields is None:
                fields = read_columns(file, [str(cell) for cell in cells]).fields
                yield part
            elif self._is_family(file, fields, cells):
                self.count += 1
            else:
                yield number, _only(cells, fields)

    def _is_family(self, file: RosterFile, fields: dict[str, int], cells: list[Cell]) -> bool:
        role = role_name(_text(cells, fields.get("role"))).casefold()
        if file.table == "enrollments":
            return role in FAMILY
        if file.table == "roles":
            (self.known if role in FAMILY else self.staff).add(_text(cells, fields.get("user")))
            return role in FAMILY
        person = _text(cells, fields.get("sourced_id"))
        return role in FAMILY or (person in self.known and person not in self.staff)


def _text(cells: Sequence[Cell], index: int | None) -> str:
    return str(cells[index]).strip() if index is not None and index < len(cells) else ""


def _only(cells: list[Cell], fields: dict[str, int]) -> list[Cell]:
    """The row with the cells that are read; the others are blank, so that its width is seen."""
    needed = set(fields.values())
    return [cell if index in needed else "" for index, cell in enumerate(cells)]
