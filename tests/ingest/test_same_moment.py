"""Two uploads at the same moment."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text

from services.ingest.actions import long_files, reading, uploads
from services.ingest.actions.staging import add_schools
from services.ingest.rules.schools import Unit
from services.ingest.sheets import read_parts
from shared.db import transaction
from tests.deploy.waiting import until
from tests.files import extraction
from tests.ingest.making import row
from tests.people import add_people, api_of, browser_of
from tests.stack import deliver, owner

pytestmark = pytest.mark.usefixtures("clean")
UPLOADS = "/ingest/api/v1/uploads"
UNIT = Unit("4001:alder el", "4001", "Alder El", "alder el", None, "Elementary", "E", "North CoS", "VEGA, MARTA")


def add() -> None:
    with transaction("ingest") as session:
        add_schools(session, [UNIT])


def test_a_reading_that_is_canceled_while_its_rows_are_stored_publishes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uploads, "READ_AT_ONCE_BYTES", 100)
    add_people()
    central = api_of("central")
    content = extraction([row(extraction_date="2026-03-02")])
    place = central.post("/ingest/api/v1/uploads", files={"file": ("long.xlsx", content)}).headers["location"]
    with ThreadPoolExecutor(1) as pool, owner() as connection:
        with transaction("ingest") as session:
            session.execute(text("select pg_advisory_xact_lock(hashtextextended('Sp26/2026-03-02', 1))"))
            reading = pool.submit(long_files.read_waiting)
            waits = "select 1 from pg_stat_activity where wait_event = 'advisory' and query ilike 'select pg_advisory%'"
            until(lambda: connection.execute(waits).fetchone())
            assert central.post(f"{place}/discard").status_code == 200
        reading.result(30)
    assert central.get(place).json()["state"] == "discarded"
    assert deliver() == 0


def test_a_new_school_that_two_uploads_bring_at_once_is_kept_once() -> None:
    with ThreadPoolExecutor(1) as pool, owner() as connection:
        with transaction("ingest") as session:
            add_schools(session, [UNIT])
            other = pool.submit(add)
            waits = (
                "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ilike '%insert into school%'"
            )
            until(lambda: connection.execute(waits).fetchone())
        other.result(10)
    with transaction("ingest") as session:
        assert session.execute(text("select count(*) from school")).scalar_one() == 1


def test_the_same_content_that_is_sent_twice_at_once_is_one_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    both = Barrier(2)

    def together(*args: Any, **named: Any) -> Iterator[Any]:
        both.wait(30)  # neither was known when it was looked up
        yield from read_parts(*args, **named)

    add_people()
    content = extraction([row(extraction_date="2026-03-02")])
    with monkeypatch.context() as patched, ThreadPoolExecutor(2) as pool:
        patched.setattr(reading, "read_parts", together)
        sent = [pool.submit(api_of("central").post, UPLOADS, files={"file": ("a.xlsx", content)}) for _ in range(2)]
        answers = [answer.result(60) for answer in sent]
    assert sorted(answer.status_code for answer in answers) == [200, 201]
    assert len({answer.json()["upload_id"] for answer in answers}) == 1
    assert len(api_of("central").get(UPLOADS).json()["uploads"]) == 1


@pytest.mark.parametrize("by", ["discard", "publish"])
def test_an_upload_that_was_decided_while_its_file_was_read_is_not_decided_again(
    by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_people()
    central = api_of("central")
    content = extraction([row(extraction_date="2026-03-02")])
    page = browser_of("central").post("/ingest/uploads", files={"file": ("a.xlsx", content)}).headers["location"]
    place = page.replace("/uploads", "/api/v1/uploads")

    def decided(*args: Any, **named: Any) -> Iterator[Any]:
        monkeypatch.setattr(reading, "read_parts", read_parts)
        assert central.post(f"{place}/{by}").status_code in (200, 201)
        yield from read_parts(*args, **named)

    monkeypatch.setattr(reading, "read_parts", decided)
    answer = api_of("central").post(f"{place}/publish")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_waiting")
    assert central.get(place).json()["state"] == {"discard": "discarded", "publish": "published"}[by]


def test_what_stopped_being_known_while_it_was_looked_up_is_left_to_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    add_people()
    offered = uploads.Offered("participation", "a.xlsx", extraction([row(extraction_date="2026-03-02")]), "tests")
    for expected in ("published", "reading"):
        read = uploads.read_offered(offered)
        with transaction("ingest") as session:
            session.execute(text("update upload set state = 'discarded'"))
            assert uploads.take_upload(session, offered, read).upload.state == expected
    long_files.read_waiting()
    with transaction("ingest") as session:
        states = session.execute(text("select state from upload order by uploaded_at")).scalars().all()
    assert states == ["discarded", "unchanged"]
