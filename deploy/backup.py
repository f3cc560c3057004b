"""Backup and restore of the whole database: one consistent snapshot of all services, made by PostgreSQL's own programs.

A restored outbox is sent again and the restored inboxes know what they have; mails that were waiting are held, because
they may have been sent since the backup (docs/operations/backup.md).
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import psycopg

from deploy.embedded.beside import NotRunning, environment_beside
from deploy.embedded.installation import running
from deploy.embedded.servers import client_program
from shared.migrations import known, migrate, provision, script_of
from shared.migrations.origin import is_made_by, sentence
from shared.settings import PREFIX, SERVICES, settings

SCHEMAS = (*SERVICES, "access")
_MIGRATION = re.compile(r"^COPY (\w+)\.alembic_version .*\n(\S+)$", re.MULTILINE)
_ORIGIN = re.compile(r"^COMMENT ON TABLE (\w+)\.alembic_version IS '(\w+)';$", re.MULTILINE)
_AT_WORK: LiteralString = """
    select distinct application_name from pg_stat_activity
    where datname = current_database() and application_name like 'ses %'
    """
_LOADED: LiteralString = "select exists (select from pg_tables where schemaname = 'ingest' and tablename = 'upload')"
_VERSION: LiteralString = "select current_setting('server_version_num')::int / 10000"
_HOLD: LiteralString = """
    with marked as (insert into notify.database_restore(id, restored_at) values (1, now())
     on conflict (id) do update set restored_at = excluded.restored_at),
    held as (update notify.mail set state = 'held' where state in ('queued','sending') returning digest_id, mail_id),
    noted as (insert into notify.mail_note(mail_id, what, words)
     select mail_id, 'held', 'held by a restore: it may have been sent since the backup' from held),
    shown as (update notify.digest d set state = 'held',
     why = 'held by a restore: it may have been sent since the backup'
     where digest_id in (select digest_id from held) and state = 'planned' and not exists (select 1
     from notify.mail m where m.digest_id = d.digest_id and (m.state = 'sent' or m.unknown > 0)))
    select count(*) from held
    """


class BackupRefused(Exception):
    """The backup or restore cannot be made; the text says why and what to do."""


@contextmanager
def database(*, new: bool = False) -> Iterator[None]:
    """The settings lead to the database: a running one, or the embedded one started for this command alone.

    Where the data folder has none, it is made if `new`; else NotRunning.
    """
    data = Path(settings().data).expanduser().resolve()
    try:
        found = environment_beside(data)
    except NotRunning:
        if not new and not (data / "postgres").exists():
            raise
        with running(data, settings().environment, {}) as servers:
            os.environ.update(servers.env)
            settings.cache_clear()
            yield
        return
    os.environ.update(found)
    settings.cache_clear()
    yield


def back_up(file: Path) -> int:
    """Writes all schemas as of one instant, while everything runs; answers the bytes. Never leaves half a file."""
    if file.is_dir():
        raise BackupRefused(f"{file} is a folder: name a file in it.")
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.touch(mode=0o600)
    schemas = [f"--schema={name}" for name in SCHEMAS]
    try:
        _check_version()
        _run("pg_dump", f"--dbname={_address()}", "--format=custom", "--no-owner", f"--file={unfinished}", *schemas)
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return file.stat().st_size


def restore(file: Path, *, replace: bool) -> int:
    """Puts a backup in place of the database's contents, newest migrations applied; answers how many mails are held.

    Refused while programs are at work, and over data unless `replace`; until all of it is read, the old data stay.
    """
    check(file)
    with psycopg.connect(settings().owner_url, autocommit=True, connect_timeout=5) as connection:
        busy = [name for (name,) in connection.execute(_AT_WORK)]
        if busy:
            raise BackupRefused(f"Stop web, workers and relay first; at work are: {', '.join(sorted(busy))}.")
        if connection.execute(_LOADED).fetchone() == (True,) and not replace:
            raise BackupRefused("There is data in this database. Add --replace to put the backup in its place.")
        provision(connection, settings())
    held = _put_in_place(file)
    try:
        migrate()
    except Exception as error:
        raise BackupRefused(
            f"The backup is in place, its waiting mails held, but its tables could not be brought up to date: {error}\n"
            "Start nothing before `ses migrate` has ended without an error, or restore another backup."
        ) from error
    return held


def _check_version() -> None:
    """BackupRefused where PostgreSQL's own programs here are older than its server: they would not read all of it."""
    said = re.search(r"\d+", _run("pg_dump", "--version", connected=False))
    with psycopg.connect(settings().owner_url, autocommit=True, connect_timeout=5) as connection:
        (server,) = connection.execute(_VERSION).fetchone() or (0,)
    if said is None or int(said.group()) < server:
        raise BackupRefused(
            f"The server is PostgreSQL {server}, pg_dump here is {said.group() if said else 'unknown'}. "
            f"Install PostgreSQL {server}'s client programs and name their folder by SES_PG_BIN."
        )


def check(file: Path) -> None:
    """Reads all of the backup, not its table of contents alone; BackupRefused unless it is whole and not too new."""
    try:
        _run("pg_restore", "--file=/dev/null", str(file), connected=False)
        made = _run("pg_restore", "--schema-only", "--table=alembic_version", "--file=-", str(file), connected=False)
        said = _run("pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(file), connected=False)
    except BackupRefused as error:
        raise BackupRefused(f"{file} is not a whole backup; nothing was changed. {error}") from error
    for service, name in _MIGRATION.findall(said):
        if name in known(service) and not is_made_by(
            script_of(service), name, dict(_ORIGIN.findall(made)).get(service)
        ):
            raise BackupRefused(f"{file} cannot be taken; nothing was changed. {sentence(service, name)}")
    newer = [f"{service} {name}" for service, name in _MIGRATION.findall(said) if name not in known(service)]
    if newer:
        raise BackupRefused(
            f"{file} is of a newer version than this; nothing was changed. Install that version first: "
            f"it has the migrations {', '.join(newer)}."
        )


def read_into(file: Path, address: str) -> None:
    """Reads the backup into another database of the same owner, in place of its schemas. Raises BackupRefused."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"drop schema if exists {', '.join(SCHEMAS)} cascade".encode())
    place: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(address)
    place.pop("password", None)
    shown = psycopg.conninfo.make_conninfo(**place)
    _run("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={shown}", str(file))


def _put_in_place(file: Path) -> int:
    """Drops the schemas, reads the backup in and holds its waiting mails; answers how many those are.

    All as one transaction: committed only when the whole backup was read.
    """
    begin = ("set client_min_messages = warning", "begin", f"drop schema {', '.join(SCHEMAS)} cascade")
    steps = [*(f"--command={statement}" for statement in begin), "--file=-"]
    psql = [
        _program("psql"),
        f"--dbname={_address()}",
        "--no-psqlrc",
        "--quiet",
        "--tuples-only",
        "--no-align",
        "--set=ON_ERROR_STOP=1",
        *steps,
    ]
    reads = [_program("pg_restore"), "--no-owner", "--file=-", str(file)]
    pipe = subprocess.PIPE
    with subprocess.Popen(psql, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=_environment()) as database:
        read = subprocess.run(
            reads, check=False, text=True, stdout=database.stdin, stderr=pipe, env=_plain_environment()
        )
        answers, said = database.communicate(f"{_HOLD};\ncommit;\n" if read.returncode == 0 else "")
    if database.returncode != 0 or read.returncode != 0:
        reason = said if database.returncode != 0 else read.stderr
        raise BackupRefused(f"The backup was not taken; nothing was changed. {reason.strip()[-1000:]}")
    return int(answers.split()[-1])


def _run(program: str, *arguments: str, connected: bool = True) -> str:
    """What the program says on its standard output; BackupRefused with its error."""
    ran = subprocess.run(
        [_program(program), *arguments],
        check=False,
        text=True,
        capture_output=True,
        env=_environment() if connected else _plain_environment(),
    )
    if ran.returncode != 0:
        raise BackupRefused(f"{program}: {ran.stderr.strip()[-1000:]}")
    return ran.stdout


def _program(name: str) -> str:
    return str(client_program(name, os.environ.get("SES_PG_BIN", "")))


def _address() -> str:
    """The address of the database with all its parameters, TLS among them, and without the password."""
    url = urlsplit(settings().owner_url)
    place = url.netloc.rpartition("@")[2]
    return urlunsplit(url._replace(netloc=f"{quote(unquote(url.username or ''), safe='')}@{place}"))


def _environment() -> dict[str, str]:
    """The environment of PostgreSQL's programs: the owner's password, which is in no command line, and no other secret."""
    return {**_plain_environment(), "PGPASSWORD": unquote(urlsplit(settings().owner_url).password or "")}


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
