"""Alerts reach a person: a real Alertmanager mails by the configuration that `ses alertmanager` writes."""

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.alertmanager import configuration
from deploy.cli import app as ses
from deploy.embedded.servers import free_port
from shared.settings import SettingsError, settings
from tests.deploy.waiting import until
from tests.sink import Sink

ALERT = {
    "labels": {"alertname": "SesRelaySilent", "service": "rates", "severity": "page"},
    "annotations": {"summary": "The relay is silent for rates", "runbook": "docs/operations/alerts.md#sesrelaysilent"},
}


@pytest.fixture
def mail_server() -> Iterator[Sink]:
    made = Sink()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def ops_email(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(settings(), "ops_email", "night@lausd.example")
    return "night@lausd.example"


@contextmanager
def alertmanager(folder: Path) -> Iterator[str]:
    """The address of a real Alertmanager with the configuration of the settings, which waits for nothing."""
    program = shutil.which("prometheus-alertmanager")
    assert program is not None, "install prometheus-alertmanager: make system"
    (folder / "alertmanager.yml").write_text(configuration().replace("group_wait: 30s", "group_wait: 0s"))
    address = f"127.0.0.1:{free_port()}"
    options = [
        f"--config.file={folder}/alertmanager.yml",
        f"--storage.path={folder}",
        f"--web.listen-address={address}",
    ]
    with open(folder / "alertmanager.log", "ab") as log:
        started = subprocess.Popen([program, *options, "--cluster.listen-address="], stdout=log, stderr=log)
    try:
        until(lambda: urllib.request.urlopen(f"http://{address}/-/ready", timeout=1).status == 200, OSError)
        yield f"http://{address}"
    finally:
        started.kill()
        started.wait()


@pytest.mark.usefixtures("ops_email")
def test_an_alert_is_mailed_to_operations_with_what_to_do(mail_server: Sink, tmp_path: Path) -> None:
    with alertmanager(tmp_path) as address:
        posted = urllib.request.Request(
            f"{address}/api/v2/alerts", json.dumps([ALERT]).encode(), {"Content-Type": "application/json"}
        )
        assert urllib.request.urlopen(posted, timeout=5).status == 200
        until(lambda: mail_server.mails, seconds=30)
    (mail,) = mail_server.mails
    assert mail_server.recipients == ["night@lausd.example"]
    assert mail["Subject"] == "1 firing: SesRelaySilent - SES"
    text = mail.get_content() if not mail.is_multipart() else str(mail.get_body(("plain",)))
    assert "The relay is silent for rates" in text
    assert "docs/operations/alerts.md#sesrelaysilent" in text


@pytest.mark.usefixtures("ops_email")
@pytest.mark.parametrize(
    ("url", "host", "tls"),
    [
        ("smtp://mail.district.test", "mail.district.test:25", False),
        ("smtp+starttls://u%40d:p%2Fw@mail.district.test", "mail.district.test:587", True),
        ("smtps://mail.district.test:4650", "mail.district.test:4650", True),
    ],
)
def test_the_configuration_follows_the_mail_server_of_the_settings(
    url: str, host: str, tls: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "smtp_url", url)
    told = CliRunner().invoke(ses, ["alertmanager"]).output
    assert f"smtp_smarthost: {host}" in told
    assert f"smtp_require_tls: {str(tls).lower()}" in told
    assert ("smtp_auth_password: p/w" in told) is ("%2F" in url)
    (tmp_path / "alertmanager.yml").write_text(told)
    checked = subprocess.run(
        ["amtool", "check-config", str(tmp_path / "alertmanager.yml")], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_without_an_address_of_operations_it_is_named() -> None:
    with pytest.raises(SettingsError, match="SES_OPS_EMAIL"):
        configuration()
