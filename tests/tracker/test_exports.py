"""Workbooks of many schools: written beside with progress, in the person's scope, and back in, read and saved beside."""

import io
import re
import zipfile
from typing import Any

import openpyxl
import pytest

from services.tracker.actions.files import WRITERS
from services.tracker.workbook.checking import check_book
from shared.jobs.writer import write_waiting
from tests.people import api_of, browser_of
from tests.stack import owner
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
    write_waiting("tracker", WRITERS)
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


def test_nothing_to_write_is_a_file_that_says_why() -> None:
    book = openpyxl.load_workbook(io.BytesIO(written("director", kind="book", region="Nowhere")))
    packed = zipfile.ZipFile(io.BytesIO(written("director", kind="zip", region="Nowhere")))
    inside = openpyxl.load_workbook(io.BytesIO(packed.read("about.xlsx")))
    for found in (book, inside):
        assert "None of your schools is among those that are Nowhere" in str(found["About"]["A2"].value)


def test_a_file_asked_for_again_holds_what_was_entered_since() -> None:
    for percent in (74, 75):
        api_of("central").put(f"/tracker/api/v1/schools/{ALDER}/items/1b-happy", json={"baseline": percent})
        book = openpyxl.load_workbook(io.BytesIO(written("central", kind="book", level="Elementary")))
        assert book["Elementary"]["G2"].value == percent


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any workbook is large, so that the tests need no thousand schools."""
    monkeypatch.setattr("services.tracker.workbook.child.LARGE_BYTES", 0)
    monkeypatch.setattr("services.tracker.pages.imports.CELLS_AT_ONCE", 0)
    monkeypatch.setattr("services.tracker.pages.imports.CELLS_SHOWN", 1)
    monkeypatch.setattr("services.tracker.actions.large_books.SCHOOLS_AT_ONCE", 1)


def filled(**cells: object) -> bytes:
    """The workbook of all schools with these cells of its tab Elementary."""
    book = openpyxl.load_workbook(io.BytesIO(written("central", kind="book")))
    for cell, value in cells.items():
        book["Elementary"][cell].value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def baseline(school: str, item: str) -> str | None:
    found: str | None = api_of("central").get(f"/tracker/api/v1/schools/{school}/items/{item}").json()["baseline"]
    return found


def test_the_book_of_all_schools_is_read_and_saved_beside_with_no_transaction_open(
    few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = filled(G2=74, G3=68, G14=60)
    open_while_reading: list[int] = []

    def looked(*args: Any, **named: Any) -> Any:
        with owner() as connection:
            (count,) = connection.execute(
                "select count(*) from pg_stat_activity where state like 'idle in transaction%' and usename like '%tracker'"
            ).fetchone() or (0,)
        open_while_reading.append(count)
        return check_book(*args, **named)

    monkeypatch.setattr("services.tracker.actions.large_books.check_book", looked)
    central = browser_of("central")
    place = central.post("/tracker/imports", files={"file": ("all.xlsx", content)}).headers["location"]
    assert "Waiting to begin." in central.get(place).text
    write_waiting("tracker", WRITERS)
    assert open_while_reading == [0]
    result = re.search(r'href="(/tracker/imports/[^"]+)"', central.get(place).text)
    assert result and "3 schools." in central.get(place).text
    preview = central.get(result[1]).text
    assert "3 values to save" in preview and "The first 1 of 3 are shown" in preview
    assert central.get(f"{result[1]}/cells.csv").text.count("Elementary G") == 3
    api_of("central").put("/tracker/api/v1/schools/1500101/items/1b-happy", json={"baseline": 61})
    place = central.post(result[1]).headers["location"]
    write_waiting("tracker", WRITERS)
    assert (baseline(ALDER, "1b-happy"), baseline(ALDER, "2a-safe")) == ("74.0", "68.0")
    assert baseline("1500101", "1b-happy") == "61.0"
    page = central.get(result[1]).text
    assert "2 values." in page and "Cedar El: 1 value not saved. " in page
    assert central.post(result[1]).status_code == 409


def test_a_large_book_with_wrong_cells_or_of_others_names_them_and_saves_nothing(few: None) -> None:
    content = filled(G2="high", G3=68)
    for role, words in (("central", "Elementary G2: "), ("principal", "of another school")):
        person = browser_of(role)
        place = person.post("/tracker/imports", files={"file": ("all.xlsx", content)}).headers["location"]
        write_waiting("tracker", WRITERS)
        result = re.search(r'href="(/tracker/imports/[^"]+)"', person.get(place).text)
        assert result and words in person.get(result[1]).text and "Nothing was saved" in person.get(result[1]).text
    assert baseline(ALDER, "2a-safe") is None


def test_a_program_is_answered_where_to_look_and_decides(few: None) -> None:
    central = api_of("central")
    answer = central.post("/tracker/api/v1/workbooks", files={"file": ("all.xlsx", filled(G2=74))})
    assert answer.status_code == 202
    assert central.get(answer.json()["location"]).json()["state"] == "waiting"
    write_waiting("tracker", WRITERS)
    found = central.get(answer.json()["result"]).json()
    assert (found["state"], [cell["now"] for cell in found["differences"]]) == ("open", ["74.0"])
    assert central.post(answer.json()["result"]).status_code == 202
    write_waiting("tracker", WRITERS)
    assert central.get(answer.json()["result"]).json()["state"] == "applied"
    assert baseline(ALDER, "1b-happy") == "74.0"


def test_an_unknown_kind_or_level_is_refused() -> None:
    central = browser_of("central")
    assert central.post("/tracker/exports", data={"kind": "pdf"}).status_code == 422
    assert central.post("/tracker/exports", data={"kind": "zip", "level": "Span"}).status_code == 422
