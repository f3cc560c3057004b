"""Connections that die without a word, and a web that hangs: each program is well again by itself."""

import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from starlette.testclient import TestClient

from deploy.embedded.installation import Servers
from shared import waits
from shared.db import engine
from shared.delivery import relay
from shared.settings import SERVICES, settings
from shared.web.clock import today
from tests.chaos.injuries import pause
from tests.chaos.proxy import Proxy, proxied
from tests.deploy.waiting import until
from tests.people import add_people, api_of
from tests.stack import Programs, owner, wipe

ANSWER_SECONDS = 2.0


@pytest.fixture
def database(clean: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """What stands between this process and PostgreSQL, whose answers are waited for a second in place of 33."""
    with proxied(settings().database_url) as (proxy, address):
        monkeypatch.setenv("SES_DATABASE_URL", address)
        monkeypatch.setattr(waits, "ANSWER_SECONDS", ANSWER_SECONDS)
        _forget()
        yield proxy
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    settings.cache_clear()
    for service in SERVICES:
        engine(service).dispose()
    engine.cache_clear()


def beats() -> list[object]:
    """When the relay last beat in each service's schema."""
    with owner() as connection:
        query = " union all ".join(
            f"select max(at) from {service}.loop_beat where id = 'relay'" for service in SERVICES
        )
        return [at for (at,) in connection.execute(query.encode())]


def test_a_relay_serves_all_services_soon_after_their_connections_died_without_a_word(
    database: Proxy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(relay, "BEAT_SECONDS", 0.1)
    stop = threading.Event()
    thread = threading.Thread(target=relay.run, args=(SERVICES, stop, relay.Pulse()))
    thread.start()
    try:
        until(lambda: all(beats()))
        database.become("half-open")
        before = beats()
        until(lambda: all(now != was for now, was in zip(beats(), before, strict=True)))
    finally:
        stop.set()
        thread.join()
    waited = capsys.readouterr().out.count("PostgreSQL gave no answer")
    assert 0 < waited < len(SERVICES), "not each service has waited for its own"


def test_a_web_answers_again_after_its_connections_died_without_a_word(database: Proxy) -> None:
    strike = {"name": "Strike", "first_day": str(today()), "last_day": str(today())}
    with api_of("central") as client:
        assert client.post("/sesr/api/v1/incidents", json=strike).status_code == 201
        assert [_page(client), _report(client)] == [200, 404], "no school of that key, by the busy route's connections"
        database.become("half-open")
        until(lambda: _page(client) == 200)
        until(lambda: _report(client) == 404)


def _page(client: TestClient) -> int:
    return client.get("/rates/api/v1/rates").status_code


def _report(client: TestClient) -> int:
    body = {"report_id": str(uuid4()), "school_key": "0", "counts": {"students_present": 1}, "proxy_for": "office"}
    return client.post("/sesr/api/v1/reports", json=body).status_code


@pytest.fixture
def web(stack_servers: Servers, tmp_path: Path) -> Iterator[Programs]:
    wipe()
    add_people()
    made = Programs(tmp_path)
    made.start("web", "tests.faults.quick_web")
    try:
        until(made.answers, seconds=90)
        yield made
    finally:
        made.stop_all()


def test_a_web_that_hangs_leaves_to_be_started_again_and_one_without_its_database_stays(
    web: Programs, stack_servers: Servers
) -> None:
    pause([stack_servers.pids["database"]], seconds=6)
    paused = [web.running["web"].poll()]
    until(web.answers, httpx2.TimeoutException, seconds=60)
    assert [*paused, web.running["web"].poll()] == [None, None]
    with pytest.raises(httpx2.TransportError):
        httpx2.get(f"{web.url}/ingest/hang", timeout=30)
    assert web.running["web"].wait(30) == 1
    assert web.mend() == ["web"]
    until(web.answers, seconds=60)
