"""The command `ses` in an installation that is not as it should be: a sentence, never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.beside import running_address
from tests.stack import ROOT

NOWHERE = {"SES_DATABASE_URL": "postgresql://ses:x@127.0.0.1:9/ses"}


def said(command: str, **env: str) -> str:
    """What a command says that cannot do its work."""
    run = [sys.executable, "-c", "from deploy.cli import app; app()", *command.split()]
    ran = subprocess.run(run, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stdout
    assert "Traceback" not in ran.stderr
    return ran.stderr


@pytest.mark.parametrize("command", ["purge", "events list", "token --role central", "upload README.md", "migrate"])
def test_without_a_database_each_command_says_so(command: str) -> None:
    assert "The database does not answer. Start it with `make run`" in said(command, **NOWHERE)


@pytest.mark.parametrize("command", ["purge", "events list", "acl", "health", "backup x", "restore README.md"])
def test_a_malformed_setting_is_named_by_each_command(command: str) -> None:
    assert "SES_PORT: input should be a valid integer" in said(command, SES_PORT="80a")


def test_a_command_in_another_terminal_finds_the_port_of_what_runs(tmp_path: Path) -> None:
    assert running_address(tmp_path) == "http://127.0.0.1:8000"
    (tmp_path / "lock").write_text("process 7, http://127.0.0.1:8044")
    assert running_address(tmp_path) == "http://127.0.0.1:8044"
