"""Long files: nothing is cut, CSV as one stream, workbooks of any size by a process of its own."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import openpyxl
import pytest
from sqlalchemy import text

from services.rates.actions.files import WRITERS
from services.rates.exports import SHEET_ROWS, xlsx
from services.rates.pages import exports
from services.rates.queries.extractions import extraction_at
from services.rates.queries.filters import RateFilter
from services.rates.queries.table import rows
from shared.db import transaction
from shared.jobs import queue, writer
from shared.jobs.queue import JobCanceled
from tests.deploy.waiting import until
from tests.people import api_of, browser_of
from tests.rates.world import FEB_21, counts, load

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Five rows are many, so that the tests need no thousands."""
    monkeypatch.setattr(exports, "ROWS_AT_ONCE", 5)
    yield


def load_schools(count: int = 8) -> None:
    load(FEB_21, *(counts(f"School {n}", n) for n in range(count)))


def job_id_of(location: str) -> UUID:
    return UUID(location.rsplit("/", 1)[1])


def test_the_text_file_has_every_row_however_many_there_are() -> None:
    load(FEB_21, *(counts(f"School {n:05d}", n % 100, 100) for n in range(21_000)))
    answer = browser_of("central").get("/rates/export.csv?group=parents&sort=school")
    found = [row["School"] for row in csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))]
    assert found == [f"School {n:05d}" for n in range(21_000)]


def test_a_workbook_of_many_rows_is_written_beside_and_has_every_row(few: None) -> None:
    load_schools()
    central = browser_of("central")
    answer = central.get("/rates/export.xlsx?sort=school")
    assert answer.status_code == 303
    place = answer.headers["location"]
    assert "Waiting to begin" in central.get(place).text
    assert central.get(f"{place}/file").status_code == 409
    assert writer.write_waiting("rates", WRITERS) == 1
    page = central.get(place).text
    assert "8 rows." in page and "Download response-rates-2025-02-21.xlsx" in page
    book = openpyxl.load_workbook(io.BytesIO(central.get(f"{place}/file").content))
    found = {sheet.title: [row[4] for row in sheet.iter_rows(min_row=2, values_only=True)] for sheet in book}
    assert found == {"Students": [], "Staff": [], "Parents": [f"School {n}" for n in range(8)]}
    assert book["Parents"].auto_filter.ref == "A1:X9"
    assert place.rsplit("/", 1)[1] in central.get("/rates/files").text


def test_a_program_is_answered_where_to_look_and_the_file_of_another_is_nobodys(few: None) -> None:
    load_schools()
    client = api_of("central")
    answer = client.get("/rates/export.xlsx")
    assert answer.status_code == 202
    place = answer.headers["location"]
    assert client.get(place).json() | {"job_id": ""} == {"job_id": "", "state": "waiting", "done": 0, "total": 0}
    writer.write_waiting("rates", WRITERS)
    assert client.get(place).json()["file"] == f"{place}/file"
    assert browser_of("director").get(place).status_code == 404
    assert browser_of("director").get(f"{place}/file").status_code == 404


def test_the_same_file_is_written_once_until_its_rows_change(few: None) -> None:
    load_schools()
    client = api_of("central")
    first, again = (client.get("/rates/export.xlsx").headers["location"] for _ in range(2))
    load(FEB_21, counts("School 1", 99), revision=2)
    assert first == again != client.get("/rates/export.xlsx").headers["location"]


def test_a_file_is_canceled_before_and_while_it_is_written(few: None) -> None:
    load_schools()
    central = browser_of("central")
    place = central.get("/rates/export.xlsx").headers["location"]
    assert central.post(f"{place}/cancel").status_code == 303
    assert writer.write_waiting("rates", WRITERS) == 0
    assert central.post(f"{place}/cancel").status_code == 409
    place = central.get("/rates/export.xlsx").headers["location"]
    with transaction("rates") as session:
        assert queue.claim(session) is not None
    assert central.post(f"{place}/cancel").status_code == 303
    with transaction("rates") as session, pytest.raises(JobCanceled):
        queue.note_progress(session, job_id_of(place), 1, 8)
    assert "Canceled" in central.get(place).text


def test_a_file_whose_writer_died_is_begun_anew_and_given_up_after_three_times(few: None) -> None:
    load_schools()
    place = api_of("central").get("/rates/export.xlsx").headers["location"]
    for attempt in range(queue.MOST_ATTEMPTS):
        with transaction("rates") as session:
            assert queue.claim(session) is not None, attempt
            assert queue.claim(session) is None
            session.execute(text("update file_job set leased_until = now() - interval '1 second'"))
    with transaction("rates") as session:
        assert queue.claim(session) is None
    assert "could not be written" in browser_of("central").get(place).text


def test_a_writer_that_works_without_progress_keeps_its_lease(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    load_schools()
    api_of("central").get("/rates/export.xlsx")
    monkeypatch.setattr(writer, "RENEW_SECONDS", 0.02)

    def lapsed() -> bool:
        with transaction("rates") as session:
            return bool(session.execute(text("select leased_until < now() from file_job")).scalar_one())

    def read_long(*_: object) -> None:
        with transaction("rates") as session:
            session.execute(text("update file_job set leased_until = now() - interval '1 second'"))
        until(lambda: not lapsed())

    assert writer.write_waiting("rates", {"rates": read_long}) == 1


def test_a_file_that_cannot_be_written_is_failed_and_the_next_one_is_written(few: None) -> None:
    load_schools()
    central = browser_of("central")
    broken = central.get("/rates/export.xlsx?sort=school").headers["location"]
    with transaction("rates") as session:
        session.execute(text("update file_job set parameters = '{}'"))
    good = central.get("/rates/export.xlsx").headers["location"]
    assert writer.write_waiting("rates", WRITERS) == 2
    assert "could not be written" in central.get(broken).text
    assert "8 rows." in central.get(good).text


def test_the_real_writer_is_a_process_without_other_secrets(few: None) -> None:
    load_schools()
    place = api_of("central").get("/rates/export.xlsx").headers["location"]
    environment = writer.environment_of("rates")
    assert [name for name in environment if re.search("REDIS|KEY|LINK|SECRET|PASSWORD", name)] == [
        "SES_DATABASE_PASSWORDS__RATES"
    ]
    writer.start_writer("rates")
    until(lambda: "Download" in browser_of("central").get(place).text, seconds=60)
    process = writer._running["rates"]
    assert process.wait(30) == 0
    with transaction("rates") as session:
        session.execute(text("update file_job set requested_at = now() - interval '8 days'"))
    api_of("director").get("/rates/export.xlsx")
    assert browser_of("central").get(place).status_code == 404


def test_a_sheet_that_is_full_goes_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    assert SHEET_ROWS == 1_048_575
    load_schools()
    monkeypatch.setattr("services.rates.exports.SHEET_ROWS", 3)
    with transaction("rates") as session:
        extraction = extraction_at(session, "parents")
        assert extraction is not None
        found = rows(session, extraction, RateFilter(sorts=("school",)), None, 100)
    book = openpyxl.load_workbook(io.BytesIO(xlsx("T", {"Parents": found})))
    assert {sheet.title: sheet.max_row - 1 for sheet in book} == {"Parents": 3, "Parents 2": 3, "Parents 3": 2}


def test_a_rate_in_the_workbook_never_contradicts_its_tier() -> None:
    load(FEB_21, counts("A", 649, 2600), counts("B", 250, 1000))
    book = openpyxl.load_workbook(io.BytesIO(browser_of("central").get("/rates/export.xlsx?sort=school").content))
    sheet = book["Parents"]
    shown = [(sheet.cell(row, 7).value, sheet.cell(row, 11).number_format) for row in (2, 3)]
    assert shown == [("Tier-1", "0.00%"), ("Tier-2", "0.0%")]


def test_a_long_filter_list_says_how_much_of_it_is_shown_and_finds_the_rest() -> None:
    load(FEB_21, *(counts(f"School {n:04d}", 1) for n in range(700)))
    client = browser_of("central")
    fragment = client.get("/rates/values?column=school", headers={"hx-request": "true"}).text
    assert "500 of 700 values" in fragment
    assert "School 0699" not in fragment
    found = client.get("/rates/values?column=school&find=0699").text
    assert "School 0699" in found and "of 700" not in found


def test_every_extraction_is_listed_on_a_page_or_named_there() -> None:
    for number in range(103):
        load(FEB_21 - timedelta(days=number), counts("A", 1), term=f"T{number}")
    client = browser_of("central")
    page = client.get("/rates/?group=parents").text
    assert page.count('<option value="20') == 100
    assert "The newest 100 are listed." in page
    assert client.get("/rates/extractions").text.count('<th scope="row">') == 103
    answer = api_of("central").get("/rates/api/v1/extractions", params={"limit": 60}).json()
    rest = api_of("central").get("/rates/api/v1/extractions", params={"limit": 60, "cursor": answer["next"]}).json()
    days = [each["on"] for each in answer["extractions"] + rest["extractions"]]
    assert (len(days), len(set(days)), rest["next"]) == (103, 103, None)
