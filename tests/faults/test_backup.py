"""A backup restored into a fresh database: the same rows, no event done twice, no mail sent twice; and the purge."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from deploy import backup
from deploy.backup import SCHEMAS, BackupRefused, back_up, restore
from deploy.cli import app as ses
from deploy.embedded.installation import Servers
from services.notify.actions import mails, sending
from shared.db import engine, transaction
from shared.delivery.bus import purge
from shared.delivery.outbox import publish
from shared.events import DigestsPlanned
from shared.settings import SERVICES, settings
from tests.deploy.waiting import until
from tests.faults.crash import fresh_connections
from tests.notify.sinks import Sink, sink
from tests.notify.telling import FEB21, FEB28, TERM, row, rows_of, tell, tell_directory
from tests.people import api_of
from tests.stack import deliver, owner

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    with sink() as (kept, url):
        monkeypatch.setattr(settings(), "smtp_url", url)
        yield kept


@pytest.fixture
def fresh(stack_servers: Servers, clean: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of another, empty database of the same server."""
    address = settings().database_url.rpartition("/")[0] + "/restored"
    with owner() as connection:
        connection.execute("create database restored")
    yield address
    fresh_connections()
    with owner() as connection:
        connection.execute("drop database restored with (force)")


def nobody_at_work() -> None:
    """Ends the services' sessions of this process, those of web apps that other tests served too."""
    fresh_connections()
    with owner() as connection:
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'ses %'")
        until(
            lambda: (
                not connection.execute("select 1 from pg_stat_activity where application_name like 'ses %'").fetchone()
            )
        )


def use(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on this process works with the database at the address."""
    fresh_connections()
    engine.cache_clear()
    monkeypatch.setattr(settings(), "database_url", address)


def contents() -> dict[str, int]:
    """How many rows each table of each service has."""
    with psycopg.connect(settings().database_url) as connection:
        names = connection.execute(
            "select format('%%I.%%I', schemaname, tablename) from pg_tables where schemaname = any(%s)",
            (list(SCHEMAS),),
        ).fetchall()
        return {name: count_of(connection, name) for (name,) in names}


def count_of(connection: psycopg.Connection[tuple[object, ...]], table: str) -> int:
    found = connection.execute(f"select count(*) from {table}".encode()).fetchone()
    assert found is not None
    return int(str(found[0]))


def test_a_restored_installation_has_the_same_rows_and_mails_nobody_twice(
    server: Sink, fresh: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = settings().database_url
    tell_directory()
    tell([row("Alder 4001", 10, 100)])
    sending.send_due()
    deliver()
    tell([row("Alder 4001", 10, 100), row("Birch 4002", 10, 100)], FEB28)
    with transaction("notify") as session:
        mails.resend(session, 1, "a test")
    before = contents()
    assert back_up(tmp_path / "ses.backup") > 10_000
    sending.send_due()
    assert len(server.accepted) == 2

    use(fresh, monkeypatch)
    assert restore(tmp_path / "ses.backup", replace=False) == 2
    after_it = contents()
    noted = {"notify.database_restore": 1, "notify.mail_note": before["notify.mail_note"] + 2}
    assert after_it == {**before, **noted}
    sending.send_due()
    deliver(times=2)
    assert len(server.accepted) == 2
    assert [r.state for r in rows_of("select state from mail order by mail_id")] == ["sent", "held", "held"]
    states = rows_of("select state from digest order by digest_id")
    assert [r.state for r in states] == ["planned", "held"], "what was sent before the backup stays told"
    with transaction("notify") as session:
        assert [mails.release(session, TERM, on, "a test") for on in (FEB21, FEB28)] == [1, 1]
    sending.send_due()
    assert (len(server.accepted), len({mail["Message-ID"] for _, mail in server.messages()})) == (
        3,
        2,
    )  # the older copy never follows the newer mail
    use(original, monkeypatch)


def test_an_extraction_loaded_again_after_a_restore_waits_for_a_person_who_reads_that_it_may_have_been_sent(
    server: Sink, fresh: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = settings().database_url
    tell_directory()
    back_up(tmp_path / "ses.backup")
    tell([row("Alder 4001", 10, 100)])
    sending.send_due()
    ((_, first),) = server.messages()

    use(fresh, monkeypatch)
    restore(tmp_path / "ses.backup", replace=False)
    tell([row("Alder 4001", 10, 100)])
    sending.send_due()
    assert [r.state for r in rows_of("select state from mail")] == ["held"]
    page = api_of("central").get(f"/notify/extractions/{TERM}/{FEB21}", headers={"accept": "text/html"}).text
    assert page.index("Directors may have had these mails") < page.index("Release all held mails")
    with transaction("notify") as session:
        mails.release(session, TERM, FEB21, "a test")
    sending.send_due()
    assert [mail["Message-ID"] for _, mail in server.messages()] == [first["Message-ID"]] * 2
    tell([row("Alder 4001", 12, 100)], revision=2)
    assert [r.state for r in rows_of("select state from digest order by digest_id")] == ["planned", "planned"]
    use(original, monkeypatch)


def test_an_extraction_of_a_day_after_the_restore_is_mailed_as_ever(server: Sink) -> None:
    tell_directory()
    rows_of("insert into database_restore(id, restored_at) values (1, :at) returning 1", at="2025-02-20T12:00Z")
    tell([row("Alder 4001", 10, 100)])
    assert [r.state for r in rows_of("select state from mail")] == ["queued"]


def test_a_restore_over_data_or_beside_running_programs_is_refused(tmp_path: Path) -> None:
    back_up(tmp_path / "ses.backup")
    with transaction("rates") as session:
        session.execute(text("select 1"))
        with pytest.raises(BackupRefused, match="ses rates"):
            restore(tmp_path / "ses.backup", replace=True)
    nobody_at_work()
    with pytest.raises(BackupRefused, match="--replace"):
        restore(tmp_path / "ses.backup", replace=False)
    (tmp_path / "no.backup").write_text("nothing")
    with pytest.raises(BackupRefused, match="pg_restore"):
        restore(tmp_path / "no.backup", replace=True)


def test_a_backup_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BackupRefused, match="is a folder: name a file in it"):
        back_up(tmp_path)
    monkeypatch.setattr("deploy.backup.SCHEMAS", ("nowhere",))
    with pytest.raises(BackupRefused, match="pg_dump"):
        back_up(tmp_path / "ses.backup")
    assert list(tmp_path.parent.glob("*.unfinished")) + list(tmp_path.iterdir()) == []


def test_a_backup_asks_for_tls_as_the_programs_do_and_never_goes_in_the_clear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server here has no TLS: every connection that the address asks to encrypt must fail, the dump's too."""
    address = settings().database_url
    monkeypatch.setattr(settings(), "database_url", f"{address}?sslmode=require")
    with pytest.raises((BackupRefused, psycopg.OperationalError), match="SSL"):
        back_up(tmp_path / "ses.backup")
    monkeypatch.setattr("deploy.backup._check_version", lambda: None)
    with pytest.raises(BackupRefused, match="SSL"):
        back_up(tmp_path / "ses.backup")
    assert list(tmp_path.iterdir()) == []


def test_the_address_of_a_backup_keeps_its_parameters_and_shows_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    address = "postgresql://o%40w:s%2Fcret@db.district.example:6432/ses?sslmode=verify-full&sslrootcert=/ca.pem"
    monkeypatch.setattr(settings(), "database_url", address)
    shown = "postgresql://o%40w@db.district.example:6432/ses?sslmode=verify-full&sslrootcert=/ca.pem"
    assert (backup._address(), backup._environment()["PGPASSWORD"]) == (shown, "s/cret")


def test_client_programs_older_than_the_server_are_refused_by_both_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = tmp_path / "bin"
    older.mkdir()
    for name, said in (("postgres", "postgres (PostgreSQL) 18.6"), ("pg_dump", "pg_dump (PostgreSQL) 15.9")):
        (older / name).write_text(f"#!/bin/sh\necho '{said}'\n")
        (older / name).chmod(0o755)
    monkeypatch.setenv("SES_PG_BIN", str(older))
    with pytest.raises(BackupRefused, match=r"server is PostgreSQL 18, pg_dump here is 15\. Install PostgreSQL 18's"):
        back_up(tmp_path / "ses.backup")
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


def stays_as_it_is(file: Path, reason: str) -> None:
    """A restore of the file is refused for the reason, and no row is missing after it."""
    before = contents()
    assert before["access.person"] > 0
    nobody_at_work()
    with pytest.raises(BackupRefused, match=reason):
        restore(file, replace=True)
    assert contents() == before


def test_a_backup_that_was_cut_off_is_refused_before_anything_is_dropped(tmp_path: Path) -> None:
    back_up(tmp_path / "ses.backup")
    (tmp_path / "cut.backup").write_bytes((tmp_path / "ses.backup").read_bytes()[:-100])
    stays_as_it_is(tmp_path / "cut.backup", "not a whole backup; nothing was changed")


def test_a_restore_that_fails_on_its_way_leaves_the_data_as_they_were(tmp_path: Path) -> None:
    with owner() as connection:
        connection.execute("create schema lost; create type lost.colour as enum ('red')")
        connection.execute("create table notify.odd(colour lost.colour)")
        back_up(tmp_path / "ses.backup")
        connection.execute("drop table notify.odd; drop schema lost cascade")
    stays_as_it_is(tmp_path / "ses.backup", 'nothing was changed.*"lost" does not exist')


def test_where_the_tables_cannot_be_brought_up_to_date_waiting_mails_are_held_all_the_same(
    server: Sink, fresh: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = settings().database_url
    tell_directory()
    tell([row("Alder 4001", 10, 100)])
    back_up(tmp_path / "ses.backup")
    use(fresh, monkeypatch)

    def fails() -> None:
        raise RuntimeError("no room for the index")

    monkeypatch.setattr("deploy.backup.migrate", fails)
    with pytest.raises(BackupRefused, match="no room for the index\nStart nothing before `ses migrate`"):
        restore(tmp_path / "ses.backup", replace=False)
    assert [r.state for r in rows_of("select state from mail")] == ["held"]
    use(original, monkeypatch)


def test_a_backup_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with owner() as connection:
        (found,) = connection.execute("select version_num from rates.alembic_version").fetchone() or ("",)
        connection.execute("update rates.alembic_version set version_num = '2099_01_01_later'")
        back_up(tmp_path / "ses.backup")
        connection.execute("update rates.alembic_version set version_num = %s", (found,))
    stays_as_it_is(tmp_path / "ses.backup", "newer version.*rates 2099_01_01_later")


def test_the_commands_make_a_private_file_and_say_why_they_refuse(tmp_path: Path) -> None:
    file = tmp_path / "ses.backup"
    assert CliRunner().invoke(ses, ["backup", str(file)]).exit_code == 0
    assert file.stat().st_mode & 0o077 == 0
    nobody_at_work()
    refused = CliRunner().invoke(ses, ["restore", str(file)])
    assert (refused.exit_code, "--replace" in refused.output) == (1, True)


@pytest.mark.parametrize("service", SERVICES)
def test_what_was_done_long_ago_is_purged_and_the_rest_stays(service: str) -> None:
    with transaction(service) as session:
        session.execute(text(
            "insert into inbox(event_id, publisher, topic, key, version, payload, state, done_at)"
            " select gen_random_uuid(), 'x', 't', state || days, 1, '{}', state, now() - days * interval '1 day'"
            " from unnest(array['done','parked','discarded']) state, unnest(array[1, 100, 121]) days"
        ))  # fmt: skip
        purge(session)
        kept = {r.key for r in session.execute(text("select key from inbox"))}
    assert kept == {"done1", "done100", "discarded1", "discarded100", "parked1", "parked100", "parked121"}


def test_an_event_without_a_receipt_is_never_purged() -> None:
    for state in ("acked", "sent"):
        with transaction("notify") as session:
            event = publish(session, DigestsPlanned(upload_id=uuid4(), revision=1, planned=1, held=0, unroutable=0))
            session.execute(text("update outbox_event set created_at = now() - interval '91 days'"))
            session.execute(
                text("update outbox_delivery set state = :state where event_id = :event"),
                {"state": state, "event": event},
            )
    with transaction("notify") as session:
        purge(session)
        states = [r.state for r in session.execute(text("select state from outbox_delivery"))]
    assert states == ["sent"]
