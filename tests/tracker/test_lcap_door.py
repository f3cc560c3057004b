"""The LCAP tables from the upload door to their pages: the demo files, a workbook, the published text."""

import csv
import io
from pathlib import Path

import pytest

from shared.files.workbooks import new_workbook, write_cell
from tests.people import api_of
from tests.stack import deliver, failures

ROOT = Path(__file__).parents[2]
ACTIONS, MEASURES = "/tracker/api/v1/lcap/actions", "/tracker/api/v1/lcap/measures"


def upload(kind: str, name: str, content: bytes) -> None:
    answer = api_of("central").post("/ingest/api/v1/uploads", params={"kind": kind}, files={"file": (name, content)})
    assert answer.status_code == 201, answer.text
    deliver()
    assert failures() == []


@pytest.mark.usefixtures("clean")
def test_the_demo_files_travel_from_the_door_to_the_totals() -> None:
    for kind in ("actions", "measures"):
        upload(f"lcap-{kind}", "a.csv", (ROOT / f"deploy/demo/lcap/lcap_{kind}.csv").read_bytes())
    found = api_of("central").get(ACTIONS).json()
    assert (len(found["rows"]), sum(goal["planned_next"] for goal in found["totals"])) == (86, 8_317_011_844)
    assert [row["change_check"] for row in found["rows"]].count("agrees") == 79
    assert found["rows"][0]["source_line"] == 3
    assert len(api_of("central").get(MEASURES, params={"limit": 1000}).json()["rows"]) == 296


@pytest.mark.usefixtures("clean")
def test_the_published_text_travels_with_its_page_headers_and_damage() -> None:
    content = (ROOT / "tests/data/lcap/published.txt").read_bytes()
    upload("lcap-actions", "lcap.txt", content)
    upload("lcap-measures", "lcap.txt", content)
    actions = api_of("central").get(ACTIONS).json()["rows"]
    assert len(actions) == 18
    assert (actions[0]["change"], actions[-1]["damage"]) == (
        -43_000_000,
        ["planned for the year before cell reads '1'"],
    )
    assert len(api_of("central").get(MEASURES).json()["rows"]) == 13


@pytest.mark.usefixtures("clean")
def test_a_workbook_of_actions_with_numbers_as_numbers_is_read() -> None:
    with (ROOT / "deploy/demo/lcap/lcap_actions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    out = io.BytesIO()
    book = new_workbook(out, "actions")
    sheet = book.add_worksheet("Actions")
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            is_amount = number > 0 and 6 <= column <= 9 and cell
            write_cell(sheet, number, column, int(cell) if is_amount else cell)
    book.close()
    upload("lcap-actions", "actions.xlsx", out.getvalue())
    found = api_of("central").get(ACTIONS).json()
    assert sum(goal["estimated_actual"] for goal in found["totals"]) == 6_375_168_863
