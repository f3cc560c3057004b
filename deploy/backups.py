"""The commands `ses backup` and `ses restore`: into which place, encrypted for whom, how often, and a drill."""

import os
import re
import secrets
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from deploy import backup_places as places
from deploy.backup import SCHEMAS, BackupRefused, back_up, check, database, read_into, restore
from deploy.backup_places import BackupPlaceRefused
from deploy.embedded.servers import ServerMissing
from shared.migrations import provision
from shared.settings import settings

AGAIN_SECONDS = 600
# What the alert SesBackupOld says too.
STALE_SECONDS = 36 * 3600
ACTION = "backup made"
_NOTE: LiteralString = "insert into ingest.audit(actor, action, object, detail) values ('backup', %s, %s, %s)"
_AGE: LiteralString = "select extract(epoch from now() - max(at)) from ingest.audit where action = %s"
_TABLES: LiteralString = "select schemaname, tablename from pg_tables where schemaname = any(%s) order by 1, 2"
_FAILURES = (BackupRefused, BackupPlaceRefused, ServerMissing, OSError, psycopg.OperationalError)


def readers_of_environment() -> list[str]:
    """The public keys of SES_BACKUP_READERS; SSH keys have blanks of their own and may end with a comment."""
    return re.findall(r"(?<!\S)(?:age1\S+|ssh-\S+ \S+)", os.environ.get("SES_BACKUP_READERS", ""))


def make(place: str, readers: Sequence[str], keep: int | None) -> tuple[str, int]:
    """One backup in its place, noted in the audit log; answers where it is and its bytes."""
    if keep is not None and not places.is_folder(place):
        raise BackupPlaceRefused(f"--keep removes older files of a folder: end {place} with a slash.")
    if places.is_elsewhere(place) and not places.is_folder(place):
        raise BackupPlaceRefused(
            f"{places.shown(place)} must be a folder: end it with a slash; the backup's name is its time."
        )
    places.refuse_password(place)
    places.recipients(readers)
    address, size = _made_in_folder(place, readers, keep) if places.is_folder(place) else _made_as(place, readers)
    with psycopg.connect(settings().owner_url, autocommit=True, connect_timeout=5) as connection:
        connection.execute(_NOTE, (ACTION, address, Jsonb({"bytes": size, "encrypted": bool(readers)})))
    return address, size


def _made_as(place: str, readers: Sequence[str]) -> tuple[str, int]:
    file = Path(place)
    size = back_up(file)
    if readers:
        file = places.encrypt(file, readers)
        size = file.stat().st_size
    return str(file), size


def _made_in_folder(place: str, readers: Sequence[str], keep: int | None) -> tuple[str, int]:
    room = places.room_for(place)
    try:
        made, size = _made_as(str(room / places.new_name(encrypted=False)), readers)
        if places.is_elsewhere(place):
            return places.shown(places.put(Path(made), place, keep)), size
        places.prune(room, keep)
        return made, size
    finally:
        places.leave(room, place)


def repeat(place: str, readers: Sequence[str], keep: int | None, every: timedelta, stop: threading.Event) -> None:
    """A backup whenever the newest is older than `every`, until `stop`; one that fails is said and tried again soon."""
    while not stop.wait(_seconds_until_next(every)):
        try:
            _say_made(*make(place, readers, keep))
        except _FAILURES as error:
            print(error, file=sys.stderr, flush=True)
            stop.wait(AGAIN_SECONDS)


def _seconds_until_next(every: timedelta) -> float:
    """Seconds until the next backup is due: none where there never was one."""
    try:
        age = _age()
    except psycopg.OperationalError as error:
        print(error, file=sys.stderr, flush=True)
        return AGAIN_SECONDS
    return 0 if age is None else max(every.total_seconds() - age, 0)


def _age() -> float | None:
    """Seconds since the newest backup; None where there never was one."""
    with psycopg.connect(settings().owner_url, connect_timeout=5) as connection:
        (age,) = connection.execute(_AGE, (ACTION,)).fetchone() or (None,)
    return None if age is None else float(age)


def drill(file: Path) -> dict[str, int]:
    """Reads the backup into a database of its own beside the real one, counts the rows of each service, and drops it."""
    check(file)
    name = f"ses_drill_{secrets.token_hex(4)}"
    with _scratch(name) as address, psycopg.connect(address, autocommit=True) as connection:
        provision(connection, settings())
        read_into(file, address)
        tables = connection.execute(_TABLES, (list(SCHEMAS),)).fetchall()
        rows = dict.fromkeys(SCHEMAS, 0)
        for schema, table in tables:
            count = sql.SQL("select count(*) from {}").format(sql.Identifier(schema, table))
            (found,) = connection.execute(count).fetchone() or (0,)
            rows[schema] += found
    return rows


@contextmanager
def _scratch(name: str) -> Iterator[str]:
    database_name = sql.Identifier(name)
    with psycopg.connect(settings().owner_url, autocommit=True, connect_timeout=5) as connection:
        try:
            connection.execute(sql.SQL("create database {}").format(database_name))
        except psycopg.errors.InsufficientPrivilege as error:
            raise BackupRefused(
                "The file was read as a whole, but the owner of the database may not create one to try it in: "
                "`alter role ... createdb`."
            ) from error
        try:
            yield psycopg.conninfo.make_conninfo(settings().owner_url, dbname=name)
        finally:
            connection.execute(sql.SQL("drop database {} with (force)").format(database_name))


def _say_made(address: str, size: int) -> None:
    print(
        f"{address}: {size / 1e6:.1f} MB. Keep the secrets of the installation as well; they are not in it.", flush=True
    )


def main_back_up(place: str, readers: Sequence[str], keep: int | None, hours: float | None) -> None:
    """The command `ses backup`."""
    try:
        with database():
            if hours is None:
                _say_made(*make(place, readers, keep))
            else:
                repeat(place, readers, keep, timedelta(hours=hours), threading.Event())
    except _FAILURES as error:
        sys.exit(str(error))


def main_restore(place: str, identity: Path | None, *, replace: bool, only_check: bool) -> None:
    """The command `ses restore`."""
    if not places.is_elsewhere(place) and not Path(place).exists():
        sys.exit(f"There is no file {place}.")
    try:
        places.refuse_password(place)
        with places.fetched(place, identity) as file, database(new=not only_check):
            _say_drilled(place, drill(file)) if only_check else _say_restored(restore(file, replace=replace))
    except _FAILURES as error:
        sys.exit(str(error))


def _say_drilled(place: str, rows: dict[str, int]) -> None:
    counted = ", ".join(f"{schema} {count:,}" for schema, count in rows.items())
    print(
        f"{places.shown(place)} can be restored: it was, into a database of its own. Rows: {counted}. Nothing was changed."
    )


def _say_restored(held: int) -> None:
    print(f"Restored. {held} mails that were waiting are held: release them under Alerts if they were not sent.")


def main_health() -> int:
    """`python -m deploy.backups`, the health of what makes the backups: 0 where the newest is not older than 36 hours."""
    age = _age()
    print("no backup was made yet" if age is None else f"the newest backup is {age / 3600:.1f} hours old")
    return int(age is None or age > STALE_SECONDS)


if __name__ == "__main__":
    sys.exit(main_health())
