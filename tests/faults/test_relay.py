"""The relay beside what it does not know, and beside another relay."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.db import transaction
from shared.events import DigestsPlanned
from shared.outbox import say
from tests.faults import courier

pytestmark = pytest.mark.usefixtures("clean")


def speak(number: int) -> None:
    with transaction("notify") as session:
        for _ in range(number):
            say(session, DigestsPlanned(upload_id=uuid4(), revision=1, planned=1, held=0, unroutable=0))


def attempts() -> list[tuple[str, int]]:
    query = text("select e.topic, d.attempts from outbox_delivery d join outbox_event e using (event_id) order by 1, 2")
    with transaction("notify") as session:
        return [(row.topic, row.attempts) for row in session.execute(query)]


def test_an_event_that_only_a_newer_version_knows_holds_up_nobody_and_waits() -> None:
    with transaction("notify") as session:
        session.execute(
            text("insert into outbox_event(topic, key, version, payload) values ('a.new_thing', 'k', 1, '{}')")
        )
        session.execute(
            text("insert into outbox_delivery(event_id, subscriber) select event_id, 'ingest' from outbox_event")
        )
    speak(1)
    courier.carry("ingest", "events")
    courier.send("notify")
    assert courier.carry("ingest", "events") == 1
    assert attempts() == [("a.new_thing", 1), ("notify.digests_planned", 1)]


def test_two_relays_at_the_same_time_send_each_event_once() -> None:
    speak(150)
    courier.carry("ingest", "events")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(courier.send, ["notify", "notify"]))
    assert {times for _, times in attempts()} == {1}
    assert courier.carry("ingest", "events") == 150
