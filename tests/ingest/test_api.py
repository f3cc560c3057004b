"""Uploads through the API."""

import io

import pytest

from shared.files.workbooks import new_workbook, write_cell
from tests.people import api_of
from tests.stack import deliver, failures

HEADER = (
    "Region", "PLOC", "CoS", "Regional_Director", "School", "Category", "Response_Tier_Nr", "Response_Tier",
    "Total_Surveys_Sp24", "Surveys_Submitted_Sp24", "Response_Rate_Sp24", "Date_of_Extraction",
)  # fmt: skip


def workbook(rows: list[tuple[object, ...]], sheet: str = "Parents") -> bytes:
    """An extraction file with one sheet."""
    out = io.BytesIO()
    made = new_workbook(out, "extraction")
    page = made.add_worksheet(sheet)
    for number, row in enumerate([HEADER, *rows]):
        for column, value in enumerate(row):
            write_cell(page, number, column, value)  # type: ignore[arg-type]
    made.close()
    return out.getvalue()


ROW = ("E", "4001", "North CoS", "VEGA, MARTA", "Alder El", "Parents", "", "", 100, 10, "10%", "2025-02-21")


@pytest.mark.usefixtures("clean")
def test_an_extraction_is_taken_once() -> None:
    central = api_of("central")
    content = workbook([ROW])
    first = central.post("/ingest/api/v1/uploads", files={"file": ("a.xlsx", content)})
    again = central.post("/ingest/api/v1/uploads", files={"file": ("b.xlsx", content)})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["counts"] == {"accepted": 1, "rejected": 0, "changed": 1}
    assert again.json()["upload_id"] == first.json()["upload_id"]
    deliver()
    assert failures() == []
