"""Guards of the protocol that no other test takes the measure of; `tests/faults/guards.py` takes each one out."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import redis
from celery.signals import worker_process_init
from kombu.entity import Queue
from kombu.messaging import Consumer
from sqlalchemy import text

from deploy.embedded.installation import Servers
from shared.db import engine, transaction
from shared.delivery import inbox
from shared.delivery.bus import celery_app
from shared.delivery.envelope import Envelope
from shared.delivery.outbox import publish
from shared.events import DigestsPlanned
from shared.settings import SERVICES, settings
from tests.chaos.proxy import proxied
from tests.deploy.waiting import until
from tests.faults import courier, injuries
from tests.faults.guards import GUARDS, ROOT
from tests.faults.test_relay import app_at
from tests.stack import Programs, bus_of, owner


def planned() -> DigestsPlanned:
    return DigestsPlanned(upload_id=uuid4(), revision=1, planned=1, held=0, unroutable=0)


def arrived() -> UUID:
    """An event of notify that ingest keeps and has not done."""
    event, event_id = planned(), uuid4()
    inbox.arrive("ingest", Envelope(event_id, "notify", event.topic, event.key, 1, event.model_dump_json()))
    return event_id


def asked(service: str, query: str) -> list[Any]:
    with transaction(service) as session:
        return [tuple(row) for row in session.execute(text(query))]


@contextmanager
def held(service: str, query: str) -> Iterator[None]:
    """Another worker in the midst of its work: it holds what the query locks."""
    with psycopg.connect(settings().database_url_of(service)) as connection:
        connection.execute(query.encode())
        yield
        connection.rollback()


@pytest.mark.usefixtures("clean")
def test_an_event_that_another_worker_is_at_is_neither_waited_for_nor_run() -> None:
    event_id = arrived()
    ran: list[str] = []
    handlers: dict[str, inbox.Handler] = {DigestsPlanned.topic: lambda _session, _event: ran.append("again")}
    with held("ingest", "select 1 from inbox for update"):
        inbox.run("ingest", event_id, handlers)
        assert (ran, inbox.claim_due("ingest")) == ([], None)
    inbox.run("ingest", event_id, handlers)
    inbox.run("ingest", event_id, handlers)
    assert ran == ["again"]


@pytest.mark.usefixtures("clean")
def test_a_due_event_that_another_sweep_is_claiming_is_not_waited_for() -> None:
    arrived()
    asked("ingest", "update inbox set next_at = now() returning 1")
    with held("ingest", "select 1 from inbox for update"):
        assert inbox.claim_due("ingest") is None
    assert inbox.claim_due("ingest") is not None


@pytest.fixture
def slot(clean: None) -> Iterator[tuple[str, list[str]]]:
    """A daily job of notify that is due since an hour, and what it did."""
    ran: list[str] = []
    bus, name = bus_of("notify"), f"notify.probe_{uuid4().hex}"
    bus.daily(name, timedelta(days=1))(lambda _session: ran.append("ran"))
    query = "insert into job(name, every, due_at) values ('{}', '1 day', now() - interval '1 h') returning 1"
    asked("notify", query.format(name))
    yield name, ran
    asked("notify", f"delete from job where name = '{name}' returning 1")
    del bus.jobs[name]


def test_a_slot_that_was_done_is_not_done_again_when_the_clockwork_is_put_back(
    slot: tuple[str, list[str]],
) -> None:
    name, ran = slot
    run = bus_of("notify").turns[name]
    run()
    asked("notify", "update job j set due_at = l.slot from job_log l where l.name = j.name returning 1")
    run()
    assert ran == ["ran"]
    assert len(asked("notify", f"select 1 from job where name = '{name}' and due_at > now()")) == 1


def test_a_slot_that_another_worker_is_at_is_neither_waited_for_nor_done_twice(
    slot: tuple[str, list[str]],
) -> None:
    name, ran = slot
    run = bus_of("notify").turns[name]
    with held("notify", f"select 1 from job where name = '{name}' for update"):
        run()
    assert ran == []
    run()
    assert ran == ["ran"]


@pytest.mark.usefixtures("clean")
def test_an_acknowledgement_that_the_broker_did_not_take_gives_its_place_back() -> None:
    injuries.empty_broker()
    with proxied(settings().redis_url) as (proxy, address):
        app = app_at(address)
        app.send_task("x", queue="ingest.events", ignore_result=True)
        connection = app.connection_for_read()
        connection.default_channel.basic_qos(0, 1, False)
        messages: list[Any] = []
        consumer = Consumer(connection, [Queue("ingest.events")], on_message=messages.append)  # type: ignore[no-untyped-call]
        consumer.consume()  # type: ignore[no-untyped-call]
        until(lambda: connection.drain_events(timeout=2) or messages)
        qos = connection.default_channel.qos
        assert not qos.can_consume()
        proxy.become("cut")
        with pytest.raises((redis.RedisError, OSError)):
            messages[0].ack()
        assert qos.can_consume(), "the worker would never ask the broker for anything again"


def test_a_worker_that_hears_nothing_any_more_ends_itself_and_the_next_one_does_what_waits(
    clean: None, tmp_path: Path
) -> None:
    programs = Programs(tmp_path)
    try:
        programs.start("relay", "shared.delivery.relay")
        programs.start("worker", "tests.faults.quick_worker", "ingest")
        until(lambda: asked("ingest", "select 1 from loop_beat where id = 'loop'"), seconds=60)
        injuries.deafen("ingest")
        until(lambda: "worker" in programs.mend(), seconds=60)
        with transaction("notify") as session:
            publish(session, planned())
        until(lambda: asked("ingest", "select 1 from inbox where state = 'done'"), seconds=60)
    finally:
        programs.stop_all()
    assert "worker stalled" in (tmp_path / "worker.log").read_text()


def test_a_forked_child_makes_connections_of_its_own(stack_servers: Servers) -> None:
    before = engine("ingest")
    worker_process_init.send(sender=None)
    assert engine("ingest") is not before
    before.dispose()


@pytest.mark.parametrize("service", SERVICES)
def test_celery_is_set_as_it_was_measured(service: str) -> None:
    conf = celery_app(service).conf
    shared = [conf.broker_transport_options[f"unacked_{kind}key"] for kind in ("", "index_", "mutex_")]
    assert [key.partition(".")[0] for key in shared] == [service] * 3
    assert (conf.task_acks_late, conf.result_backend, conf.task_ignore_result) == (False, None, True)
    assert (conf.worker_prefetch_multiplier, conf.worker_enable_remote_control) == (1, True)
    assert (conf.broker_connection_retry_on_startup, conf.broker_connection_max_retries) == (True, None)
    assert (conf.task_soft_time_limit, conf.task_time_limit) == (30, 45)
    assert conf.control_queue_expires == conf.control_queue_ttl == 60
    assert conf.worker_soft_shutdown_timeout > 0
    assert conf.broker_transport_options["health_check_interval"] == 10
    assert list(conf.accept_content) == ["json"]


@pytest.mark.usefixtures("clean")
def test_a_connection_that_the_database_ended_is_made_anew_before_it_is_used() -> None:
    asked("notify", "select 1")
    with owner() as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'ses notify'"
        )
    assert asked("notify", "select 1") == [(1,)]


def test_whether_something_is_due_is_asked_of_the_clock_of_the_database_alone() -> None:
    asks = re.compile(r"\btime\.time\(|datetime\.now\(|\butcnow\(")
    files = ("relay", "inbox", "outbox", "bus", "worker", "watch", "parking")
    assert [name for name in files if asks.search((ROOT / "shared" / "delivery" / f"{name}.py").read_text())] == []


def test_a_full_broker_refuses_and_never_forgets(stack_servers: Servers) -> None:
    with redis.Redis.from_url(settings().redis_url_of("flower"), decode_responses=True) as client:
        memory: Any = client.info("memory")
    assert memory["maxmemory_policy"] == "noeviction"
    assert 0 < memory["maxmemory"] < 1_000_000_000


def test_nothing_but_the_relay_and_the_workers_speaks_to_the_broker() -> None:
    speaks = re.compile(r"\bsend_task\(|\.delay\(|redis\.Redis\(|from_url\(")
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("shared", "services")
        for path in (ROOT / folder).rglob("*.py")
        if speaks.search(path.read_text())
    }
    assert found == {"shared/delivery/relay.py", "shared/delivery/bus.py"}


@pytest.mark.usefixtures("clean")
def test_a_receipt_is_given_only_for_what_is_kept() -> None:
    """The database is away: no receipt, so the publisher sends it again."""
    injuries.empty_broker()
    with transaction("notify") as session:
        publish(session, planned())
    courier.send("notify")
    with held("ingest", "lock table inbox in exclusive mode"), pytest.raises(Exception, match="lock timeout"):
        courier.carry("ingest", "events")
    assert courier.carry("notify", "receipts") == 0
    courier.time_passes("notify")
    courier.turn("notify", "ingest")
    assert asked("notify", "select state from outbox_delivery") == [("acked",)]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_each_guard_is_where_the_list_says(guard: Any) -> None:
    for path, present, _ in guard.changes:
        assert (ROOT / path).read_text().count(present) == 1, f"{guard.name}: look again at {path}"
    file, _, name = guard.test.partition("::")
    assert not name or f"def {name.partition('[')[0]}(" in (ROOT / file).read_text()


def test_the_list_in_the_documents_is_that_of_the_guards() -> None:
    told = (ROOT / "docs" / "operations" / "guards.md").read_text()
    assert re.findall(r"^\| ([^|]+?) \|", told, re.MULTILINE)[1:] == [guard.name for guard in GUARDS]
