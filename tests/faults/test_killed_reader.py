"""A worker that is killed in the middle of a long file: the upload is completed, and exactly once."""

import httpx2
import pytest
from sqlalchemy import text

from shared.access import issue_token
from shared.db import transaction
from tests.deploy.waiting import until
from tests.ingest.making import row, text_table, with_header
from tests.stack import Programs, owner

ROWS = 120_000
_NOW = "update ingest.job set due_at = now(), next_at = now() where name = 'ingest.read_upload'"


def number(service: str, query: str) -> int:
    with transaction(service) as session:
        return int(session.execute(text(query)).scalar() or 0)


def kill_while_reading(stack: Programs) -> None:
    """kill -9 of the worker and its parser once it has read some rows and not all; then it is started again."""
    until(lambda: number("ingest", "select max(rows) from progress") > 0, seconds=60)
    stack.kill("worker-ingest")
    assert 0 < number("ingest", "select max(rows) from progress") < ROWS
    assert number("ingest", "select count(*) from extraction_count") == 0
    command, env = stack.commands["worker-ingest"]
    stack.start("worker-ingest", *command, **env)
    with owner() as connection:
        connection.execute(_NOW)


@pytest.mark.timeout(180)
def test_a_long_file_whose_reader_is_killed_is_taken_exactly_once(stack: Programs) -> None:
    rows = (row(f"{1000 + n % 9000}", f"School {n} El") for n in range(ROWS))
    headers = {"authorization": f"Bearer {issue_token('central')}"}
    with httpx2.Client(base_url=stack.url, headers=headers, timeout=60) as client:
        content = text_table(with_header(rows))
        taken = client.post("/ingest/api/v1/uploads", files={"file": ("long.csv", content)})
        assert taken.status_code == 202
        place = taken.headers["location"]
        kill_while_reading(stack)
        until(lambda: client.get(place).json()["state"] == "published", seconds=90)
        assert client.get(place).json()["counts"] == {"accepted": ROWS, "rejected": 0, "changed": ROWS}
    assert number("ingest", "select attempts from upload") == 2
    assert number("ingest", "select count(*) from outbox_event where topic = 'ingest.extraction_loaded'") == ROWS / 2000
    until(lambda: number("rates", "select sum(schools) from extraction") == ROWS, seconds=90)
    assert number("rates", "select count(*) from rate") == ROWS
