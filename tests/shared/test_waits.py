"""Every wait for PostgreSQL ends: a server that only reads, one that is frozen, a relay that hangs."""

import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from shared import waits
from shared.db import engine, transaction
from shared.delivery import relay
from shared.delivery.relay import Pulse, Turn, Wire
from shared.settings import settings
from shared.waits import bounded_url
from tests.people import api_of, browser_of
from tests.stack import ROOT, owner

pytestmark = pytest.mark.usefixtures("clean")
NOTE = text("insert into audit(actor, action, object, detail) values ('test', 'try', 'x', '{}')")


def test_an_address_has_every_bound_and_keeps_its_own() -> None:
    url = bounded_url("postgresql://ses@db:5432/ses?sslmode=require&connect_timeout=9")
    assert "sslmode=require" in url
    assert "connect_timeout=9" in url
    for name in ("keepalives_idle", "tcp_user_timeout", "target_session_attrs=read-write"):
        assert name in url
    assert waits.ANSWER_SECONDS > 30, "PostgreSQL's own limit of a statement comes first"


def test_programs_that_run_on_make_bounded_connections_only() -> None:
    """Migrations aside, which a person starts and watches."""
    unbounded = re.compile(r"psycopg\.(Connection\.|AsyncConnection\.)?connect\(")
    sources = [path for room in ("services", "shared") for path in (ROOT / room).rglob("*.py")]
    found = [path.name for path in sources if "migrations" not in path.parts and unbounded.search(path.read_text())]
    assert len(sources) > 100 and found == []


def test_every_role_has_bounds_on_statements_locks_and_idle_transactions() -> None:
    for service in ("ingest", "rates", "tracker", "sesr", "notify"):
        with transaction(service) as session:
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
                assert session.execute(text(f"show {name}")).scalar_one() != "0", (service, name)


@contextmanager
def read_only(service: str) -> Iterator[None]:
    """New connections of the service's role meet a server that only reads."""
    role = f"alter role ses_{service}"
    with owner() as connection:
        connection.execute(f"{role} set default_transaction_read_only = on".encode())
        try:
            yield
        finally:
            connection.execute(f"{role} reset default_transaction_read_only".encode())


def test_a_pool_gives_up_connections_to_a_server_that_only_reads() -> None:
    engine("rates").dispose()
    with engine("rates").connect() as held:
        held.exec_driver_sql("set default_transaction_read_only = on")
        held.commit()
    with pytest.raises(DBAPIError) as refused, transaction("rates") as session:
        session.execute(NOTE)
    assert refused.value.connection_invalidated
    with transaction("rates") as session:
        session.execute(NOTE)


def test_a_server_that_only_reads_answers_503_with_retry_after_as_page_and_as_json() -> None:
    clients = (api_of("central"), browser_of("central"))
    engine("rates").dispose()
    with read_only("rates"):
        answers = [client.get("/rates/settings") for client in clients]
    engine("rates").dispose()
    assert [answer.status_code for answer in answers] == [503, 503]
    assert all(answer.headers["retry-after"] for answer in answers)
    assert answers[0].json()["code"] == "unavailable"
    assert "Try again" in answers[1].text
    assert clients[1].get("/rates/settings").status_code == 200


def test_a_backend_that_is_frozen_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "ANSWER_SECONDS", 1.0)
    engine("rates").dispose()
    with transaction("rates") as session:
        pid = session.execute(text("select pg_backend_pid()")).scalar_one()
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with transaction("rates") as session:  # the look before its use fails, and another connection is made
            assert session.execute(text("select pg_backend_pid()")).scalar_one() != pid
        assert time.monotonic() - began < 10
        with pytest.raises(OperationalError), transaction("rates") as session:
            session.execute(text("select pg_sleep(3)"))
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_relay_gives_up_a_connection_to_a_server_that_only_reads() -> None:
    wire = Wire("notify")
    assert wire.turn() is Turn.IDLE
    assert wire.connection is not None
    wire.connection.execute("set default_transaction_read_only = on")
    wire.beat_at = -1000.0
    assert wire.turn() is Turn.FAILED
    assert wire.turn() is Turn.IDLE
    wire.connection.close()
    wire.broker.close()


def test_a_relay_that_hangs_leaves_and_one_that_turns_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    left = threading.Event()
    monkeypatch.setattr(relay.os, "_exit", lambda _code: left.set())  # type: ignore[attr-defined]
    monkeypatch.setattr(relay, "STALE_SECONDS", 0.5)
    monkeypatch.setattr(relay, "CHECK_SECONDS", 0.02)
    pulse, stop = Pulse(), threading.Event()
    threading.Thread(target=pulse.watch, args=(stop,), daemon=True).start()
    for _ in range(10):
        pulse.beat()
        assert not left.wait(0.1)
    assert left.wait(5)
    stop.set()


def test_settings_of_services_name_their_bounds() -> None:
    for service in ("ingest", "notify"):
        assert "tcp_user_timeout" in settings().database_url_of(service)
        assert "tcp_user_timeout" in settings().direct_url_of(service)
