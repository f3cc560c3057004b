"""Reading a package of a roster (OneRoster, Ed-Fi), and what is kept of it: no student, no password."""

import csv
import io
import zipfile
from collections.abc import Iterator
from itertools import chain

from services.ingest.actions.columns import missing_problems
from services.ingest.rules.cells import Cell, shown
from services.ingest.rules.findings import Place
from services.ingest.rules.roster_files import FILES, MANIFEST, TABLES, file_key, missing_files, read_manifest
from services.ingest.rules.roster_rows import RosterRead, RosterReader
from services.ingest.sheets import Batch, Sheet, UnreadableFile
from shared.errors import Invalid

SHOWN_FAMILIES = "students and families"


def read_roster(sheets: Iterator[tuple[Sheet, Iterator[Batch]]]) -> RosterRead:
    """The files of a roster. Raises UnreadableFile for a manifest or files that are not there, Invalid for columns."""
    found: RosterRead | None = None
    problems: list[dict[str, object]] = []
    for about, batches in sheets:
        found = found or RosterRead("ed-fi" if about.roster == "ed-fi" else "oneroster")
        rows = found.package.setdefault(about.name, []) if about.name else []
        rows += chain.from_iterable(batches)
        if about.name:
            problems += _read_file(found, about.name, rows)
        elif about.left_out:
            found.report.add("roster_families", Place("", 0, SHOWN_FAMILIES, ""), about.left_out)
    assert found is not None  # a package of which no file is known is none of a roster
    if problems:
        sentence = "Columns are missing in the files of the roster; nothing was changed."
        raise Invalid(sentence, code="columns_missing", problems=problems)
    _check_files(found)
    return found


def _read_file(found: RosterRead, name: str, rows: list[tuple[int, list[Cell]]]) -> list[dict[str, object]]:
    """Takes one file; answers a problem for each required column that it lacks."""
    key = file_key(name)
    if key == MANIFEST:
        manifest = read_manifest([shown(cell) for cell in cells] for _, cells in rows)
        if manifest.problem:
            raise UnreadableFile("roster_manifest", manifest.problem)
        found.modes, found.version = manifest.modes, manifest.version
        return []
    file = FILES[found.source][key]
    if found.source == "oneroster" and found.modes.get(file.table, "absent") == "absent":
        found.report.add("roster_file_unlisted", Place(name, 0, "", name))
        return []
    found.modes.setdefault(file.table, "bulk")
    reader = RosterReader(found, name, file)
    missing = [] if rows else [names[0] for field, names in file.columns.items() if field in file.required]
    for number, cells in rows:
        missing += reader.read(number, cells)
    if file.table == "users" and found.source == "oneroster" and found.version == "1.1":
        there = reader.columns.fields if reader.columns else {}
        missing += [file.columns[field][0] for field in ("role", "orgs") if field not in there]
    return missing_problems(name, 1, missing)


def _check_files(found: RosterRead) -> None:
    keys = [file_key(name) for name in found.package]
    missing = missing_files(found.source, keys, found.modes)
    if missing:
        raise UnreadableFile("roster_file_missing", ", ".join(missing))
    if found.source == "ed-fi":
        found.modes = dict.fromkeys(TABLES, "bulk")
    elif found.version == "1.1":
        found.modes["roles"] = "bulk"  # the users carry them
    if all(mode == "absent" for table, mode in found.modes.items() if table != "roles" or found.version != "1.1"):
        raise UnreadableFile("roster_file_missing", "orgs.csv, users.csv")


def kept_package(found: RosterRead) -> bytes:
    """The package without students and families, and without cells that are not read; every row keeps its number."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in found.package.items():
            lines = io.StringIO(newline="")
            writer = csv.writer(lines, lineterminator="\r\n")
            at = 1
            for number, cells in rows:
                lines.write("\r\n" * (number - at))
                writer.writerow([shown(cell) for cell in cells])
                at = number + 1
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), lines.getvalue(), zipfile.ZIP_DEFLATED)
    return out.getvalue()
