"""Workbooks back in: typed in LibreOffice, compared on both sides, and refused with the cell where they were changed."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl import Workbook

from tests.people import api_of, browser_of
from tests.tracker.district import ALDER, BIRCH, CEDAR, tell_directory
from tests.tracker.office import resaved

UPLOAD = "/tracker/api/v1/workbooks"
ITEMS = f"/tracker/api/v1/schools/{ALDER}/items"
pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture(autouse=True)
def district(clean: None) -> None:
    tell_directory()


def downloaded(ploc: str = ALDER, role: str = "principal") -> bytes:
    answer = api_of(role).get("/tracker/workbook.xlsx", params={"ploc": ploc})
    assert answer.status_code == 200
    return answer.content


def changed(content: bytes, change: Callable[[Workbook], object]) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(content))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def typed(content: bytes, **cells: object) -> bytes:
    """The workbook with these cells of its tab Elementary."""

    def change(book: Workbook) -> None:
        for cell, value in cells.items():
            book["Elementary"][cell].value = value

    return changed(content, change)


def files(content: bytes) -> dict[str, tuple[str, bytes]]:
    return {"file": ("tracker.xlsx", content)}


def values(item: str = "1b-happy") -> list[str | None]:
    found = api_of("central").get(f"{ITEMS}/{item}").json()
    return [found["baseline"], *found["results"]]


def test_what_a_school_types_in_libreoffice_comes_back(tmp_path: Path) -> None:
    api_of("principal").put(f"{ITEMS}/1b-happy", json={"baseline": 74, "results": [70]})
    back = resaved(typed(downloaded(), I2=75.3, G3=68, L2=79.0), tmp_path)
    answer = api_of("principal").post(UPLOAD, files=files(back))
    assert (answer.status_code, answer.json()["saved"], answer.json()["conflicts"]) == (201, 3, [])
    assert values() == ["74.0", "75.3", "79.0", None, None]
    assert values("2a-safe")[0] == "68.0"
    changes = api_of("principal").get(f"/tracker/api/v1/schools/{ALDER}/history").json()["changes"]
    assert changes[0]["source"] == "workbook"


def test_a_dry_run_tells_and_saves_nothing() -> None:
    answer = api_of("principal").post(UPLOAD, params={"dry_run": True}, files=files(typed(downloaded(), G2=74)))
    assert answer.status_code == 200
    assert [(cell["cell"], cell["there"], cell["now"]) for cell in answer.json()["differences"]] == [
        ("Elementary G2", "", "74.0")
    ]
    assert values()[0] is None


def test_a_workbook_tells_when_it_was_written_in_the_districts_time() -> None:
    content = changed(
        downloaded(), lambda book: setattr(book["Export stamp"]["B1"], "value", "2026-11-26T01:42:00+00:00")
    )
    principal = browser_of("principal")
    preview = principal.post("/tracker/imports", files=files(content)).headers["location"]
    assert "downloaded Nov 25, 2026, 5:42 PM PST" in principal.get(preview).text
    about = openpyxl.load_workbook(io.BytesIO(content))["About"]["A2"].value
    assert re.fullmatch(r"Written \w{3} \d+, \d{4}, .* P[SD]T for .*\.", str(about))


def test_a_value_changed_only_here_since_the_download_stays() -> None:
    book = typed(downloaded(), G3=68)
    api_of("designee").put(f"{ITEMS}/1b-happy", json={"baseline": 71})
    assert api_of("principal").post(UPLOAD, files=files(book)).json()["saved"] == 1
    assert values()[0] == "71.0"


def test_a_value_changed_on_both_sides_is_a_conflict_for_a_person() -> None:
    book = typed(downloaded(), G2=74, G3=68)
    api_of("designee").put(f"{ITEMS}/1b-happy", json={"baseline": 71})
    answer = api_of("principal").post(UPLOAD, files=files(book))
    assert (answer.status_code, answer.json()["code"]) == (409, "book_conflict")
    assert answer.json()["problems"][0]["message"] == "Elementary G2: 74.0 in the workbook, 71.0 here."
    assert (values()[0], values("2a-safe")[0]) == ("71.0", None)
    principal = browser_of("principal")
    preview = principal.post("/tracker/imports", files=files(book)).headers["location"]
    page = principal.get(preview).text
    assert "Keep 71.0, entered by designee@lausd.example (Designee)" in page
    assert "Take 74.0 from the workbook" in page
    assert browser_of("central").get(preview).status_code == 404
    saved = principal.post(preview, data={"take-0": "workbook"})
    assert saved.headers["location"] == f"/tracker/schools/{ALDER}?level=Elementary"
    assert (values()[0], values("2a-safe")[0]) == ("74.0", "68.0")
    assert principal.post(preview, data={"take-0": "workbook"}).status_code == 409


def test_a_cleared_cell_clears() -> None:
    api_of("principal").put(f"{ITEMS}/1b-happy", json={"baseline": 74})
    api_of("principal").post(UPLOAD, files=files(typed(downloaded(), G2=None)))
    assert values()[0] is None


def test_what_cannot_be_taken_is_named_with_its_cell_and_nothing_is_saved() -> None:
    wrong: dict[str, object] = {"I3": "high", "I4": 101, "G5": "=70+4"}
    answer = api_of("principal").post(UPLOAD, files=files(typed(downloaded(), G10=68, **wrong)))
    assert answer.status_code == 422
    found = [(problem["code"], problem["message"]) for problem in answer.json()["problems"]]
    assert [code for code, _ in found] == ["percent_not_a_number", "percent_out_of_range", "book_input_formula"]
    for (_, message), cell in zip(found, wrong, strict=True):
        assert message.startswith(f"Elementary {cell}: ")
    assert values("3b-information")[0] is None


def test_a_number_below_one_is_asked_about_and_a_true_one_can_be_confirmed() -> None:
    principal = browser_of("principal")
    preview = principal.post("/tracker/imports", files=files(typed(downloaded(), G2=0.7, G3=0.74))).headers["location"]
    page = principal.get(preview).text
    assert "0.7% is meant" in page and "70% is meant" in page and "74% is meant" in page
    principal.post(preview, data={"take-0": "value:0.7", "take-1": "value:74.0"})
    assert (values()[0], values("2a-safe")[0]) == ("0.7", "74.0")


def test_values_typed_in_the_tab_of_another_level_are_asked_about() -> None:
    def change(book: Workbook) -> None:
        book["Middle"]["G3"].value = 55.5

    content = changed(downloaded(), change)
    answer = api_of("principal").post(UPLOAD, files=files(content))
    assert (answer.status_code, answer.json()["problems"][0]["message"]) == (
        409,
        "Middle G3: 55.5 was typed in the tab Middle; this school is expected at Elementary.",
    )
    principal = browser_of("principal")
    preview = principal.post("/tracker/imports", files=files(content)).headers["location"]
    assert "Enter 55.5 at Elementary" in principal.get(preview).text
    principal.post(preview, data={"take-0": "own_level"})
    assert values("2a-safe")[0] == "55.5"


def test_a_stale_preview_is_made_anew_and_names_what_changed() -> None:
    principal = browser_of("principal")
    preview = principal.post("/tracker/imports", files=files(typed(downloaded(), G2=74, G3=68))).headers["location"]
    api_of("designee").put(f"{ITEMS}/1b-happy", json={"baseline": 71})
    answer = principal.post(preview)
    assert answer.status_code == 409
    assert "Changed meanwhile: I am happy to be at this school." in answer.text
    assert "Keep 71.0" in answer.text
    assert (values()[0], values("2a-safe")[0]) == ("71.0", None)
    principal.post(preview, data={"take-0": "workbook"})
    assert (values()[0], values("2a-safe")[0]) == ("74.0", "68.0")


def test_a_copied_tab_comes_in_and_the_page_says_from_which_cell() -> None:
    def change(book: Workbook) -> None:
        book.copy_worksheet(book["Elementary"])["R2"].value = 88.8

    preview = browser_of("principal").post("/tracker/imports", files=files(changed(downloaded(), change)))
    page = browser_of("principal").get(preview.headers["location"]).text
    assert "88.8" in page and "Elementary Copy R2" in page


def test_what_was_not_used_is_named_beside_the_differences() -> None:
    def change(book: Workbook) -> None:
        book["Elementary"]["X4"].value = "ask the coordinator"
        del book["Middle"]
        book["Elementary"]["G2"].value = 74

    answer = api_of("principal").post(UPLOAD, files=files(changed(downloaded(), change)))
    assert (answer.status_code, answer.json()["saved"]) == (201, 1)
    notes = [note["message"] for note in answer.json()["not_used"]]
    assert any("ask the coordinator" in note for note in notes)
    assert any("The tab Middle is missing" in note for note in notes)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Save As, Excel Workbook (.xlsx)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "remove the password"),
    ],
)
def test_an_old_or_locked_workbook_says_how_to_save_it(content: bytes, words: str) -> None:
    answer = api_of("principal").post(UPLOAD, files=files(content))
    assert (answer.status_code, answer.json()["code"]) == (415, "book_unreadable")
    assert words in answer.json()["detail"]


def test_a_libreoffice_sheet_says_how_to_save_it() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("content.xml", "<x/>")
    answer = api_of("principal").post(UPLOAD, files=files(out.getvalue()))
    assert (answer.status_code, "Excel 2007-365 (.xlsx)" in answer.json()["detail"]) == (415, True)


def test_a_workbook_of_another_school_is_refused() -> None:
    foreign = typed(downloaded(CEDAR, "central"), G2=74)
    answer = api_of("principal").post(UPLOAD, files=files(foreign))
    assert (answer.status_code, answer.json()["code"]) == (422, "book_of_other_school")
    answer = api_of("central").post(UPLOAD, params={"ploc": ALDER}, files=files(foreign))
    assert (answer.status_code, answer.json()["code"]) == (422, "book_of_other_school")
    assert api_of("director").post(UPLOAD, files=files(typed(downloaded(BIRCH, "director")))).status_code == 403


def test_what_is_no_workbook_is_refused() -> None:
    for content in (b"", b"PK\x03\x04 no", b"a,b\n1,2\n"):
        answer = api_of("principal").post(UPLOAD, files=files(content))
        assert (answer.status_code, answer.json()["code"]) == (415, "book_unreadable")
