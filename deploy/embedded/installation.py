"""A database and a broker of one's own in a data folder, with the SES_* environment that leads to them."""

import asyncio
import os
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy import secret_files
from deploy.embedded.child import Child
from deploy.embedded.folders import enterable
from deploy.embedded.servers import Broker, Postgres, free_port
from deploy.embedded.supervisor import Supervisor
from shared.delivery.acl import users
from shared.settings import Settings, read_settings

DEMO = "demo"


@dataclass
class Embedded:
    """What a data folder leads to: the environment of every program, and the servers to start first."""

    data: Path
    env: dict[str, str]
    flower_password: str
    postgres: Postgres | None = None
    broker: Child | None = None

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    def servers(self) -> list[Child]:
        """The servers to start first; makes the database cluster where there is none yet."""
        children = [self.broker] if self.broker else []
        if self.postgres:
            self.postgres.prepare()
            children.insert(0, self.postgres.child())
        return children


def prepare(data: Path, environment: str, given: Mapping[str, str] = os.environ) -> Embedded:
    """Makes secrets where they are missing and chooses ports; starts nothing.

    What `given` names wins: with SES_DATABASE_URL or SES_REDIS_URL in it, that server is not one of `servers()`.
    """
    data = data.resolve()
    enterable(data)
    (data / "logs").mkdir(mode=0o700, exist_ok=True)
    kept = secret_files.load(data)
    env = {
        "SES_ENVIRONMENT": environment,
        "SES_DATA": str(data),
        "SES_SMTP_URL": f"smtp://127.0.0.1:{free_port()}",
        **secret_files.environment(kept),
        **{name: value for name, value in given.items() if name.startswith("SES_") and value},
    }
    made = Embedded(data, env, kept["flower_password"])
    if not env.get("SES_DATABASE_URL"):
        _add_database(made, kept["owner_password"])
    if not env.get("SES_REDIS_URL"):
        _add_broker(made)
    return made


def _add_database(made: Embedded, password: str) -> None:
    postgres = Postgres(made.data, free_port(), password, made.env.get("SES_PG_BIN", ""))
    made.env["SES_DATABASE_URL"] = postgres.url
    made.postgres = postgres


def _add_broker(made: Embedded) -> None:
    port = free_port()
    made.env["SES_REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
    settings = settings_of(made.env)
    broker = Broker(port, users(settings), made.env.get("SES_BROKER_BIN", ""))
    made.broker = broker.child(settings.redis_url_of("flower"))


def settings_of(env: Mapping[str, str]) -> Settings:
    """The settings that a program started with this environment reads."""
    before = dict(os.environ)
    os.environ.update(env)
    try:
        return read_settings()
    finally:
        os.environ.clear()
        os.environ.update(before)


class Servers:
    """Servers kept running by a thread of this process; one that dies is started again on its port."""

    def __init__(self, made: Embedded) -> None:
        self.env = made.env
        self._made = made
        self._loop = asyncio.new_event_loop()
        self._supervisor: Supervisor
        self._thread = threading.Thread(target=self._loop.run_forever, name="servers", daemon=True)

    @property
    def pids(self) -> dict[str, int]:
        return self._supervisor.pids

    def start(self) -> None:
        self._thread.start()
        try:
            self._wait(asyncio.run_coroutine_threadsafe(self._start(), self._loop))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self._wait(asyncio.run_coroutine_threadsafe(self._supervisor.stop(), self._loop))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _start(self) -> None:
        self._supervisor = Supervisor(self._made.logs, lambda line: None)
        await self._supervisor.start(self._made.servers())

    @staticmethod
    def _wait(future: "Future[None]") -> None:
        future.result()


@contextmanager
def running(data: Path, environment: str = "test", given: Mapping[str, str] | None = None) -> Iterator[Servers]:
    """The servers of a data folder while the block lasts."""
    servers = Servers(prepare(data, environment, os.environ if given is None else given))
    servers.start()
    try:
        yield servers
    finally:
        servers.stop()
