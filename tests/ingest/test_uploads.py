"""What becomes of an upload: previewed, published, quarantined, discarded, undone, read by a worker."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from deploy.web import app
from services.ingest.actions import long_files, reading, uploads
from shared.access.tokens import create_token
from shared.db import transaction
from shared.settings import settings
from shared.web.clock import today
from tests.files import HEADER, extraction, workbook
from tests.ingest.making import book, many, with_header
from tests.people import add_people, api_of, browser_of
from tests.stack import deliver, failures

API = "/ingest/api/v1/uploads"


def row(
    ploc: str = "4001",
    school: str = "Alder El",
    submitted: object = 10,
    total: object = 100,
    day: object = "2026-03-02",
) -> tuple[Any, ...]:
    """A row of an extraction with these values."""
    return ("E", ploc, "North CoS", "VEGA, MARTA", school, "Parents", "", "", total, submitted, "", day)


ROWS = [row(f"40{n:02d}", f"School {n} El") for n in range(20)]


@pytest.fixture
def central(clean: None) -> Iterator[TestClient]:
    with api_of("central") as client:
        yield client


def post(client: TestClient, content: bytes, **params: Any) -> Any:
    return client.post(API, params=params, files={"file": ("extraction.xlsx", content)})


def page_of(answer: Any) -> str:
    """The page of the upload that an answer of the API is about."""
    return str(answer.headers["location"]).replace("/api/v1", "")


def stored() -> dict[str, tuple[int | None, int | None]]:
    """School key -> counts as rates has them, rows taken back left out."""
    with transaction("rates") as session:
        rows = session.execute(text("select school_key, submitted, total from rate where not removed"))
        return {key: (submitted, total) for key, submitted, total in rows}


def test_a_dry_run_tells_the_same_and_stores_nothing(central: TestClient) -> None:
    dry = post(central, extraction(ROWS), dry_run=True)
    assert dry.status_code == 200
    assert dry.json()["counts"]["accepted"] == 20
    assert dry.json()["difference"]["2026-03-02"]["parents"]["new"] == 20
    assert central.get(API).json()["uploads"] == []
    assert deliver() == 0


def test_a_page_upload_waits_until_it_is_published(central: TestClient) -> None:
    browser = browser_of("central")
    answer = browser.post("/ingest/uploads", files={"file": ("march.xlsx", extraction(ROWS))})
    place = answer.headers["location"]
    assert "Preview: nothing is published yet" in browser.get(place).text
    assert deliver() == 0
    assert browser.post(f"{place}/publish").status_code == 303
    deliver()
    assert len(stored()) == 20
    assert "Tiers computed" in browser.get(place).text
    assert failures() == []


def test_the_preview_of_a_correction_calls_no_school_missing_that_stays_as_it_is(central: TestClient) -> None:
    assert post(central, extraction(ROWS)).status_code == 201
    browser = browser_of("central")
    correction = {"file": ("correction.xlsx", extraction([row("4000", "School 0 El", 30)]))}
    shown = browser.get(browser.post("/ingest/uploads", files=correction).headers["location"]).text
    assert '<td data-label="Changed" class="number">1</td>' in shown
    assert '<td data-label="Missing" class="number">0</td>' in shown


def test_the_preview_says_what_will_change_against_the_last_extraction(central: TestClient) -> None:
    assert post(central, extraction(ROWS)).status_code == 201
    week_later = [
        row("4000", "School 0 El", 30, 150, "2026-03-09"),
        row("4001", "School 1 El", 5, day="2026-03-09"),
    ]
    week_later += [row(f"40{n:02d}", f"School {n} El", day="2026-03-09") for n in range(2, 18)]
    week_later += [row("4100", "New El", day="2026-03-09")]
    told = post(central, extraction(week_later), dry_run=True).json()
    assert told["difference"]["2026-03-09"]["parents"] == {
        "against": "2026-03-02",
        "new": 1,
        "missing": 2,
        "changed": 2,
        "unchanged": 16,
        "totals_changed": 1,
        "moved": 0,
        "fell": 1,
        "leapt": 1,
    }
    codes = {found["code"]: found["count"] for found in told["found"]}
    assert (codes["schools_new"], codes["schools_gone"], codes["total_changed"], codes["submitted_fell"]) == (
        1,
        2,
        1,
        1,
    )
    assert told["thin"] is False


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([*ROWS[:5], row("4900", "Late El", day=str(today() + timedelta(days=2)))], "date_future"),
        ([row(day="2026-03-01"), row(day="2026-03-02"), row(day="2026-03-03")], "dates_too_many"),
        ([*ROWS[:8], row("bad", "Broken El")], "rejected_many"),
        ([("E", "4001", "C", "V, M", "A El", "Parents", "Tier-4", "", 100, 10, "80%", "2026-03-02")], "contradicting_many"),
    ],
)  # fmt: skip
def test_a_doubtful_file_is_quarantined_until_it_is_confirmed(
    central: TestClient, rows: list[tuple[Any, ...]], reason: str
) -> None:
    answer = post(central, extraction(rows))
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["problems"][0]["code"] == reason
    place = answer.headers["location"]
    assert deliver() == 0
    assert central.post(f"{place}/publish").status_code == 409
    assert central.post(f"{place}/publish?confirm=true").status_code == 201
    deliver()
    assert stored() != {}
    assert failures() == []


def test_names_that_merged_cells_leave_in_their_first_row_alone_are_quarantined(central: TestClient) -> None:
    answer = post(central, book(with_header(many()), lambda made: made.active.merge_cells("D2:D21")))
    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (409, "unnamed_many")
    communities = post(
        central, book(with_header(many()), lambda made: made.active.merge_cells("C2:C21")), dry_run=True
    ).json()
    assert communities["reasons"] == ["unnamed_many"]
    assert {found["code"]: found["count"] for found in communities["found"]}["cos_blank"] == 19


def test_mixed_terms_in_the_column_names_are_quarantined(central: TestClient) -> None:
    mixed = [*HEADER[:9], "Surveys_Submitted_Sp25", *HEADER[10:]]
    answer = post(central, workbook({"Parents": [mixed, *ROWS]}))
    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (409, "terms_mixed")


def test_a_date_before_the_window_is_quarantined_and_a_discarded_file_can_come_again(central: TestClient) -> None:
    window = {"opens": "2026-03-09", "closes": "2026-05-01"}
    assert central.put("/ingest/api/v1/windows/Sp26", json=window).status_code == 200
    first = post(central, extraction(ROWS))
    assert (first.status_code, first.json()["problems"][0]["code"]) == (409, "date_before_window")
    assert central.post(f"{first.headers['location']}/discard").json()["state"] == "discarded"
    central.put("/ingest/api/v1/windows/Sp26", json={**window, "opens": "2026-03-01"})
    assert post(central, extraction(ROWS)).json()["term"] == "Sp26"


@pytest.mark.parametrize("days", [("0001-01-01", "2026-05-01"), ("2026-03-01", "9999-12-31")])
def test_a_window_of_a_year_that_cannot_be_meant_is_refused(central: TestClient, days: tuple[str, str]) -> None:
    """It would make every later extraction fail."""
    answer = central.put("/ingest/api/v1/windows/Sp26", json={"opens": days[0], "closes": days[1]})
    assert (answer.status_code, answer.json()["code"]) == (422, "window_year")


def test_the_same_file_for_another_term_is_another_upload(central: TestClient) -> None:
    for term, opens, closes in (("Fa25", "2025-09-01", "2025-12-01"), ("Sp26", "2026-02-01", "2026-05-01")):
        window = {"opens": opens, "closes": closes}
        assert central.put(f"/ingest/api/v1/windows/{term}", json=window).status_code == 200
    browser, content = browser_of("central"), extraction(ROWS)

    def uploaded(term: str) -> str:
        sent = browser.post("/ingest/uploads", data={"term": term}, files={"file": ("march.xlsx", content)})
        return str(sent.headers["location"]).partition("?")[0].replace("/ingest/", "/ingest/api/v1/")

    by_date, fall = uploaded(""), uploaded("Fa25")
    assert [central.get(place).json()["term"] for place in (by_date, fall)] == ["Sp26", "Fa25"]
    assert (uploaded("Sp26"), uploaded("Fa25"), uploaded("")) == (by_date, fall, by_date)


def test_an_undo_restores_the_rows_of_the_revision_before(central: TestClient) -> None:
    post(central, extraction([row("4001", "Alder El", 10), row("4002", "Birch El", 20)]))
    deliver()
    before = stored()
    wrong = post(central, extraction([row("4001", "Alder El", 99), row("4003", "Wrong El", 1)]))
    deliver()
    assert stored() != before
    undo = central.post(f"{wrong.headers['location']}/undo")
    assert undo.status_code == 201
    deliver()
    assert stored() == before
    assert central.get(wrong.headers["location"]).json()["state"] == "undone"
    assert central.post(f"{wrong.headers['location']}/undo").status_code == 409
    assert failures() == []


def test_an_undo_of_the_first_load_of_a_date_takes_all_its_rows_back(central: TestClient) -> None:
    first = post(central, extraction(ROWS))
    deliver()
    central.post(f"{first.headers['location']}/undo")
    deliver()
    assert stored() == {}
    assert post(central, extraction(ROWS)).status_code == 201
    deliver()
    assert len(stored()) == 20
    assert failures() == []


def test_once_a_mail_was_sent_there_is_no_undo(central: TestClient) -> None:
    place = post(central, extraction(ROWS)).headers["location"]
    with transaction("ingest") as session:
        note = text("insert into delivery_step(upload_id, step, detail) values (:id, 'mail/1', '{}')")
        session.execute(note, {"id": place.rpartition("/")[2]})
    refused = central.post(f"{place}/undo")
    assert (refused.status_code, refused.json()["code"]) == (409, "undo_too_late")


def test_two_dates_in_one_file_are_two_extractions(central: TestClient) -> None:
    rows = [row("4001"), row("4002", "Birch El", day="2026-03-09")]
    answer = post(central, extraction(rows)).json()
    assert answer["extraction_date"] == "2026-03-09"
    deliver()
    with transaction("rates") as session:
        found = session.execute(text("select extraction_date, schools from extraction order by extraction_date")).all()
    assert [(str(day), schools) for day, schools in found] == [("2026-03-02", 1), ("2026-03-09", 1)]
    assert failures() == []


def test_a_correction_puts_back_what_an_older_file_said(central: TestClient) -> None:
    first, second = extraction([row(submitted=10)]), extraction([row(submitted=20)])
    assert [post(central, content).status_code for content in (first, second, first, first)] == [201, 201, 201, 200]
    deliver()
    assert list(stored().values()) == [(10, 100)]


def test_the_rejected_rows_come_back_to_be_corrected_and_uploaded_as_they_are(central: TestClient) -> None:
    rows = [*ROWS, row("4077", "Broken El", "n/a"), row("", "Nowhere El")]
    place = post(central, extraction(rows)).headers["location"].rpartition("/")[2]
    content = browser_of("central").get(f"/ingest/uploads/{place}/rejected.xlsx").content
    again = post(central, content, dry_run=True).json()
    codes = {problem["code"] for problem in again["problems"]}
    assert {"count_unreadable", "ploc_missing"} <= codes
    assert "column_ignored" not in codes


def test_a_long_file_is_answered_at_once_and_read_by_the_worker(
    central: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "READ_AT_ONCE_BYTES", 100)
    answer = post(central, extraction(ROWS))
    assert (answer.status_code, answer.json()["state"]) == (202, "reading")
    waiting = browser_of("central").get(f"{page_of(answer)}?awaited=true")
    assert "The file is being read" in waiting.text
    assert "HX-Refresh" not in waiting.headers
    long_files.read_waiting()
    assert browser_of("central").get(f"{page_of(answer)}?awaited=true").headers["HX-Refresh"] == "true"
    assert central.get(answer.headers["location"]).json()["state"] == "published"
    deliver()
    assert len(stored()) == 20


def test_a_long_file_that_cannot_be_read_is_refused_with_its_reason(
    central: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "READ_AT_ONCE_BYTES", 10)
    answer = post(central, b"PK\x03\x04 this is not a workbook")
    long_files.read_waiting()
    told = central.get(answer.headers["location"]).json()
    assert (told["state"], told["problems"][0]["code"]) == ("refused", "file_broken")
    page = browser_of("central").get(page_of(answer)).text
    assert "The workbook is damaged" in page
    assert "Every row was accepted" not in page


def test_the_reading_of_a_long_file_can_be_canceled(central: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "READ_AT_ONCE_BYTES", 100)
    place = post(central, extraction(ROWS)).headers["location"]
    central.post(f"{place}/discard")
    long_files.read_waiting()
    assert central.get(place).json()["state"] == "discarded"
    assert deliver() == 0


def test_a_reading_that_was_interrupted_is_tried_again_after_a_pause(
    central: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "READ_AT_ONCE_BYTES", 100)
    place = post(central, extraction(ROWS)).headers["location"]
    with monkeypatch.context() as slow:
        slow.setattr(reading, "WORKER_SECONDS", 0.0)
        long_files.read_waiting()
        long_files.read_waiting()  # too early: nothing is claimed
    with transaction("ingest") as session:
        found: Any = session.execute(text("select state, attempts, retry_at > now() as later from upload")).one()
        assert (found.state, found.attempts, found.later) == ("reading", 1, True)
        session.execute(text("update upload set attempts = 1000, retry_at = now()"))
    long_files.read_waiting()
    assert central.get(place).json()["state"] == "published"


def test_every_kind_has_a_template_that_can_be_uploaded_as_it_is(central: TestClient) -> None:
    browser = browser_of("central")
    for kind in ("participation", "survey-results", "lcap-actions", "lcap-measures", "directory"):
        content = browser.get(f"/ingest/templates/{kind}.xlsx").content
        answer = post(central, content, kind=kind)
        assert answer.status_code == 201, (kind, answer.text)
        assert answer.json()["counts"].get("rejected", 0) == 0, kind
        if kind != "directory":  # its template names nobody of this role: the session ends with it
            assert "0 rows rejected" in browser.get(page_of(answer)).text, kind
    deliver()
    assert failures() == []


def test_the_preview_of_a_directory_opens(central: TestClient) -> None:
    browser = browser_of("central")
    content = browser.get("/ingest/templates/directory.xlsx").content
    answer = browser.post("/ingest/uploads", data={"kind": "directory"}, files={"file": ("directory.xlsx", content)})
    assert "Schools: 1 new, 0 kept" in browser.get(answer.headers["location"]).text


def test_the_pages_of_uploads_and_windows_open(central: TestClient) -> None:
    browser = browser_of("central")
    place = post(central, extraction([*ROWS, row("bad", "Broken El")])).headers["location"].rpartition("/")[2]
    for path in (
        "/ingest/",
        "/ingest/?state=published&kind=participation",
        f"/ingest/uploads/{place}",
        "/ingest/windows",
    ):
        assert browser.get(path).status_code == 200, path
    filtered = browser.get(f"/ingest/uploads/{place}?outcome=rejected").text
    assert "Broken El" not in filtered
    assert "A PLOC is four digits" in filtered


def test_a_worker_claims_a_file_only_once(central: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "READ_AT_ONCE_BYTES", 100)
    place = post(central, extraction(ROWS)).headers["location"].rpartition("/")[2]
    with transaction("ingest") as session:
        session.execute(text("select 1 from upload for no key update"))
        long_files.read_waiting()
    with transaction("ingest") as session:
        found: Any = session.execute(text("select state, attempts from upload where upload_id = :id"), {"id": place})
        assert found.one() == ("reading", 0)


def test_the_list_of_uploads_is_paged(central: TestClient) -> None:
    for day in range(1, 4):
        post(central, extraction([row(day=f"2026-03-0{day}")]))
    first: httpx2.Response = central.get(API, params={"limit": 2})
    rest = central.get(API, params={"limit": 2, "cursor": first.json()["next"]})
    assert [len(page.json()["uploads"]) for page in (first, rest)] == [2, 1]


def test_an_upload_by_a_program_is_named_as_such_and_one_by_a_person_by_their_address(clean: None) -> None:
    add_people()
    with transaction("ingest") as session:
        token = create_token(session, "nightly export", "central", [], timedelta(days=1), "ops@lausd.example")
    program = TestClient(app, base_url=settings().public_url, headers={"authorization": f"Bearer {token}"})
    for sender, content in (
        (program, extraction(ROWS)),
        (api_of("central"), extraction([row(submitted=11), *ROWS[1:]])),
    ):
        sent = sender.post("/ingest/api/v1/uploads", params={"confirm": "true"}, files={"file": ("week.xlsx", content)})
        assert sent.status_code == 201, sent.text
    listed = browser_of("central").get("/ingest/").text
    assert "Automatic upload (nightly export)" in listed and ">central@lausd.example<" in listed
    assert "service:" not in listed and " as central" not in listed
