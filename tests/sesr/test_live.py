"""Live boards: followed through server-sent events, without loss when the stream breaks."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from services.sesr.pages import live
from shared.db import transaction
from tests.sesr.served import cookie_of, served
from tests.sesr.world import BIRCH, CEDAR, load_schools, open_incident, send
from tests.stack import deliver, owner

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def site(clean: None) -> Iterator[str]:
    load_schools()
    open_incident()
    with served() as address:
        yield address


class Stream:
    """A board's stream as a program reads it."""

    def __init__(self, site: str, role: str = "central", last: str = "") -> None:
        headers = {**cookie_of(role), **({"last-event-id": last} if last else {})}
        self.opened = httpx2.stream("GET", f"{site}/sesr/board/stream", headers=headers, timeout=20)
        self.lines = iter(self.opened.__enter__().iter_lines())
        self.last = last

    def message(self) -> tuple[str, str]:
        """The next message: its event name ("" for the board) and its data."""
        event, data = "", []
        for line in self.lines:
            if line.startswith("id: "):
                self.last = line[4:]
            elif line.startswith("event: "):
                event = line[7:]
            elif line.startswith("data: "):
                data.append(line[6:])
            elif not line and data:
                return event, "\n".join(data)
        raise AssertionError("the stream ended")

    def changes(self) -> list[dict[str, Any]]:
        """The next list of changes, boards passed over."""
        while True:
            event, data = self.message()
            if event == "changes":
                found: list[dict[str, Any]] = json.loads(data)
                return found

    def close(self) -> None:
        self.opened.__exit__(None, None, None)


def test_a_report_reaches_the_open_boards_within_its_scope(site: str) -> None:
    central, desk = Stream(site), Stream(site, "desk")
    assert "No report yet" in central.message()[1]
    assert "No report yet" in desk.message()[1]
    send("central", school_key=CEDAR)
    send("desk", school_key=BIRCH)
    deliver()
    seen: list[str] = []
    while len(seen) < 2:
        seen += [change["school_key"] for change in central.changes()]
    assert seen == [CEDAR, BIRCH]
    assert [change["school_key"] for change in desk.changes()] == [BIRCH]
    assert "Birch MS" in desk.message()[1]
    central.close()
    desk.close()


def test_a_stream_that_broke_goes_on_where_it_was(site: str) -> None:
    first = Stream(site)
    first.message()
    send(counts={"students_present": 1})
    deliver()
    assert [change["counts"]["students_present"] for change in first.changes()] == [1]
    first.close()
    for present in (2, 3):
        send(counts={"students_present": present})
    deliver()
    again = Stream(site, last=first.last)
    assert [change["counts"]["students_present"] for change in again.changes()] == [2, 3]
    again.close()


def test_boards_follow_again_after_the_database_dropped_their_connection(site: str) -> None:
    stream = Stream(site)
    stream.message()
    with owner() as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen sesr_board%'"
        )
    send()
    deliver()
    assert len(stream.changes()) == 1
    stream.close()


def test_a_stream_ends_when_the_schools_of_its_reader_change(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SILENCE_SECONDS", 0.5)
    stream = Stream(site, "desk")
    stream.message()
    with transaction("ingest") as session:
        session.connection().exec_driver_sql("update access.role_grant set scope = '{W}' where role = 'desk'")
    with pytest.raises(AssertionError, match="the stream ended"):
        stream.changes()
    again = Stream(site, "desk")
    assert "Cedar HS" in again.message()[1]
    again.close()


def test_a_stream_ends_with_its_session(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SILENCE_SECONDS", 0.5)
    stream = Stream(site)
    stream.message()
    with transaction("ingest") as session:
        session.connection().exec_driver_sql("update access.session set ended_at = now()")
    with pytest.raises(AssertionError, match="the stream ended"):
        stream.changes()
    assert httpx2.get(f"{site}/sesr/board/stream").status_code in (400, 401)
