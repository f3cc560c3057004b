"""The disk that uploads pass through is full: a clear 503 at the real server, and all is well once there is room again."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from deploy.embedded.installation import Servers
from shared.access import issue_token
from tests.deploy.waiting import until
from tests.faults.disks import empty, fill, small_disk
from tests.people import add_people
from tests.stack import Programs, wipe

PATH = "/ingest/api/v1/uploads?kind=participation"
LARGE = {"file": ("x.csv", b"x" * 3_000_000)}  # more than is kept in memory


@pytest.fixture
def web(stack_servers: Servers, tmp_path: Path) -> Iterator[tuple[Path, httpx2.Client]]:
    """A web whose temporary files lie on a small disk, and a client of the central office."""
    wipe()
    add_people()
    with small_disk(12) as disk:
        made = Programs(tmp_path)
        made.start("web", "deploy.web", TMPDIR=str(disk))
        headers = {"authorization": f"Bearer {issue_token('central')}"}
        try:
            until(made.answers, seconds=90)
            with httpx2.Client(base_url=made.url, headers=headers, timeout=60) as client:
                yield disk, client
        finally:
            made.stop_all()


def test_a_full_disk_is_said_in_words_and_only_as_long_as_it_is_full(web: tuple[Path, httpx2.Client]) -> None:
    disk, client = web
    with_room = client.post(PATH, files=LARGE)
    assert with_room.status_code == 415, "taken in, and refused for what is in it"
    fill(disk)
    program = client.post(PATH, files=LARGE)
    person = client.post(PATH.replace("/api/v1", ""), files=LARGE, headers={"accept": "text/html"})
    assert [program.status_code, person.status_code] == [503, 503], (program.text[:300], person.text[:300])
    assert program.headers["retry-after"] and person.headers["retry-after"]
    assert program.json()["code"] == "disk_full"
    assert "no space left" in person.text and "Internal Server Error" not in person.text
    empty(disk)
    assert client.post(PATH, files=LARGE).json()["code"] == with_room.json()["code"]
