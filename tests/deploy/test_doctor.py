"""`ses doctor` on the real servers: all well where all is well, and each planted fault named with what to do."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from deploy import doctor
from deploy.cli import app as ses
from deploy.doctor import Finding, findings
from deploy.embedded.servers import free_port
from shared.settings import SERVICES, Settings, SettingsError, settings
from tests.sink import Sink
from tests.stack import owner

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def mail_server() -> Iterator[None]:
    made = Sink()
    made.start()
    yield
    made.stop()


def failed(given: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in given if not finding.well}


OWN = {
    "mail_from": "SES <ses@district.test>",
    "mail_domain": "district.test",
    "support_email": "help@district.test",
    "support_phone": "213-555-2000",
}


@pytest.fixture
def given_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OWN.items():
        monkeypatch.setattr(settings(), name, value)


@pytest.mark.usefixtures("mail_server", "given_own")
def test_a_system_that_is_well_has_no_finding_and_ends_with_zero() -> None:
    assert failed(findings()) == {}
    names = {finding.name for finding in findings()}
    assert {f"tables of {name}" for name in SERVICES} | {f"broker as {name}" for name in SERVICES} <= names
    assert {"PostgreSQL", "connections", "clock", "mail server", "https", "sign-in", "disk", "settings"} <= names


@pytest.mark.usefixtures("given_own")
def test_a_mail_server_that_is_away_is_named_and_the_rest_is_looked_at_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings(), "smtp_url", f"smtp://127.0.0.1:{free_port()}")
    wrong = failed(findings())
    assert set(wrong) == {"mail server"}
    assert "SES_SMTP_URL" in wrong["mail server"].do


@pytest.mark.usefixtures("mail_server", "given_own")
@pytest.mark.parametrize(
    ("setting", "value", "name", "word"),
    [
        ("redis_url", "redis://127.0.0.1:9/0", "broker", "SES_REDIS_URL"),
        ("database_url", "postgresql://127.0.0.1:9/ses", "database", "SES_DATABASE_URL"),
        ("oidc_issuer", "http://127.0.0.1:9", "sign-in", "SES_OIDC_ISSUER"),
        ("public_url", "https://127.0.0.1:9", "https", "certificate"),
        ("public_url", "https://ses.district.invalid", "name of SES_PUBLIC_URL", "DNS"),
    ],
)
def test_a_planted_fault_is_named_with_what_to_do(
    setting: str, value: str, name: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), setting, value)
    assert word in failed(findings())[name].do


@pytest.mark.usefixtures("mail_server", "given_own")
def test_tables_of_another_version_are_named() -> None:
    with owner() as connection:
        (kept,) = connection.execute("select version_num from sesr.alembic_version").fetchone() or ("",)
        connection.execute("update sesr.alembic_version set version_num = '2099_01_01_later'")
        try:
            wrong = failed(findings())
        finally:
            connection.execute("update sesr.alembic_version set version_num = %s", (kept,))
    assert set(wrong) == {"tables of sesr"}
    assert "ses migrate" in wrong["tables of sesr"].do


def test_a_clock_that_is_wrong_is_named() -> None:
    an_hour_off = (datetime.now(UTC) + timedelta(hours=1)).timestamp()
    wrong = failed(doctor._server(18, 500, an_hour_off))
    assert set(wrong) == {"clock"}
    assert "NTP" in wrong["clock"].do


def test_too_few_connections_and_too_old_a_server_are_named() -> None:
    assert set(failed(doctor._server(17, 20, datetime.now(UTC).timestamp()))) == {"PostgreSQL", "connections"}


def test_the_examples_sender_and_support_are_named_by_their_settings() -> None:
    (finding,) = failed(doctor._own()).values()
    for name in ("MAIL_FROM", "MAIL_DOMAIN", "SUPPORT_EMAIL", "SUPPORT_PHONE"):
        assert f"SES_{name}" in finding.seen


def test_the_command_prints_what_to_do_or_json_and_ends_with_one() -> None:
    told = CliRunner().invoke(ses, ["doctor"])
    assert told.exit_code == 1
    assert "FAIL settings: SES_MAIL_FROM" in told.output
    read = json.loads(CliRunner().invoke(ses, ["doctor", "--json"]).output)
    assert {"name", "well", "seen", "do"} == set(read[0])


@pytest.mark.parametrize(
    ("name", "value", "is_example"),
    [
        ("mail_from", "SES <ses@lausd.example>", True),
        ("mail_from", "SES <ses@example.org>", True),
        ("mail_from", "SES <ses@examples.district.org>", False),
        ("mail_domain", "ses.example.com", True),
        ("support_phone", "(213) 555-0142", True),
        ("support_phone", "213-555-2014", False),
        ("public_url", "https://ses.example:8443/", True),
        ("public_url", "https://ses.district.org/", False),
    ],
)
def test_production_refuses_what_is_an_example_by_name(name: str, value: str, is_example: bool) -> None:
    own = {"public_url": "https://ses.district.test", **OWN, name: value}
    made = Settings(environment="production", **own)  # type: ignore[arg-type]
    if is_example:
        with pytest.raises(SettingsError, match=f"SES_{name.upper()} must be your own"):
            made.check_own()
    else:
        made.check_own()
    Settings(environment="demo", **own).check_own()  # type: ignore[arg-type]
