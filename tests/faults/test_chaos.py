"""The real stack under load while a seeded schedule breaks its parts: nothing is lost, nothing happens twice.

`FAULTS_SEED=n` plays a schedule again; `FAULTS_MINUTES=n` makes the run so long (`make faults MINUTES=30`).
"""

import os
import time
from collections.abc import Iterator
from glob import glob
from pathlib import Path

import httpx2
import pytest

from deploy.embedded.installation import Servers
from shared.access import issue_token
from shared.settings import settings
from shared.web.clock import today
from tests.chaos.mails import MailServer
from tests.chaos.proxy import Proxy, proxied
from tests.chaos.schedule import schedule
from tests.deploy.waiting import until
from tests.faults import checks
from tests.faults.injuries import FAULTS, Injuries
from tests.faults.ledger import ledger
from tests.faults.load import Load
from tests.files import directory
from tests.journeys.test_main_job import PEOPLE
from tests.people import add_people, program_tokens
from tests.stack import Programs, programs, wipe

SEED = int(os.environ.get("FAULTS_SEED", "41"))
MINUTES = float(os.environ.get("FAULTS_MINUTES", "0.8"))
GAP = float(os.environ.get("FAULTS_GAP", "4"))
PAUSE = float(os.environ.get("FAULTS_PAUSE", "0.5"))
PROGRAMS = 20
DRAIN_SECONDS = 90.0 + 20 * MINUTES


def clock(seconds: int) -> dict[str, str]:
    """Variables of a program whose clock is so many seconds wrong."""
    (library,) = glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    return {"LD_PRELOAD": library, "FAKETIME": f"{seconds:+d}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


WRONG_CLOCKS = {"worker-notify": clock(60), "worker-ingest": clock(-60), "relay-2": clock(60)}


@pytest.fixture
def proxy(stack_servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """What stands between the programs and the broker; this process itself goes past it."""
    with proxied(settings().redis_url) as (made, address):
        monkeypatch.setenv("SES_REDIS_URL", address)
        yield made


@pytest.fixture
def running(proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Programs]:
    """The stack with two relays, wrong clocks, and watchdogs that wait for half a minute in place of a whole one."""
    wipe()
    add_people()
    monkeypatch.setenv("FAULTS_STALE_SECONDS", "30")
    monkeypatch.setenv("SES_HOLD_FALLEN_PERCENT", "100")  # the load draws its counts by chance
    with ledger(), programs(tmp_path, WRONG_CLOCKS, "tests.faults.quick_worker") as started:
        started.start("relay-2", "shared.delivery.relay")
        yield started


@pytest.fixture
def mails() -> Iterator[MailServer]:
    made = MailServer()
    made.start()
    yield made
    made.stop()


def prepare(url: str, token: str) -> None:
    """A directory, and a strike today at which one school is expected."""
    headers = {"authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=url, headers=headers, timeout=30) as client:
        files = {"file": ("directory.xlsx", directory(PEOPLE))}
        client.post("/ingest/api/v1/uploads", params={"kind": "directory"}, files=files).raise_for_status()
        until(lambda: not checks.unsettled())
        strike = {"name": "Strike", "first_day": str(today()), "last_day": str(today())}
        client.post("/sesr/api/v1/incidents", json=strike).raise_for_status()


@pytest.mark.timeout(MINUTES * 60 + DRAIN_SECONDS + 300)
def test_nothing_is_lost_and_nothing_happens_twice(
    running: Programs, stack_servers: Servers, proxy: Proxy, mails: MailServer
) -> None:
    token = issue_token("central")
    prepare(running.url, token)
    load = Load(running.url, program_tokens(PROGRAMS), SEED, pause=PAUSE)
    faults = schedule(SEED, MINUTES * 60, GAP, FAULTS)
    print(f"\nseed {SEED}, {len(faults)} faults in {MINUTES} minutes")
    broken = Injuries(running, stack_servers, proxy, mails, SEED)
    load.start()
    try:
        broken.run(faults, running.mend)
    finally:
        load.stop()
    mails.become("well")
    proxy.become("open")
    seconds = drain(running)
    counts = checks.check(load, mails)
    print(f"faults {broken.counts}; {len(load.uploads)} uploads, {len(load.reports)} reports, {load.retries} repeated")
    print(f"settled {seconds:.0f} s after the last fault; {counts}")
    assert counts.said > 20


def drain(running: Programs) -> float:
    """Waits until everything is settled; only waits that are longer than a minute are cut short. Answers the seconds."""
    began = time.monotonic()
    until(lambda: running.mend() or running.beats(), Exception, seconds=30)
    while left := checks.unsettled():
        assert time.monotonic() - began < DRAIN_SECONDS, left
        running.mend()
        time.sleep(1)
        if time.monotonic() - began > 20:
            checks.time_passes()
            time.sleep(5)
    return time.monotonic() - began
