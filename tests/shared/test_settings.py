"""Settings: typos are reported, secrets stay secret."""

import pytest

from shared.settings import Settings, SettingsError, unknown_names


def test_a_misspelt_variable_is_named_with_the_nearest_real_one() -> None:
    (sentence,) = unknown_names({"SES_DATABSE_URL": "x", "PATH": "/bin", "SES_PORT": "1"})
    assert sentence == "SES_DATABSE_URL is not a setting. Did you mean SES_DATABASE_URL?"


def test_the_secrets_of_a_service_that_does_not_exist_are_reported() -> None:
    assert unknown_names({"SES_EVENT_KEYS__RATES": "x"}) == []
    assert len(unknown_names({"SES_EVENT_KEYS__RATS": "x"})) == 1


def test_a_missing_secret_is_named_when_it_is_needed() -> None:
    with pytest.raises(SettingsError, match="SES_DATABASE_PASSWORDS__FLOWER is not set"):
        Settings(database_url="postgresql://host/ses").database_url_of("flower")


def test_the_address_of_a_service_has_its_own_user_and_an_escaped_password() -> None:
    made = Settings.model_validate(
        {"database_url": "postgresql://own:er@host:5433/ses", "database_passwords": {"rates": "p@ss/1"}}
    )
    assert made.database_url_of("rates") == "postgresql://ses_rates:p%40ss%2F1@host:5433/ses"


def test_no_secret_is_shown_when_settings_are_printed() -> None:
    made = Settings.model_validate({"event_keys": {"rates": "very-secret"}, "link_key": "also-secret"})
    assert "secret" not in repr(made).replace("SecretStr", "").replace("secrets_dir", "").replace("client_secret", "")


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SES_SUPPORT_PHONE", "")
    monkeypatch.setenv("SES_UPLOAD_DAYS", "")
    made = Settings()
    assert (made.support_phone, made.upload_days) == ("213-555-0100", 400)
