"""The main job with PgBouncer in transaction mode between every program and PostgreSQL, as managed databases offer it."""

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx2
import pytest

from deploy.embedded.installation import Servers
from shared.access import issue_token
from shared.settings import settings
from tests.deploy.waiting import until
from tests.files import directory, extraction, guide_rows
from tests.journeys.pooler import pooler
from tests.people import add_people
from tests.sink import Sink
from tests.stack import Programs, failures, programs, quiet, wipe

SPELLED = [str(row[3]) for row in guide_rows()]
PEOPLE = (("Frisch, Soren", "director", "frisch@lausd.example", "", SPELLED[1]),)
NAMES = ("web", "relay", *(f"worker-{name}" for name in settings().database_passwords))


@pytest.fixture(scope="module")
def pooled(stack_servers: Servers) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="pooler-") as folder, pooler(Path(folder)) as address:
        yield address


@pytest.fixture(scope="module")
def running(pooled: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    wipe()
    add_people()
    env = {"SES_DATABASE_URL": pooled, "SES_DATABASE_DIRECT_URL": settings().database_url}
    with programs(tmp_path_factory.mktemp("logs"), {name: env for name in NAMES}) as started:
        yield started


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    made.start()
    yield made
    made.stop()


def test_a_file_becomes_a_mail_and_no_statement_is_lost_between_servers(running: Programs, sink: Sink) -> None:
    headers = {"authorization": f"Bearer {issue_token('central')}"}
    with httpx2.Client(base_url=running.url, headers=headers, timeout=30) as office:
        assert load(office, directory(PEOPLE), "directory") == 201
        until(quiet)
        assert load(office, extraction(guide_rows())) == 201
        until(lambda: len(sink.mails) >= 1)
        until(quiet)
        # More rounds than psycopg waits before it prepares a statement, each by whichever server is free.
        for _ in range(12):
            for path in ("/rates/?group=parents", "/tracker/", "/sesr/", "/notify/", "/ingest/"):
                answer = office.get(path, headers={"accept": "text/html"}, follow_redirects=True)
                assert answer.status_code == 200, answer.text
    assert sink.recipients == ["frisch@lausd.example"]
    assert failures() == []


def load(office: httpx2.Client, content: bytes, kind: str = "participation") -> int:
    """Uploads a file named of today; answers the status."""
    files = {"file": (f"{date.today()}.xlsx", content)}
    return office.post("/ingest/api/v1/uploads", params={"kind": kind}, files=files).status_code
