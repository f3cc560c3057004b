"""Workbooks of many schools: written by the worker with progress, in the person's scope, and back in."""

import io
import re
import zipfile

import openpyxl
import pytest

from services.tracker.tasks import write_books
from tests.people import api_of, browser_of
from tests.tracker.district import ALDER, tell_directory

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture(autouse=True)
def district(clean: None) -> None:
    tell_directory()


def written(role: str, **form: str) -> bytes:
    browser = browser_of(role)
    where = browser.post("/tracker/exports", data=form).headers["location"]
    assert browser.get(f"{where}/file").status_code == 409
    assert "Waiting to begin." in browser.get(where).text
    write_books()
    assert re.search(r"\d+ schools\.", browser.get(where).text)
    answer = browser.get(f"{where}/file")
    assert answer.status_code == 200
    assert browser_of("designee").get(where).status_code == 404
    return answer.content


def test_one_workbook_holds_every_school_that_the_person_sees() -> None:
    api_of("central").put(f"/tracker/api/v1/schools/{ALDER}/items/1b-happy", json={"baseline": 74})
    content = written("central", kind="book")
    book = openpyxl.load_workbook(io.BytesIO(content))
    owners = [book["Elementary"].cell(row, 22).value for row in (2, 13, 14, 25)]
    assert owners == ["Alder El", "Alder El", "Cedar El", "Cedar El"]
    assert (book["Elementary"]["G2"].value, book["Middle"].max_row) == (74, 13)
    book["Elementary"]["G14"] = 60
    out = io.BytesIO()
    book.save(out)
    answer = api_of("central").post("/tracker/api/v1/workbooks", files={"file": ("all.xlsx", out.getvalue())})
    assert (answer.status_code, answer.json()["saved"]) == (201, 1)
    assert answer.json()["differences"][0]["school_key"] == "1500101"


def test_a_zip_holds_one_workbook_a_school_and_keeps_to_scope_and_filters() -> None:
    names = zipfile.ZipFile(io.BytesIO(written("director", kind="zip", region="E"))).namelist()
    assert names == [
        "progress-tracker-1400101-alder-el-elementary.xlsx",
        "progress-tracker-1400201-birch-ms-middle.xlsx",
    ]


def test_an_unknown_kind_or_level_is_refused() -> None:
    central = browser_of("central")
    assert central.post("/tracker/exports", data={"kind": "pdf"}).status_code == 422
    assert central.post("/tracker/exports", data={"kind": "zip", "level": "Span"}).status_code == 422
