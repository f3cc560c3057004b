"""The table as files: exactly what is filtered, and back in through the front door."""

import csv
import io
import shutil
import subprocess
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.people import add_people, api_of, browser_of
from tests.rates.world import FEB_14, FEB_21, counts, guide_rows, load
from tests.stack import deliver, failures, wipe

pytestmark = pytest.mark.usefixtures("clean")


def exported(query: str = "") -> openpyxl.Workbook:
    answer = browser_of("central").get(f"/rates/export.xlsx?{query}")
    assert answer.status_code == 200
    return openpyxl.load_workbook(io.BytesIO(answer.content))


def csv_rows(query: str = "") -> list[dict[str, str]]:
    answer = browser_of("central").get(f"/rates/export.csv?{query}")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_the_workbook_has_three_tabs_with_the_districts_columns_and_what_is_filtered() -> None:
    load(FEB_21, counts("A", 10, region="N"), counts("B", 10, region="W"))
    load(FEB_21, counts("A", 60, region="N"), group="staff")
    book = exported("region=N")
    found = {sheet.title: [row[4] for row in sheet.iter_rows(min_row=2, values_only=True)] for sheet in book}
    assert found == {"Students": [], "Staff": ["A"], "Parents": ["A"]}
    assert [cell.value for cell in book["Parents"][1]][:12] == [
        "Region", "PLOC", "CoS", "Regional_Director", "School", "Category", "Response_Tier_Nr", "Response_Tier",
        "Total_Surveys", "Surveys_Submitted", "Response_Rate", "Date_of_Extraction",
    ]  # fmt: skip


def test_the_workbook_is_filled_frozen_filtered_and_has_a_title() -> None:
    load(FEB_21, counts("A", 10), counts("B", 80))
    book = exported("sort=school")
    sheet = book["Parents"]
    assert (sheet["G2"].fill.fgColor.rgb, sheet["G3"].fill.fgColor.rgb) == ("FFF4C7C3", "FFD5F2DA")
    assert (sheet["G2"].value, sheet["K2"].value, sheet["K2"].number_format) == ("Tier-1", 0.1, "0.0%")
    assert sheet.freeze_panes == "F2"
    assert sheet.auto_filter.ref == "A1:X3"
    assert not sheet.merged_cells.ranges
    columns: Any = sheet.column_dimensions.values()
    head: Any = sheet[1]
    widths = {n: each.width for each in columns for n in range(each.min, each.max + 1)}
    assert [cell.value for cell in head if widths[cell.column] < len(cell.value) + 4] == []
    assert (book.properties.title, sheet.print_title_rows) == ("Response rates as of 2025-02-21", "$1:$1")


def test_text_that_a_spreadsheet_would_run_stays_text() -> None:
    load(FEB_21, counts('=HYPERLINK("http://x")', 10), counts("+cmd", 20), counts("@a", 30))
    sheet = exported("sort=school")["Parents"]
    assert all(sheet.cell(row, 5).data_type == "s" for row in (2, 3, 4))
    assert {row["School"] for row in csv_rows()} == {'\'=HYPERLINK("http://x")', "'+cmd", "'@a"}


def test_absent_schools_are_in_the_file_without_a_date_of_this_extraction() -> None:
    load(FEB_14, counts("A", 10), counts("B", 10))
    load(FEB_21, counts("B", 12))
    absent = next(row for row in csv_rows() if row["School"] == "A")
    named = ("Response_Tier", "Date_of_Extraction", "Last_Seen", "Surveys_Submitted")
    assert [absent[name] for name in named] == ["Unknown, not in this extraction", "", "2025-02-14", ""]


def test_the_text_file_has_the_chosen_group_in_the_chosen_order() -> None:
    load(FEB_21, counts("A", 10), counts("B", 5))
    load(FEB_21, counts("C", 10), group="staff")
    assert [row["School"] for row in csv_rows("group=parents&sort=submitted")] == ["B", "A"]
    assert [row["Response_Rate"] for row in csv_rows("group=staff")] == ["10.0000%"]


def test_without_any_extraction_there_is_an_empty_workbook_and_no_text_file() -> None:
    assert exported().sheetnames == ["Students", "Staff", "Parents"]
    assert browser_of("central").get("/rates/export.csv").status_code == 404


def test_a_date_without_an_extraction_is_no_file() -> None:
    load(FEB_21, counts("A", 10))
    client = browser_of("central")
    answers = [client.get(f"/rates/export.{kind}?on=2025-02-14") for kind in ("xlsx", "csv")]
    assert [answer.status_code for answer in answers] == [404, 404]


def through_libreoffice(content: bytes, folder: Path) -> bytes:
    """The workbook opened and saved again by LibreOffice."""
    (folder / "in").mkdir()
    (folder / "in" / "rates.xlsx").write_bytes(content)
    program = shutil.which("soffice") or shutil.which("libreoffice")
    assert program, "LibreOffice is not installed: make system"
    command = [program, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "xlsx",
               "--outdir", str(folder / "out"), str(folder / "in" / "rates.xlsx")]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return (folder / "out" / "rates.xlsx").read_bytes()


def rates() -> dict[str, tuple[Any, ...]]:
    """school -> its counts, rate and tier, from the API."""
    names = ("total_surveys", "surveys_submitted", "response_rate", "tier", "date_of_extraction")
    answer = api_of("central").get("/rates/api/v1/rates", params={"group": "parents", "limit": 2000}).json()
    return {row["school"]: tuple(row[name] for name in names) for row in answer["rows"]}


def test_libreoffice_opens_the_workbook_and_uploading_it_gives_the_same_rates(tmp_path: Path) -> None:
    load(FEB_21, *guide_rows())
    before = rates()
    saved = through_libreoffice(browser_of("central").get("/rates/export.xlsx").content, tmp_path)
    assert zipfile.is_zipfile(io.BytesIO(saved))
    shown = openpyxl.load_workbook(io.BytesIO(saved))["Parents"]
    assert {row[4]: round(Decimal(str(row[10])) * 100, 4) for row in shown.iter_rows(min_row=2, values_only=True)} == {
        school: round(Decimal(values[2]), 4) for school, values in before.items()
    }
    wipe_and_sign_in()
    answer = api_of("central").post("/ingest/api/v1/uploads", files={"file": ("rates.xlsx", saved)})
    assert answer.status_code in (201, 202), answer.text
    deliver()
    assert failures() == []
    assert rates() == before


def wipe_and_sign_in() -> None:
    wipe()
    add_people()
