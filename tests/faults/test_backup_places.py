"""Backups in places: encrypted, elsewhere, the newest kept, tried in a database of their own; and their age."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyrage
import pytest
from typer.testing import CliRunner

from deploy import backups
from deploy.backup import back_up, check
from deploy.cli import app as ses
from deploy.embedded.servers import client_program
from shared.ops.metrics import exposition, queue_state
from shared.ops.state import troubles
from shared.settings import settings
from tests.faults.test_backup import contents
from tests.s3 import s3_server
from tests.stack import owner

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands find this session's database as in containers, by the settings alone."""
    monkeypatch.setattr("deploy.backups.database", Found)


class Found:
    """A database that is there already."""

    def __init__(self, *, new: bool = False) -> None: ...

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with s3_server() as (endpoint, client):
        given = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL": endpoint}
        for name, value in {**given, "AWS_DEFAULT_REGION": "us-east-1"}.items():
            monkeypatch.setenv(name, value)
        yield client


@pytest.fixture
def key(tmp_path: Path) -> tuple[str, Path]:
    """A public key, and the file with its secret."""
    identity = pyrage.x25519.Identity.generate()
    file = tmp_path / "key.txt"
    file.write_text(f"# created by a test\n{identity}\n")
    return str(identity.to_public()), file


def run(*words: object) -> Any:
    return CliRunner().invoke(ses, [str(word) for word in words])


def names(bucket: Any) -> list[str]:
    return [found["Key"] for found in bucket.list_objects_v2(Bucket="district").get("Contents", [])]


def test_a_backup_goes_encrypted_into_a_bucket_and_comes_back_whole(
    here: None, bucket: Any, key: tuple[str, Path], tmp_path: Path
) -> None:
    public, secret = key
    made = run("backup", "s3://district/ses/", "--encrypt-for", public)
    assert made.exit_code == 0, made.output
    (name,) = names(bucket)
    assert name.startswith("ses/ses-") and name.endswith("Z.backup.age") and f"s3://district/{name}" in made.output
    kept = bucket.get_object(Bucket="district", Key=name)["Body"].read()
    assert kept.startswith(b"age-encryption.org/") and b"PGDMP" not in kept
    before = contents()
    refused = run("restore", f"s3://district/{name}", "--check")
    assert refused.exit_code == 1 and "is encrypted: name the file of the secret key by --identity" in refused.output
    tried = run("restore", f"s3://district/{name}", "--check", "--identity", secret)
    assert tried.exit_code == 0, tried.output
    people = sum(count for table, count in before.items() if table.startswith("access."))
    assert f"access {people:,}" in tried.output and "Nothing was changed" in tried.output
    assert contents() == before
    with owner() as connection:
        assert connection.execute("select count(*) from pg_database where datname like 'ses_drill_%'").fetchone() == (
            0,
        )


def test_another_key_does_not_open_a_backup(here: None, key: tuple[str, Path], tmp_path: Path) -> None:
    public, secret = key
    assert run("backup", tmp_path / "ses.backup", "--encrypt-for", public).exit_code == 0
    assert [path.name for path in tmp_path.glob("ses*")] == ["ses.backup.age"], "nothing is left in the clear"
    secret.write_text(str(pyrage.x25519.Identity.generate()))
    other = run("restore", tmp_path / "ses.backup.age", "--check", "--identity", secret)
    assert other.exit_code == 1 and "cannot be decrypted" in other.output


def test_an_ssh_key_may_read_it_too_and_the_environment_may_name_several(
    here: None, key: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public, secret = key
    ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN somebody@district.example"
    monkeypatch.setenv("SES_BACKUP_READERS", f"{ssh} {public}")
    assert backups.readers_of_environment() == [ssh.rpartition(" ")[0], public]
    assert run("backup", f"{tmp_path}/").exit_code == 0
    (file,) = tmp_path.glob("*.age")
    assert run("restore", file, "--check", "--identity", secret).exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("FOLDER/", "--encrypt-for", "age1nonsense"), "is no public key of age"),
        (("FOLDER/x.backup", "--keep", "3"), "end FOLDER/x.backup with a slash"),
        (("s3://district/x",), "must be a folder: end it with a slash"),
        (("s3://k:s3cret@district/ses/",), "s3://district/ses/: give the password by the driver's environment"),
        (("s3://nowhere/ses/",), "s3://nowhere/ses/ cannot be written"),
        (("FOLDER/no/such/",), "No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_leaves_nothing(
    words: tuple[str, ...], said: str, here: None, bucket: Any, tmp_path: Path
) -> None:
    done = run("backup", *(word.replace("FOLDER", str(tmp_path)) for word in words))
    assert done.exit_code == 1 and said.replace("FOLDER", str(tmp_path)) in done.output
    assert "s3cret" not in done.output and "Traceback" not in done.output
    assert (list(tmp_path.iterdir()), names(bucket)) == ([], [])


def test_a_folder_keeps_the_newest_and_what_has_other_names(here: None, tmp_path: Path) -> None:
    for name in ("ses-20250101T000000Z.backup", "ses-20250102T000000Z.backup.age", "ses-20250103T000000Z.backup"):
        (tmp_path / name).touch()
    (tmp_path / "before-the-upgrade.backup").touch()
    assert run("backup", f"{tmp_path}/", "--keep", 2).exit_code == 0
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left[:2] == ["before-the-upgrade.backup", "ses-20250103T000000Z.backup"] and len(left) == 3
    check(tmp_path / left[2])


def test_client_programs_alone_suffice_as_in_the_image(
    here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = tmp_path / "bin"
    client.mkdir()
    for name in ("pg_dump", "pg_restore"):
        # A link would not do: the wheel's programs find their libraries beside them.
        (client / name).write_text(f'#!/bin/sh\nexec "{client_program(name)}" "$@"\n')
        (client / name).chmod(0o755)
    monkeypatch.setenv("SES_PG_BIN", str(client))
    assert run("backup", tmp_path / "ses.backup").exit_code == 0
    assert run("restore", tmp_path / "ses.backup", "--check").exit_code == 0
    (client / "pg_dump").unlink()
    missing = run("backup", tmp_path / "ses.backup")
    assert missing.exit_code == 1 and "pg_dump: install PostgreSQL's client programs" in missing.output


def test_a_bucket_keeps_the_newest(here: None, bucket: Any) -> None:
    for name in ("ses/ses-20250101T000000Z.backup", "ses/ses-20250102T000000Z.backup", "ses/notes.txt"):
        bucket.put_object(Bucket="district", Key=name, Body=b"x")
    assert run("backup", "s3://district/ses/", "--keep", 2).exit_code == 0
    left = names(bucket)
    assert left[:2] == ["ses/notes.txt", "ses/ses-20250102T000000Z.backup"] and len(left) == 3


def test_the_age_of_the_newest_backup_is_a_metric_and_a_sentence_for_operations(here: None, tmp_path: Path) -> None:
    assert (queue_state("ingest")["backup_age"], backups.main_health()) == (-1, 1)
    assert run("backup", f"{tmp_path}/").exit_code == 0
    figures = queue_state("ingest")
    assert backups.main_health() == 0
    assert 0 <= figures["backup_age"] < 600 and "ses_backup_age_seconds" in exposition("ingest").decode()
    said = [sentence for sentence in troubles({**figures, "backup_age": 37 * 3600}) if "backup" in sentence]
    assert said == ["The newest backup is more than 36 hours old: read the log of the program that makes them."]
    assert not any("backup" in sentence for sentence in troubles(figures))


def test_one_backup_is_made_whenever_the_newest_is_older_than_a_day(
    here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[float] = []

    class Waits(threading.Event):
        """Waits no time, and stops once the next backup is a day away."""

        def wait(self, timeout: float | None = None) -> bool:
            made.append(timeout or 0)
            return (timeout or 0) > 80_000

    failures = iter([OSError("no room"), None, None])

    def sometimes(file: Path) -> int:
        if failure := next(failures):
            raise failure
        return back_up(file)

    monkeypatch.setattr("deploy.backups.back_up", sometimes)
    backups.repeat(f"{tmp_path}/", [], None, timedelta(days=1), Waits())
    assert made[:3] == [0, backups.AGAIN_SECONDS, 0] and len(made) == 4
    assert len(list(tmp_path.glob("ses-*.backup"))) == 1
    assert "no room" in capsys.readouterr().err


def test_an_owner_who_may_create_no_database_is_told_which_right_is_missing(
    here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(tmp_path / "ses.backup")
    with owner() as connection:
        connection.execute("create role small login password 'x'; grant connect on database ses to small")
        database = psycopg.conninfo.conninfo_to_dict(settings().database_url)
    try:
        place = f"postgresql://small:x@{database['host']}:{database['port']}/{database['dbname']}"
        monkeypatch.setattr(settings(), "database_url", place)
        tried = run("restore", tmp_path / "ses.backup", "--check")
    finally:
        monkeypatch.undo()
        with owner() as connection:
            connection.execute("drop owned by small; drop role small")
    assert tried.exit_code == 1 and "alter role ... createdb" in tried.output
