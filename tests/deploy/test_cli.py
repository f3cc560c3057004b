"""The command `ses` in an installation that is not as it should be: a sentence, never a traceback."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.embedded.beside import noted_address
from deploy.secret_files import load
from tests.stack import ROOT

NOWHERE = {"SES_DATABASE_URL": "postgresql://ses:x@127.0.0.1:9/ses"}


def said(command: str, ends: int = 1, /, **env: str) -> str:
    """What a command says that cannot do its work."""
    run = [sys.executable, "-c", "from deploy.cli import app; app()", *command.split()]
    ran = subprocess.run(run, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    assert ran.returncode == ends, ran.stdout
    assert "Traceback" not in ran.stderr
    return ran.stderr


@pytest.mark.parametrize("command", ["purge", "events list", "token --role central", "upload README.md", "migrate"])
def test_without_a_database_each_command_says_so(command: str) -> None:
    assert "The database does not answer. Start it with `make run`" in said(command, **NOWHERE)


def test_a_backup_of_a_data_folder_without_data_says_so_and_makes_none(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    told = said(f"backup {tmp_path}/ses.backup", SES_DATA=str(folder), SES_DATABASE_URL="", SES_SECRETS_DIR="")
    assert f"Nothing runs on the data in {folder}" in told
    assert list(tmp_path.iterdir()) == []


def test_the_file_that_a_killed_database_leaves_does_not_pass_for_a_running_one(tmp_path: Path) -> None:
    load(tmp_path)
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "postmaster.pid").write_text(f"1\n{tmp_path}\n0\n9\n")
    told = said("events list", SES_DATA=str(tmp_path), SES_DATABASE_URL="", SES_SECRETS_DIR="")
    assert told.strip() == f"The database of {tmp_path} does not run. Start it with `make run`."


def test_the_brokers_users_fit_secrets_that_an_attempt_cut_off_has_left(tmp_path: Path) -> None:
    (tmp_path / "ses_redis_passwords__rates").write_text("made-by-the-first-attempt")
    nothing_set = {name: "" for name in os.environ if name.startswith("SES_")}
    said(f"secrets {tmp_path}", 0, **nothing_set)
    digest = hashlib.sha256(b"made-by-the-first-attempt").hexdigest()
    assert f"user rates on #{digest} " in (tmp_path / "broker_users").read_text()


def test_secrets_go_into_no_folder_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert said(f"secrets {tmp_path}/file/secrets").strip() == f"{tmp_path}/file/secrets: Not a directory."


@pytest.mark.parametrize("days", ["29", "36501", "some"])
def test_a_purge_takes_an_age_of_a_month_to_a_hundred_years(days: str) -> None:
    assert "Invalid value for '--days'" in said(f"purge --days {days}", 2, **NOWHERE)


@pytest.mark.parametrize("command", ["purge", "events list", "acl", "health", "backup x", "restore README.md"])
def test_a_malformed_setting_is_named_by_each_command(command: str) -> None:
    assert "SES_PORT: input should be a valid integer" in said(command, SES_PORT="80a")


def test_a_command_in_another_terminal_finds_the_port_of_what_runs(tmp_path: Path) -> None:
    assert noted_address(tmp_path) == {}
    (tmp_path / "lock").write_text("process 7, http://127.0.0.1:8044")
    assert noted_address(tmp_path) == {"SES_PUBLIC_URL": "http://127.0.0.1:8044"}
