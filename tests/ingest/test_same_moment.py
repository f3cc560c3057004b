"""Two uploads at the same moment."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from services.ingest.actions.staging import add_schools
from services.ingest.rules.schools import Unit
from shared.db import transaction
from tests.deploy.waiting import until
from tests.stack import owner

pytestmark = pytest.mark.usefixtures("clean")
UNIT = Unit("4001:alder el", "4001", "Alder El", "alder el", None, "Elementary", "E", "North CoS", "VEGA, MARTA")


def add() -> None:
    with transaction("ingest") as session:
        add_schools(session, [UNIT])


def test_a_new_school_that_two_uploads_bring_at_once_is_kept_once() -> None:
    with ThreadPoolExecutor(1) as pool, owner() as connection:
        with transaction("ingest") as session:
            add_schools(session, [UNIT])
            other = pool.submit(add)
            waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'insert into school%'"
            until(lambda: connection.execute(waits).fetchone())
        other.result(10)
    with transaction("ingest") as session:
        assert session.execute(text("select count(*) from school")).scalar_one() == 1
