"""The programs of the embedded installation, in the order in which they start."""

import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import LiteralString

import psycopg
from psycopg.rows import scalar_row

from deploy.embedded.child import Child
from deploy.embedded.installation import Embedded, settings_of
from deploy.flower_container import options
from shared.settings import SERVICES, Settings

_LOOP: dict[str, LiteralString] = {
    "ingest": "select max(at) from ingest.loop_beat where id = 'loop'",
    "rates": "select max(at) from rates.loop_beat where id = 'loop'",
    "tracker": "select max(at) from tracker.loop_beat where id = 'loop'",
    "sesr": "select max(at) from sesr.loop_beat where id = 'loop'",
    "notify": "select max(at) from notify.loop_beat where id = 'loop'",
}


def module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]


@dataclass
class Programs:
    """Builds each child with the environment and addresses of one embedded installation."""

    made: Embedded
    mails: bool

    def __post_init__(self) -> None:
        self.settings: Settings = settings_of(self.made.env)
        self.env = {**self.made.env, "PYTHONUNBUFFERED": "1"}

    def migrations(self) -> Child:
        return Child("migrations", module("shared.migrations"), env=self.env)

    def demo(self) -> Child:
        return Child("demo", module("deploy.demo", "load"), env=self.env)

    def main_stage(self, *, forked: bool = True) -> list[Child]:
        """All that runs once the schemas are there; the workers are ready when the whole loop through them works."""
        return [replace(child, forked=forked) for child in self._main_stage()]

    def _main_stage(self) -> list[Child]:
        mail = [self._web("mail-catcher", module("deploy.embedded.mailcatcher"), self.settings.mail_port, "/healthz")]
        return [
            Child("relay", module("shared.delivery.relay"), env=self.env, forked=True),
            *(self._worker(service) for service in SERVICES),
            self._web("web", module("deploy.web"), self.settings.port, "/readyz"),
            *(mail if self.mails else []),
            self._flower(),
        ]

    def _worker(self, service: str) -> Child:
        ready = beats_after(self.settings.database_url, _LOOP[service], now_of(self.settings.database_url))
        return Child(f"worker-{service}", module("shared.delivery.worker", service), ready, env=self.env, forked=True)

    def _web(self, name: str, command: list[str], port: int, path: str) -> Child:
        return Child(name, command, says_ok(f"http://127.0.0.1:{port}{path}"), env=self.env, forked=True)

    def _flower(self) -> Child:
        env = {**self.env, **options(self.settings, self.made.flower_password, str(self.made.data / "flower"))}
        ready = says_ok(f"http://127.0.0.1:{self.settings.flower_port}/healthcheck")
        return Child(
            "flower", module("celery", "-A", "deploy.flower", "flower"), ready, env=env, grace=3.0, forked=True
        )


def says_ok(url: str) -> Callable[[], bool]:
    def ask() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    return ask


def now_of(database_url: str) -> datetime:
    """The database's own time."""
    with psycopg.connect(database_url, connect_timeout=5) as connection:
        now: datetime | None = connection.cursor(row_factory=scalar_row).execute("select now()").fetchone()
    assert now is not None
    return now


def beats_after(database_url: str, query: LiteralString, start: datetime) -> Callable[[], bool]:
    """Whether `query` gives a time after `start`; looked_at at most five times a second."""
    looked_at = 0.0

    def ask() -> bool:
        nonlocal looked_at
        time.sleep(max(0.0, looked_at + 0.2 - time.monotonic()))
        looked_at = time.monotonic()
        try:
            with psycopg.connect(database_url, connect_timeout=2) as connection:
                beat: datetime | None = connection.cursor(row_factory=scalar_row).execute(query).fetchone()
        except psycopg.Error:
            return False
        return beat is not None and beat > start

    return ask
