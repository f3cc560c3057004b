"""The stack under faults by process and network, judged from outside: nothing lost, doubled, false or out of order.

`make chaos MINUTES=40 SEED=n` is the long run with every kind of fault; without MINUTES a short piece of what is mended
within seconds runs with all tests. Real programs, which wait as long as they do in production.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from deploy.embedded.installation import Servers
from shared.settings import settings
from shared.web.clock import today
from tests.chaos.district import directory
from tests.chaos.injuries import Injuries
from tests.chaos.journal import Clients
from tests.chaos.mails import MailServer
from tests.chaos.proxy import Proxy, proxied
from tests.chaos.schedule import OUTSIDE, WORKERS, Kinds, schedule
from tests.chaos.verdict import Verdict, look, verdict
from tests.deploy.waiting import until
from tests.people import add_people, program_tokens
from tests.stack import Programs, programs, quiet, wipe

LONG = "CHAOS_MINUTES" in os.environ
MINUTES = float(os.environ.get("CHAOS_MINUTES", "0.2"))
SEED = int(os.environ.get("CHAOS_SEED", "11"))
GAP, PAUSE = (12.0, 3.0) if LONG else (3.0, 0.8)
# Nothing that may strike a mail in hand: that one is claimed for a quarter of an hour before it is sent again.
QUICK: Kinds = (
    ("kill", ("web", "relay", "relay-2")),
    ("stop", WORKERS),
    ("cut broker", ("2",)),
    ("kill broker", ("",)),
)
# A mail whose sender died is tried again after a quarter of an hour; a pause of mails lasts up to half an hour.
SETTLE_SECONDS = 2400.0 if LONG else 180.0
CALM_SECONDS = 6.0 if LONG else 1.0
UPLOADS_A_DAY = max(1, round(MINUTES * 60 / PAUSE / 70))


@pytest.fixture
def proxies(stack_servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Proxy]]:
    """What stands between the programs and their servers; this process itself goes past it."""
    with proxied(settings().redis_url) as (broker, redis_url), proxied(settings().database_url) as (database, url):
        monkeypatch.setenv("SES_REDIS_URL", redis_url)
        monkeypatch.setenv("SES_DATABASE_URL", url)
        yield {"broker": broker, "database": database}


@pytest.fixture
def running(proxies: dict[str, Proxy], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Programs]:
    wipe()
    add_people()
    monkeypatch.setenv("SES_HOLD_FALLEN_PERCENT", "100")  # corrections draw their counts by chance
    with programs(tmp_path) as started:
        started.start("relay-2", "shared.delivery.relay")
        yield started


@pytest.fixture
def mails() -> Iterator[MailServer]:
    made = MailServer()
    made.start()
    yield made
    made.stop()


def prepare(url: str, token: str) -> None:
    """A directory, and a strike today at all schools."""
    with httpx2.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=30) as client:
        files = {"file": ("directory.xlsx", directory())}
        client.post("/ingest/api/v1/uploads", params={"kind": "directory"}, files=files).raise_for_status()
        until(quiet)
        strike = {"name": "Strike", "first_day": str(today()), "last_day": str(today())}
        client.post("/sesr/api/v1/incidents", json=strike).raise_for_status()


@pytest.mark.timeout(MINUTES * 60 + SETTLE_SECONDS + 300)
def test_nothing_is_lost_doubled_false_or_out_of_order(
    running: Programs, stack_servers: Servers, proxies: dict[str, Proxy], mails: MailServer
) -> None:
    tokens = program_tokens(40)
    prepare(running.url, tokens[0])
    clients = Clients(running.url, tokens, SEED, PAUSE, UPLOADS_A_DAY)
    faults = schedule(SEED, MINUTES * 60, GAP, OUTSIDE if LONG else QUICK)
    print(f"\nseed {SEED}, {len(faults)} faults in {MINUTES} minutes", flush=True)
    broken = Injuries(running, stack_servers, proxies, mails)
    clients.start()
    try:
        broken.run(faults, running.mend)
    finally:
        clients.stop()
    mails.become("well")
    for proxy in proxies.values():
        proxy.become("open")
    began = time.monotonic()
    found = settled(clients, mails, running)
    journal = clients.journal
    reports = sum(map(len, journal.reports.values()))
    print(
        f"faults {broken.counts}; {len(journal.files)} files and {reports} reports taken, {journal.ambiguous} of them"
    )
    print(f"ambiguous at first, {journal.repeated} requests repeated; settled {time.monotonic() - began:.0f} s later")
    print(found, flush=True)
    assert found.is_well(), str(found)
    assert len(journal.files) > 3 and reports > 3 and found.mails > 3


def settled(clients: Clients, mails: MailServer, running: Programs) -> Verdict:
    """The verdict once all is well and stays so for a while, once something is wrong for good, or after SETTLE_SECONDS."""
    end = time.monotonic() + SETTLE_SECONDS
    known: dict[str, bool] = {}
    well_since: float | None = None
    found = Verdict(["the web does not answer"], (), (), (), 0, 0)
    while time.monotonic() < end:
        running.mend()
        try:
            found = verdict(clients.journal, look(clients, mails, known))
        except httpx2.HTTPError as error:
            found = found._replace(lost=[*clients.journal.problems, f"the web does not answer: {error}"])
        if found.is_final() or clients.journal.problems:
            break
        now = time.monotonic()
        well_since = (well_since or now) if found.is_well() else None
        if well_since is not None and now - well_since >= CALM_SECONDS:
            break
        time.sleep(1)
    return found
