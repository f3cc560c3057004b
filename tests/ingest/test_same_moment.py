"""Two uploads at the same moment."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from services.ingest.actions import long_files, uploads
from services.ingest.actions.staging import add_schools
from services.ingest.rules.schools import Unit
from shared.db import transaction
from tests.deploy.waiting import until
from tests.files import extraction
from tests.ingest.making import row
from tests.people import add_people, api_of
from tests.stack import deliver, owner

pytestmark = pytest.mark.usefixtures("clean")
UNIT = Unit("4001:alder el", "4001", "Alder El", "alder el", None, "Elementary", "E", "North CoS", "VEGA, MARTA")


def add() -> None:
    with transaction("ingest") as session:
        add_schools(session, [UNIT])


def test_a_reading_that_is_cancelled_while_its_rows_are_stored_publishes_nothing(
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
