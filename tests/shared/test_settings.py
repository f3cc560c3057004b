"""Settings: typos are reported, secrets stay secret and are there when a program starts."""

import os
import re
import subprocess
import sys

import pytest
from structlog.testing import capture_logs

from shared.ops.logs import warn_of_old_python
from shared.settings import IMAP_SCHEMES, SCHEMES, Settings, SettingsError, read_settings, unknown_names
from tests.stack import ROOT


def test_a_misspelt_variable_is_named_with_the_nearest_real_one() -> None:
    (sentence,) = unknown_names({"SES_DATABSE_URL": "x", "PATH": "/bin", "SES_PORT": "1"})
    assert sentence == "SES_DATABSE_URL is not a setting. Did you mean SES_DATABASE_URL?"


def test_the_secrets_of_a_service_that_does_not_exist_are_reported() -> None:
    assert unknown_names({"SES_EVENT_KEYS__RATES": "x"}) == []
    assert len(unknown_names({"SES_EVENT_KEYS__RATS": "x"})) == 1


def test_a_missing_secret_is_named_when_it_is_needed() -> None:
    with pytest.raises(SettingsError, match="SES_DATABASE_PASSWORDS__FLOWER is not set"):
        Settings(database_url="postgresql://host/ses").database_url_of("flower")


def test_each_secret_that_is_missing_or_short_is_named_and_no_other() -> None:
    made = Settings.model_validate(
        {
            "link_key": "short",
            "event_keys": {"rates": "a-new-one-that-is-long,short", "sesr": "a-new-one-that-is-long,and-an-old-one"},
            "redis_passwords": {"flower": "with,a,comma"},
        }
    )
    wrong = ("link_key", "event_keys__rates", "redis_passwords__nobody", "flower_password")
    with pytest.raises(SettingsError) as told:
        made.check_secrets(*wrong, "event_keys__sesr", "redis_passwords__flower")
    assert re.findall(r"SES_\w+", str(told.value)) == [f"SES_{name.upper()}" for name in wrong]


@pytest.mark.parametrize(
    ("program", "secret"),
    [
        ("deploy.web", "SES_LINK_KEY"),
        ("deploy.web notify", "SES_LINK_KEY"),
        ("shared.delivery.worker notify", "SES_LINK_KEY"),
        ("shared.delivery.worker sesr", "SES_EVENT_KEYS__INGEST"),
        ("shared.delivery.relay", "SES_EVENT_KEYS__SESR"),
        ("shared.migrations", "SES_DATABASE_PASSWORDS__RATES"),
        ("deploy.flower_container", "SES_FLOWER_PASSWORD"),
    ],
)
def test_a_program_does_not_start_without_a_secret_of_its_own(program: str, secret: str) -> None:
    env = {name: value for name, value in os.environ.items() if name != secret}
    command = [sys.executable, "-m", *program.split()]
    ran = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 1
    assert f"SettingsError: {secret} must be set" in ran.stderr.splitlines()[-1]


def test_a_python_whose_mails_are_not_safe_is_told_at_the_start() -> None:
    for version, told in (((3, 11, 9), 1), ((3, 11, 10), 0), ((3, 12, 0), 0)):
        with capture_logs() as logs:
            warn_of_old_python(version)
        assert [line["log_level"] for line in logs] == ["warning"] * told


def test_the_address_of_a_service_has_its_own_user_and_an_escaped_password() -> None:
    made = Settings.model_validate(
        {"database_url": "postgresql://own:er@host:5433/ses", "database_passwords": {"rates": "p@ss/1"}}
    )
    assert made.database_url_of("rates").partition("?")[0] == "postgresql://ses_rates:p%40ss%2F1@host:5433/ses"


def test_no_secret_is_shown_when_settings_are_printed() -> None:
    made = Settings.model_validate({"event_keys": {"rates": "very-secret"}, "link_key": "also-secret"})
    assert "secret" not in repr(made).replace("SecretStr", "").replace("secrets_dir", "").replace("client_secret", "")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("SES_PORT", "80a", "input should be a valid integer"),
        ("SES_FLOWER_PORT", "70000", "input should be less than or equal to 65535"),
        ("SES_UPLOAD_DAYS", "-77", "input should be greater than 0"),
        ("SES_TIMEZONE", "America/LosAngeles", "must be the name of a time zone"),
        ("SES_SMTP_URL", "smtp+tls://mail.example", "must be an address such as smtp://HOST or smtp+starttls://HOST"),
        ("SES_UPLOAD_DAYS", "9999999", "input should be less than or equal to 36500"),
        ("SES_STRIKE_NAME_DAYS", "9999999", "input should be less than or equal to 36500"),
        ("SES_PUBLIC_URL", "ses.example", "must be an address such as http://HOST or https://HOST"),
        ("SES_DATABASE_URL", "postgresql://ses:pa/ss@host/ses", "special characters in its password as %XX"),
        ("SES_MAIL_FROM", "nobody", "must be one e-mail address"),
        ("SES_EVENT_KEYS", "hidden", "give each secret by itself, such as SES_EVENT_KEYS__RATES"),
    ],
)
def test_a_malformed_setting_is_named_without_its_value(
    name: str, value: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as told:
        read_settings()
    assert name in str(told.value)
    assert reason in str(told.value)
    assert value not in str(told.value)


def test_without_a_public_address_people_use_the_port_of_the_web(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SES_PUBLIC_URL", raising=False)
    monkeypatch.setenv("SES_PORT", "8123")
    assert read_settings().public_url == "http://127.0.0.1:8123"
    monkeypatch.setenv("SES_PUBLIC_URL", "https://ses.example")
    assert read_settings().public_url == "https://ses.example"


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SES_SUPPORT_PHONE", "")
    monkeypatch.setenv("SES_UPLOAD_DAYS", "")
    made = Settings()
    assert (made.support_phone, made.upload_days) == ("213-555-0100", 400)


@pytest.mark.parametrize("name", [*SCHEMES, "imap_url"])
def test_an_address_in_capitals_or_after_a_blank_is_of_the_same_scheme(name: str) -> None:
    for scheme in SCHEMES.get(name, IMAP_SCHEMES):
        for written in (scheme.upper(), scheme.title(), f" {scheme}"):
            read = getattr(Settings.model_validate({name: f"{written}://HOST.example/A"}), name)
            text = read.get_secret_value() if name == "imap_url" else read
            assert text == f"{scheme}://HOST.example/A"


def test_cookies_are_secure_where_the_address_has_https_in_capitals() -> None:
    made = Settings(environment="demo", public_url="HTTPS://127.0.0.1")
    assert made.secure_cookies and not made.demo_sign_in
