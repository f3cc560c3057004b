"""Service tokens: made by command or by operations, for one role, until they end."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from deploy.cli import app as cli
from deploy.embedded.beside import NotRunning, environment_beside
from shared.access import issue_token
from shared.access.policy import ROLES
from shared.settings import settings
from tests.people import PEOPLE, api_of
from tests.stack import ROOT


def with_token(token: str) -> TestClient:
    client = api_of(None)
    client.headers["authorization"] = f"Bearer {token}"
    return client


def command(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    clear = {name: value for name, value in os.environ.items() if not name.startswith("SES_")}
    run = [sys.executable, "-c", "from deploy.cli import app; app()", "token", *arguments]
    return subprocess.run(run, cwd=ROOT, env={**clear, **env}, capture_output=True, text=True, check=False)


@pytest.mark.usefixtures("clean")
def test_the_command_beside_a_running_system_prints_a_token_that_works() -> None:
    made = command("--role", "central", SES_DATA=settings().data)
    assert made.returncode == 0, made.stderr
    assert with_token(made.stdout.strip()).get("/ingest/api/v1/uploads").status_code == 200


@pytest.mark.usefixtures("clean")
def test_the_command_gives_a_persons_token_and_says_what_is_wrong() -> None:
    run = CliRunner().invoke
    director = run(cli, ["token", "--role", "director", "--email", "director@lausd.example"]).stdout.strip()
    assert with_token(director).get("/rates/api/v1/rates").status_code == 200
    assert with_token(director).get("/ingest/api/v1/uploads").status_code == 403
    assert "is not a role; there are central" in str(run(cli, ["token", "--role", "king"]).exception)
    nobody = run(cli, ["token", "--role", "central", "--email", "nobody@lausd.example"])
    assert "nobody with the e-mail" in str(nobody.exception)
    with pytest.raises(NotRunning, match="make run"):
        environment_beside(Path("/nowhere"), {})


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("role", ROLES)
def test_a_token_of_a_person_has_that_persons_role_and_no_other(role: str) -> None:
    assert role in PEOPLE
    client = with_token(issue_token(role, f"{role}@lausd.example"))
    assert (client.get("/ops", headers={"accept": "text/html"}).status_code == 200) == (role == "ops")


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("token", ["", "x", "' or 1=1 --", "a" * 5000])
def test_a_token_that_does_not_exist_is_refused(token: str) -> None:
    answer = with_token(token).get("/rates/api/v1/rates")
    assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.usefixtures("clean")
def test_an_expired_token_is_refused() -> None:
    token = issue_token("central", lasts=timedelta(seconds=-1))
    answer = with_token(token).get("/rates/api/v1/rates")
    assert answer.status_code == 401 and "expired" in answer.json()["detail"]


@pytest.mark.usefixtures("clean")
def test_a_token_needs_no_form_token_and_a_foreign_page_cannot_use_it() -> None:
    answer = with_token(issue_token("central")).post(
        "/ingest/api/v1/uploads", files={"file": ("x.txt", b"no")}, headers={"origin": "https://elsewhere.example"}
    )
    assert answer.status_code in (415, 422)
