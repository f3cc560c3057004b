"""The stack under test: events delivered in this process for quick tests, or by real workers, relay and web."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, LiteralString

import httpx2
import psycopg
from sqlalchemy import text

from deploy.embedded.servers import free_port
from shared.db import transaction
from shared.delivery import inbox
from shared.delivery.bus import Bus
from shared.delivery.envelope import Envelope
from shared.settings import SERVICES, settings
from tests.deploy.waiting import until

ROOT = Path(__file__).parent.parent

_PENDING = text(
    "select d.event_id, d.subscriber, e.topic, e.key, e.version, e.payload"
    " from outbox_delivery d join outbox_event e using (event_id) where d.state in ('pending', 'sent')"
    " order by e.created_at, d.event_id"
)
_ACKED = text("update outbox_delivery set state = 'acked' where event_id = :event_id and subscriber = :subscriber")
_WIPE: LiteralString = """
do $$ declare t text; used text[] := '{}'; found boolean; begin
  for t in select format('%I.%I', schemaname, tablename) from pg_tables
    where schemaname in ('ingest', 'rates', 'tracker', 'sesr', 'notify', 'access')
    and tablename not in ('alembic_version', 'job') loop
    execute format('select exists (select 1 from %s)', t) into found;
    if found then used := used || t; end if;
  end loop;
  if cardinality(used) > 0 then
    execute format('truncate %s restart identity cascade', array_to_string(used, ', '));
  end if;
end $$"""


# In one statement, so in one snapshot: between two, what was heard could go on under another service's name.
_QUIET: LiteralString = (
    "select not exists (select 1 from notify.mail where state in ('queued', 'sending')"
    + "".join(
        f" union all select 1 from {service}.outbox_delivery where state in ('pending', 'sent')"
        f" union all select 1 from {service}.inbox where state <> 'done'"
        for service in SERVICES
    )
    + ")"
)


def owner() -> psycopg.Connection[Any]:
    """A connection as the owner of all schemas."""
    return psycopg.connect(settings().database_url, autocommit=True)


def wipe() -> None:
    """Empties every table of every service, except its migrations and its list of jobs."""
    address = settings().database_url
    try:
        _kept_owner(address).execute(_WIPE)
    except psycopg.OperationalError:  # the server was started again since
        _kept_owner.cache_clear()
        _kept_owner(address).execute(_WIPE)


@lru_cache(maxsize=1)
def _kept_owner(address: str) -> psycopg.Connection[Any]:
    """One connection for all wipes: a new one each time reads the catalog of all tables anew, which took most of it."""
    return psycopg.connect(address, autocommit=True)


def quiet() -> bool:
    """Whether nothing is said and not heard, heard and not done, or queued and not sent."""
    with owner() as connection:
        return connection.execute(_QUIET).fetchone() == (True,)


def bus_of(service: str) -> Bus:
    found: Bus = import_module(f"services.{service}.tasks").bus
    return found


def deliver(times: int = 1) -> int:
    """Delivers every event that is under way, until none is, each `times` times; answers how many there were."""
    count = 0
    while True:
        delivered = sum(_deliver_from(service, times) for service in SERVICES)
        if not delivered:
            return count
        count += delivered


def _deliver_from(service: str, times: int) -> int:
    with transaction(service) as session:
        rows = session.execute(_PENDING).all()
    for row in rows:
        envelope = Envelope(row.event_id, service, row.topic, row.key, row.version, row.payload)
        for _ in range(times):
            inbox.arrive(row.subscriber, envelope)
            inbox.run(row.subscriber, row.event_id, bus_of(row.subscriber).handlers)
        with transaction(service) as session:
            session.execute(_ACKED, {"event_id": row.event_id, "subscriber": row.subscriber})
    return len(rows)


def failures() -> list[tuple[str, str, str]]:
    """(service, topic, error) of every event that was heard and is not done."""
    found = []
    for service in SERVICES:
        with transaction(service) as session:
            rows = session.execute(text("select topic, last_error from inbox where state <> 'done'")).all()
        found += [(service, row.topic, str(row.last_error)) for row in rows]
    return found


class Programs:
    """The real programs of the stack as child processes; each can be killed and started again.

    `env_of` has further variables for the programs it names, `worker` the module that runs a service's worker.
    """

    def __init__(
        self, logs: Path, env_of: Mapping[str, Mapping[str, str]] | None = None, worker: str = "shared.delivery.worker"
    ) -> None:
        self.logs = logs
        self.env_of = env_of or {}
        self.worker = worker
        self.port = free_port()
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.commands: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str, *command: str, **env: str) -> None:
        """Starts a program under a name; its output goes to a log file of that name."""
        self.commands[name] = (command, env)
        environment = {**os.environ, "SES_PORT": str(self.port), **self.env_of.get(name, {}), **env}
        with open(self.logs / f"{name}.log", "ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start_all(self) -> None:
        """Starts the relay, five workers and the web, and waits until the whole loop works."""
        with owner() as connection:
            for service in SERVICES:
                connection.execute(f"delete from {service}.loop_beat".encode())
        self.start("relay", "shared.delivery.relay")
        self.start("web", "deploy.web")
        for service in SERVICES:
            self.start(f"worker-{service}", self.worker, service)
        until(self.beats, seconds=90)
        until(self.answers, seconds=90)

    def answers(self) -> bool:
        """Whether the web serves its pages."""
        try:
            return httpx2.get(f"{self.url}/readyz").status_code == 200
        except httpx2.TransportError:
            return False

    def beats(self) -> bool:
        """Whether every service's loop through relay, broker, worker and PostgreSQL has turned."""
        with owner() as connection:
            beats = [
                connection.execute(f"select 1 from {service}.loop_beat where id = 'loop'".encode()).fetchone()
                for service in SERVICES
            ]
        return all(beats)

    def mend(self) -> list[str]:
        """Starts again what has left by itself, as every supervisor does; answers their names."""
        gone = [name for name, child in self.running.items() if child.poll() is not None]
        for name in gone:
            command, env = self.commands[name]
            self.start(name, *command, **env)
        return gone

    def stop(self, name: str) -> None:
        """Asks a program to end, as its supervisor does before an upgrade; it is started again by `mend`."""
        self.running[name].terminate()

    def kill(self, name: str) -> None:
        """kill -9 of a program and all its children."""
        child = self.running.pop(name)
        subprocess.run(["pkill", "-KILL", "-s", str(child.pid)], check=False)
        child.wait()

    def stop_all(self) -> None:
        for name in list(self.running):
            self.kill(name)


@contextmanager
def programs(
    logs: Path, env_of: Mapping[str, Mapping[str, str]] | None = None, worker: str = "shared.delivery.worker"
) -> Iterator[Programs]:
    """All programs running while the block lasts."""
    made = Programs(logs, env_of, worker)
    try:
        made.start_all()
        yield made
    finally:
        made.stop_all()
