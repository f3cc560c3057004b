"""The relay beside what it does not know, beside another relay, and before a broker that is full, deaf or away."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import redis
from celery import Celery
from sqlalchemy import text

from deploy.embedded.servers import free_port
from shared.db import transaction
from shared.delivery import relay
from shared.delivery.bus import celery_app
from shared.delivery.outbox import publish
from shared.delivery.relay import Turn, Wire
from shared.delivery.watch import beat_age
from shared.events import DigestsPlanned
from shared.settings import settings
from tests.chaos.proxy import proxied
from tests.faults import courier, injuries

pytestmark = pytest.mark.usefixtures("clean")


def speak(number: int) -> None:
    with transaction("notify") as session:
        for _ in range(number):
            publish(session, DigestsPlanned(upload_id=uuid4(), revision=1, planned=1, held=0, unroutable=0))


def asked_of(service: str, query: str) -> list[Any]:
    with transaction(service) as session:
        return [tuple(row) for row in session.execute(text(query))]


def asked(query: str) -> list[Any]:
    return asked_of("notify", query)


def attempts() -> list[tuple[str, int]]:
    return asked("select e.topic, d.attempts from outbox_delivery d join outbox_event e using (event_id) order by 1, 2")


@contextmanager
def wire() -> Iterator[Wire]:
    """A relay's hold on notify; its queue to ingest is empty."""
    injuries.empty_broker()
    made = Wire("notify")
    try:
        yield made
    finally:
        made.broker.close()
        if made.connection is not None:
            made.connection.close()


@contextmanager
def another_relays(query: str, values: tuple[object, ...]) -> Iterator[psycopg.Connection[Any]]:
    """Another relay in the midst of its claim: it holds its rows and has not committed."""
    with psycopg.connect(settings().database_url_of("notify")) as connection:
        connection.execute(query.encode(), values)
        yield connection
        connection.rollback()


def app_at(url: str) -> Celery:
    """Celery as notify has it, with another broker."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings(), "redis_url", url)
        return celery_app("notify")


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
    courier.carry("ingest", "events")
    assert asked_of("ingest", "select count(*) from inbox where state = 'done'") == [(150,)]


def test_what_is_due_together_goes_in_one_message_with_one_receipt() -> None:
    speak(150)
    with wire() as ours:
        ours.turn()
        assert ours._length("ingest.events") == 3
    assert courier.carry("ingest", "events") == 3
    assert courier.carry("notify", "receipts") == 3
    assert asked_of("ingest", "select count(*) from inbox where state = 'done'") == [(150,)]
    assert asked("select count(*) from outbox_delivery where state <> 'acked'") == [(0,)]


def test_what_another_relay_is_claiming_is_neither_waited_for_nor_sent() -> None:
    speak(3)
    with wire() as ours:
        with another_relays(relay._CLAIM, ("ingest", 2, relay.BYTES_AT_ONCE)):
            assert ours.turn() is Turn.IDLE
        assert courier.carry("ingest", "events") == 1
        assert [times for _, times in attempts()] == [0, 0, 1]
        ours.turn()
        assert courier.carry("ingest", "events") == 1
        assert [times for _, times in attempts()] == [1, 1, 1]


def test_a_job_that_another_relay_is_claiming_is_neither_waited_for_nor_rung() -> None:
    with transaction("notify") as session:
        session.execute(text("delete from job"))
        session.execute(text("insert into job(name, every, due_at) values ('notify.sweep_inbox', '5 s', now())"))
    with wire() as ours:
        with another_relays(relay._JOBS, ()):
            assert ours.turn() is Turn.IDLE
            assert ours._length("notify.ticks") == 0
        ours.turn()
        assert ours._length("notify.ticks") == 1


def test_into_a_backlog_nothing_more_is_sent_until_the_hearer_has_taken_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "BATCH", 1)
    with wire() as ours:
        speak(relay.BACKLOG + 30)
        for _ in range(4):
            ours.turn()
        assert ours._length("ingest.events") == relay.BACKLOG
        assert ours.turn() is Turn.MORE
        with transaction("notify") as session:
            session.execute(text("update outbox_delivery set next_at = now()"))
        ours.turn()
        assert ours._length("ingest.events") == relay.BACKLOG
        assert courier.carry("ingest", "events") == relay.BACKLOG


def test_what_a_broker_refused_is_sent_again_after_seconds_and_the_rest_of_the_claim_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "BATCH", 1)
    waits: list[float] = []
    monkeypatch.setattr("kombu.utils.functional.sleep", waits.append)
    speak(5)
    with wire() as ours:
        working, ours.app = ours.app, app_at(f"redis://127.0.0.1:{free_port()}/0")
        assert ours.turn() is Turn.FAILED
        assert waits == [], "it waited inside send_task and served no other service meanwhile"
        assert [times for _, times in attempts()] == [0, 0, 0, 0, 1]
        (late,) = asked("select max(extract(epoch from next_at - now())) from outbox_delivery")
        assert late[0] < 3
        ours.app = working
        assert ours.turn() is Turn.IDLE
        assert courier.carry("ingest", "events") == 4


def test_a_job_that_could_not_be_rung_is_rung_with_the_next_turn() -> None:
    with transaction("notify") as session:
        session.execute(text("delete from job"))
        session.execute(text("insert into job(name, every, due_at) values ('notify.sweep_inbox', '5 s', now())"))
    with wire() as ours:
        working, ours.app = ours.app, app_at(f"redis://127.0.0.1:{free_port()}/0")
        assert ours.turn() is Turn.FAILED
        ours.app = working
        ours.turn()
        assert ours._length("notify.ticks") == 1


def test_a_broker_that_answers_nothing_any_more_stops_a_turn_for_seconds_not_for_ever() -> None:
    speak(2)
    with wire() as ours, proxied(settings().redis_url) as (proxy, address):
        ours.app = app_at(address)
        assert ours.turn() is Turn.IDLE
        speak(1)
        proxy.become("silent")
        assert ours.turn() is Turn.FAILED
        proxy.become("open")
        with transaction("notify") as session:
            session.execute(text("update outbox_delivery set next_at = now() where state = 'sent' and attempts = 1"))
        ours.turn()
        assert courier.carry("ingest", "events") >= 1


def test_a_relay_that_the_broker_turns_away_is_silent_until_it_is_let_in() -> None:
    with wire() as ours, redis.Redis.from_url(settings().redis_url, username="notify", password="of before") as old:
        working, ours.broker = ours.broker, old
        assert ours.turn() is Turn.FAILED
        assert beat_age("notify", "relay") is None
        ours.broker = working
        assert ours.turn() is Turn.IDLE
        assert beat_age("notify", "relay") is not None


def test_a_broker_that_forgot_its_queues_hears_a_relay_that_has_long_been_connected() -> None:
    with wire() as ours:
        for _ in range(2):
            speak(1)
            ours.turn()
            assert ours._length("ingest.events") == 1
            injuries.empty_broker()


def test_what_waits_for_a_clock_that_was_set_back_is_due_again() -> None:
    """By a day: what was to wait for seconds, and jobs that were due within their interval, would wait for that day."""
    speak(1)
    with transaction("notify") as session:
        session.execute(text("delete from job"))
        session.execute(
            text("""
            insert into job(name, every, due_at, next_at) values
              ('notify.sweep_inbox', '20 s', now() + interval '1 day', now() + interval '1 day'),
              ('notify.remind', '1 hour', now() + interval '1 day', now())
        """)
        )
        session.execute(text("update outbox_delivery set next_at = now() + interval '1 day'"))
        session.execute(text("insert into loop_beat(id, at) values ('relay', now() + interval '1 day')"))
    with wire() as ours:
        ours.turn()
        assert courier.carry("ingest", "events") == 1
    assert asked("select count(*) from job where due_at > now() + every or next_at > now() + interval '1 min'") == [
        (0,)
    ]
    age = beat_age("notify", "relay")
    assert age is not None
    assert 0 <= age < 60
