"""Writes the demo district's files: directory, participation extractions, survey results, LCAP tables, and a list of them."""

import csv
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from deploy.demo.district import SEED, district
from deploy.demo.extractions import GROUPS, DemoExtraction, extractions, window
from deploy.demo.shapes import District, Size
from deploy.demo.sheets import (
    PEOPLE_COLUMNS,
    RATE_COLUMN,
    RESULT_COLUMNS,
    SCHOOL_COLUMNS,
    Cell,
    participation_cells,
    participation_columns,
    people_cells,
    result_cells,
    school_cells,
    with_percent_text,
)

LIST = "demo.json"
# The LCAP's figures and titles as published; descriptions and explanations are examples.
LCAP_FILES = Path(__file__).parent / "lcap"
LCAP = (("lcap-actions", "lcap_actions.csv"), ("lcap-measures", "lcap_measures.csv"))
# A fixed creation time keeps the same content the same bytes.
CREATED = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Written:
    """What a folder holds: `uploads` are (kind, file) in loading order, `example` is the user's to upload."""

    size: Size
    seed: int
    today: str
    term: str
    opens: str
    closes: str
    uploads: list[list[str]]
    example: str


def write(folder: Path, size: Size, today: date, seed: int = SEED) -> Written:
    """Writes all files below `folder`, whose list `demo.json` comes last and marks the folder as complete."""
    found = district(size, seed)
    weeks = extractions(found, today)
    (folder / "example").mkdir(parents=True, exist_ok=True)
    write_directory(folder / "directory.xlsx", found)
    uploads = [["directory", "directory.xlsx"]]
    for week in weeks[:-1]:
        write_participation(folder / _file_name(week), week)
        uploads.append(["participation", _file_name(week)])
    write_results(folder / "survey_results.csv", found)
    uploads.append(["survey-results", "survey_results.csv"])
    for kind, name in LCAP:
        shutil.copyfile(LCAP_FILES / name, folder / name)
        uploads.append([kind, name])
    example = f"example/{_file_name(weeks[-1])}"
    write_participation(folder / example, weeks[-1])
    write_participation_csv((folder / example).with_suffix(".csv"), weeks[-1])
    opens, closes = window(today)
    written = Written(size, seed, str(today), weeks[0].term, str(opens), str(closes), uploads, example)
    (folder / LIST).write_text(json.dumps(asdict(written), indent=2) + "\n", encoding="utf-8")
    return written


def written_before(folder: Path, size: Size) -> Written | None:
    """The list of a folder that is complete for this size: its dates hold, so that a restart uploads nothing new."""
    try:
        found = Written(**json.loads((folder / LIST).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return found if found.size == size else None


def write_directory(path: Path, found: District) -> None:
    """Two sheets, Schools and People."""
    with _workbook(path) as book:
        _sheet(book, "Schools", SCHOOL_COLUMNS, (school_cells(school) for school in found.schools))
        _sheet(book, "People", PEOPLE_COLUMNS, people_cells(found))


def write_participation(path: Path, extraction: DemoExtraction) -> None:
    """Three tabs, counts and rates as numbers, PLOC and dates as text."""
    with _workbook(path) as book:
        percent = book.add_format({"num_format": "0%"})
        for group in GROUPS:
            rows = participation_cells(extraction, group)
            sheet = _sheet(book, group, participation_columns(extraction.term), rows)
            sheet.set_column(RATE_COLUMN, RATE_COLUMN, 24, percent)
            sheet.autofilter(0, 0, len(rows), len(participation_columns(extraction.term)) - 1)


def write_participation_csv(path: Path, extraction: DemoExtraction) -> None:
    """All three groups below one header, the rate as text such as `86%`."""
    rows = (with_percent_text(row) for group in GROUPS for row in participation_cells(extraction, group))
    _csv(path, participation_columns(extraction.term), rows)


def write_results(path: Path, found: District) -> None:
    """A line for each result of an elementary school."""
    _csv(path, RESULT_COLUMNS, result_cells(found))


def _file_name(extraction: DemoExtraction) -> str:
    return f"participation_{extraction.on}.xlsx"


def _workbook(path: Path) -> Any:
    book = xlsxwriter.Workbook(str(path), {"strings_to_numbers": False, "strings_to_formulas": False})
    book.set_properties({"created": CREATED})
    return book


def _sheet(book: Any, name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Any:
    sheet = book.add_worksheet(name)
    sheet.write_row(0, 0, columns, book.add_format({"bold": True}))
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(columns) - 1, 24)
    for number, row in enumerate(rows, start=1):
        sheet.write_row(number, 0, row)
    return sheet


def _csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(columns)
        lines.writerows(rows)
