"""Files as the district's people make them, for the tests."""

import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from shared.files.workbooks import Cell, new_workbook, write_cell

DATA = Path(__file__).parent / "data"
HEADER = (
    "Region", "PLOC", "CoS", "Regional_Director", "School", "Category", "Response_Tier_Nr", "Response_Tier",
    "Total_Surveys_Sp24", "Surveys_Submitted_Sp24", "Response_Rate_Sp24", "Date_of_Extraction",
)  # fmt: skip
SCHOOL_HEADER = ("Cost Center Code", "PLOC", "School", "Level", "Region", "CoS", "Regional Director")
PEOPLE_HEADER = ("Name", "Role", "Email", "Scope", "Aliases")


def workbook(sheets: dict[str, Iterable[Sequence[Cell]]]) -> bytes:
    """An XLSX file with these sheets, each a list of rows with the header first."""
    out = io.BytesIO()
    made = new_workbook(out, "made for a test")
    for name, rows in sheets.items():
        sheet = made.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                write_cell(sheet, number, column, value)
    made.close()
    return out.getvalue()


def guide_rows(on: str = "2025-02-21") -> list[tuple[Cell, ...]]:
    """The 16 rows of the district's guide, under another date where wanted."""
    listed: list[dict[str, Any]] = json.loads((DATA / "guide_rows.json").read_text())
    return [
        (
            row["region"], row["ploc"], row["cos"], row["director"], row["school"], row["category"], row["tier_nr"],
            row["tier_label"], row["total"], row["submitted"], row["rate_shown"], on,
        )
        for row in listed
    ]  # fmt: skip


def extraction(rows: Iterable[Sequence[Cell]], sheet: str = "Parents") -> bytes:
    """An extraction file with one tab."""
    return workbook({sheet: [HEADER, *rows]})


def directory(people: Iterable[Sequence[Cell]], schools: Iterable[Sequence[Cell]] = ()) -> bytes:
    """A directory file; a school of the guide that has no Tier 1 row is always in it."""
    first = (
        "1432201",
        "4322",
        "Arroyo Seco Mus/S Mag",
        "Elementary",
        "E",
        "Egl Rk/Highld Pk CoS",
        str(guide_rows()[0][3]),
    )
    return workbook({"Schools": [SCHOOL_HEADER, first, *schools], "People": [PEOPLE_HEADER, *people]})
