"""Disks that are full, a broker that keeps its queues over a crash, and a mail server that is away for a day."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import redis
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from deploy.embedded.installation import Embedded, Servers, running
from deploy.embedded.servers import Broker, free_port
from services.notify.actions import sending
from shared.db import engine, transaction
from shared.delivery import inbox
from shared.delivery.acl import users
from shared.delivery.envelope import open_events
from shared.delivery.outbox import publish
from shared.delivery.relay import Turn, Wire
from shared.events import DigestsPlanned
from shared.migrations import migrate
from shared.settings import settings
from tests.deploy.waiting import until
from tests.faults import courier, disks
from tests.faults.crash import fresh_connections
from tests.faults.ledger import effects, ledger
from tests.notify.sinks import sink
from tests.notify.telling import FEB28, row, rows_of, tell, tell_directory
from tests.stack import bus_of

OUTAGE_HOURS = 24


def speak(planned: int = 1) -> UUID:
    """Says one event; its upload's id when the commit was confirmed."""
    upload_id = uuid4()
    with transaction("notify") as session:
        publish(session, DigestsPlanned(upload_id=upload_id, revision=1, planned=planned, held=0, unroutable=0))
    return upload_id


def notified() -> list[str]:
    """The uploads whose digests ingest has noted."""
    with transaction("ingest") as session:
        return sorted(str(row.upload_id) for row in session.execute(text("select upload_id from delivery_step")))


@pytest.fixture
def on_a_small_disk(stack_servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """PostgreSQL on a disk of 160 MB; from now on this process works with it."""
    before = settings().database_url
    with disks.small_disk(160) as disk, running(disk / "data", given=dict(settings_given())) as servers:
        use(servers.env["SES_DATABASE_URL"], monkeypatch)
        migrate()
        yield disk
        use(before, monkeypatch)


def settings_given() -> Iterator[tuple[str, str]]:
    """The broker and the secrets of the session, so that only the database is another one."""
    for name, value in os.environ.items():
        if name.startswith(("SES_REDIS", "SES_DATABASE_PASSWORDS", "SES_EVENT_KEYS")):
            yield name, value


def use(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh_connections()
    engine.cache_clear()
    monkeypatch.setattr(settings(), "database_url", address)


def answers() -> bool:
    with psycopg.connect(settings().database_url_of("notify"), connect_timeout=2) as connection:
        return connection.execute("select 1").fetchone() == (1,)


def test_what_was_confirmed_before_and_while_the_database_disk_was_full_has_its_effect_once(
    on_a_small_disk: Path,
) -> None:
    with ledger():
        confirmed = [speak() for _ in range(20)]
        courier.turn("notify", "ingest")
        disks.fill(on_a_small_disk)
        refused = 0
        while refused < 3:
            try:
                confirmed.append(speak())
            except SQLAlchemyError:
                refused += 1
            assert len(confirmed) < 50_000, "the disk was never full"
        disks.empty(on_a_small_disk)
        until(answers, psycopg.Error, seconds=60)
        confirmed.append(speak())
        for _ in range(3):
            courier.time_passes("notify", "ingest")
            courier.turn("notify", "ingest")
        courier.time_passes("ingest")
        bus_of("ingest").sweep()
        assert {str(upload_id) for upload_id in confirmed} <= set(notified())
        assert set(effects("ingest.delivery_step").values()) == {1}


class KeepingBroker(Broker):
    """A broker that writes every message to a file before it answers."""

    folder: Path

    def _config(self) -> tuple[str, ...]:
        kept = ("appendonly yes", "appendfsync always", f"dir {self.folder}", "auto-aof-rewrite-percentage 0")
        return (*(line for line in super()._config() if not line.startswith("appendonly")), *kept)


@pytest.fixture
def keeping(clean: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Servers, Path]]:
    """A broker that keeps its queues on a disk of 4 MB; the wires made from now on lead to it."""
    with disks.small_disk(4) as disk:
        made = KeepingBroker(free_port(), users(settings()), os.environ.get("SES_BROKER_BIN", ""))
        made.folder = disk
        monkeypatch.setattr(settings(), "redis_url", made.url)
        logs = disk.parent / "logs"
        logs.mkdir()
        servers = Servers(Embedded(disk.parent, {}, "", broker=made.child(settings().redis_url_of("flower"))))
        servers.start()
        yield servers, disk
        servers.stop()


@contextmanager
def wire() -> Iterator[Wire]:
    made = Wire("notify")
    try:
        yield made
    finally:
        made.broker.close()
        if made.connection is not None:
            made.connection.close()


def take_all(ours: Wire) -> int:
    """Hears everything in the queue of ingest, without receipts."""
    count = 0
    with ours.app.connection_for_read() as connection:
        queue = connection.SimpleQueue("ingest.events", no_ack=True, serializer="json")
        while True:
            try:
                message: Any = queue.get(block=False)
            except Empty:
                queue.close()
                return count
            for envelope in open_events(message.payload[1]):
                inbox.arrive("ingest", envelope)
                inbox.run("ingest", envelope.event_id, bus_of("ingest").handlers)
                count += 1


def fill_and_flood(disk: Path, address: str) -> None:
    """Not one byte more can be written to the file."""
    disks.fill(disk)
    with redis.Redis.from_url(address) as client, pytest.raises(redis.RedisError):
        for _ in range(100):
            client.lpush("notify.flood", "x" * 10_000)


def test_a_broker_whose_disk_is_full_delays_events_and_loses_none(keeping: tuple[Servers, Path]) -> None:
    _, disk = keeping
    with wire() as ours:
        speak()
        assert ours.turn() is Turn.IDLE
        fill_and_flood(disk, settings().redis_url_of("notify"))
        said = [speak() for _ in range(5)]
        assert ours.turn() is Turn.FAILED
        disks.empty(disk)
        until(lambda: turned(ours), seconds=20)
        take_all(ours)
        assert {str(upload_id) for upload_id in said} <= set(notified())
        assert len(notified()) == 6


def turned(ours: Wire) -> bool:
    """Whether a turn that sends everything once more comes to its end."""
    courier.time_passes("notify")
    return ours.turn() is Turn.IDLE


def test_a_queue_that_outlived_the_brokers_crash_repeats_and_doubles_nothing(keeping: tuple[Servers, Path]) -> None:
    servers, _ = keeping
    with wire() as ours, ledger():
        for _ in range(5):
            speak()
        ours.turn()
        before = servers.pids["broker"]
        os.kill(before, signal.SIGKILL)
        until(lambda: servers.pids["broker"] != before and ours._length("ingest.events") == 1, redis.RedisError)
        assert turned(ours)
        assert take_all(ours) == 10
        assert sorted(effects("ingest.delivery_step").values()) == [1] * 5


def test_after_a_day_without_a_mail_server_each_director_gets_one_mail(
    clean: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell_directory()
    tell([row("Alder 4001", 10, 100)])
    tries = 0
    for _ in range(OUTAGE_HOURS * 6):
        rows_of("update mail set next_at = next_at - interval '10 min' returning 1")
        rows_of(
            "update mail_pause set resume_at = resume_at - interval '10 min', since = since - interval '10 min' returning 1"
        )
        (mail_pause,) = rows_of("select count(*) as n from mail_pause where resume_at > now()")
        tries += mail_pause.n == 0
        sending.send_due()
    assert OUTAGE_HOURS * 2 <= tries <= OUTAGE_HOURS * 3, "it goes on trying, and not all the time"
    assert [(r.state, r.attempts) for r in rows_of("select state, attempts from mail")] == [("queued", 0)]
    tell([row("Alder 4001", 10, 100), row("Birch 4002", 10, 100)], FEB28)
    with sink() as (kept, url):
        monkeypatch.setattr(settings(), "smtp_url", url)
        for _ in range(2):
            rows_of("update mail_pause set resume_at = now() returning 1")
            rows_of("update mail set next_at = now() where state = 'queued' returning 1")
            sending.send_due()
        assert len(kept.accepted) == len({message["Message-ID"] for _, message in kept.messages()}) == 1
    assert rows_of("select 1 from mail where state not in ('sent', 'superseded')") == []
