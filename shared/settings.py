"""Every setting, read once from SES_* variables and, where named, a folder of secret files."""

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from functools import lru_cache
from typing import Annotated, Literal, Self
from urllib.parse import quote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from pydantic import Field, PositiveInt, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as Unreadable

from shared.waits import bounded_url

SERVICES = ("ingest", "rates", "tracker", "sesr", "notify")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
PREFIX = "SES_"
SHORTEST_SECRET = 12
Port = Annotated[int, Field(ge=1, le=65535)]
# What a district gives itself; every name here has an example as its default.
OWN = ("public_url", "mail_from", "mail_domain", "support_email", "support_phone")
_EXAMPLE = re.compile(r"(?i)(^|[.@/])example(\.(com|net|org|edu))?([:/>]|$)|\.example([:/>]|$)|555-?01[0-9]{2}$")
DAYS_MOST = 36_500  # a hundred years: far larger numbers lead before PostgreSQL's first date, and a purge fails
Days = Annotated[int, Field(gt=0, le=DAYS_MOST)]
# A service that was taken over must not be able to remove its traces: the function that purges keeps as many days.
AUDIT_DAYS_LEAST = 365
AuditDays = Annotated[int, Field(ge=AUDIT_DAYS_LEAST, le=DAYS_MOST)]
Percent = Annotated[int, Field(ge=0, le=100)]
SCHEMES = {
    "database_url": ("postgresql",),
    "database_direct_url": ("postgresql",),
    "redis_url": ("redis", "rediss"),
    "smtp_url": ("smtp", "smtp+starttls", "smtps"),
    "public_url": ("http", "https"),
    "oidc_issuer": ("http", "https"),
}


IMAP_SCHEMES = ("imaps", "imap+starttls", "imap")


class SettingsError(Exception):
    """A setting is missing, malformed or misspelt; the text says which and what to do."""


class Settings(BaseSettings):
    """The settings; `docs/operations.md` lists each with its meaning."""

    # An empty variable is none: then the file of the secret or the default counts.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True, extra="ignore"
    )

    environment: Literal["production", "demo", "test"] = "production"
    secrets_dir: str = ""
    database_url: str = ""
    database_direct_url: str = ""
    database_passwords: dict[str, SecretStr] = Field(default_factory=dict)
    redis_url: str = ""
    redis_passwords: dict[str, SecretStr] = Field(default_factory=dict)
    event_keys: dict[str, SecretStr] = Field(default_factory=dict)
    link_key: SecretStr = SecretStr("")
    flower_password: SecretStr = SecretStr("")
    smtp_url: str = "smtp://127.0.0.1:25"
    mail_from: str = "School Experience Survey <ses@lausd.example>"
    bounce_address: str = ""
    imap_url: SecretStr = SecretStr("")
    reply_address: str = ""
    reply_server: str = ""
    mail_domain: str = "lausd.example"
    support_email: str = "ses-support@lausd.example"
    support_phone: str = "213-555-0100"
    ops_email: str = ""
    public_url: str = "http://127.0.0.1:8000"
    allowed_hosts: str = ""
    trusted_proxies: str = ""
    timezone: str = "America/Los_Angeles"
    upload_max_mb: PositiveInt = 64
    upload_days: Days = 400
    drop_networks: str = ""
    drop_folders: dict[str, SecretStr] = Field(default_factory=dict)
    hold_rejected_percent: Percent = 10
    hold_contradicting_percent: Percent = 10
    hold_unnamed_percent: Percent = 10
    hold_fractions_percent: Percent = 10
    hold_unknown_percent: Percent = 10
    hold_swapped_percent: Percent = 10
    hold_fallen_percent: Percent = 10
    hold_totals_percent: Percent = 10
    hold_above_percent: Percent = 10
    hold_lost_percent: Percent = 10
    hold_from_rows: PositiveInt = 3
    strike_name_days: Days = 400
    mail_days: Days = 400
    audit_days: AuditDays = 1100
    session_idle_minutes: PositiveInt = 30
    session_absolute_hours: PositiveInt = 12
    strike_session_hours: PositiveInt = 12
    second_person: bool | None = None
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_groups_claim: str = "groups"
    oidc_emails_verified_by: str = ""
    pool_size: PositiveInt = 5
    data: str = ".data/run"
    bind: str = "127.0.0.1"
    port: Port = 8000
    flower_port: Port = 5555
    mail_port: Port = 8025
    pg_bin: str = ""
    broker_bin: str = ""
    demo_size: Literal["small", "full"] = "full"

    @field_validator("database_passwords", "redis_passwords", "event_keys", "drop_folders")
    @classmethod
    def _lower_keys(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        return {name.lower(): secret for name, secret in value.items()}

    @field_validator(*SCHEMES)
    @classmethod
    def _is_address(cls, value: str, info: ValidationInfo) -> str:
        known = SCHEMES[info.field_name or ""]
        if value and not _is_url(value, known):
            shown = " or ".join(f"{scheme}://HOST" for scheme in known)
            raise ValueError(f"must be an address such as {shown}, special characters in its password as %XX")
        return _with_small_scheme(value)

    @field_validator("timezone")
    @classmethod
    def _is_time_zone(cls, value: str) -> str:
        try:
            return ZoneInfo(value).key
        except (KeyError, OSError) as error:
            raise ValueError("must be the name of a time zone, such as America/Los_Angeles") from error

    @field_validator("imap_url")
    @classmethod
    def _is_mailbox(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not _is_url(value.get_secret_value(), IMAP_SCHEMES):
            raise ValueError("must be an address such as imaps://USER:PASSWORD@HOST/INBOX, special characters as %XX")
        return SecretStr(_with_small_scheme(value.get_secret_value()))

    @field_validator("mail_from", "support_email", "bounce_address", "reply_address")
    @classmethod
    def _is_mail_address(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.field_name in ("bounce_address", "reply_address"):
            return value
        if parseaddr(value)[1].count("@") != 1:
            raise ValueError("must be one e-mail address")
        return value

    @model_validator(mode="after")
    def _is_on_its_port(self) -> Self:
        if "public_url" not in self.model_fields_set:
            self.public_url = f"http://127.0.0.1:{self.port}"
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        folder = os.environ.get(f"{PREFIX}SECRETS_DIR")
        if not folder:
            return (init_settings, env_settings)
        files = NestedSecretsSettingsSource(
            file_secret_settings, secrets_dir=folder, secrets_prefix=PREFIX, secrets_nested_delimiter="__"
        )
        return (init_settings, env_settings, files)

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def asks_second_person(self) -> bool:
        """Whether what operations give to others waits for the central office; without the setting, in production."""
        return self.production if self.second_person is None else self.second_person

    @property
    def demo_sign_in(self) -> bool:
        """Whether anybody may choose who to be: only in a demonstration that this machine alone can reach.

        A proxy in front, or a name that others know this machine by, says that others can.
        """
        named = [host.strip() for host in self.allowed_hosts.split(",") if host.strip()]
        reached_at = (self.bind, urlsplit(self.public_url).hostname or "", *named)
        behind_proxy = bool(self.trusted_proxies.strip())
        only_here = not behind_proxy and all(host in LOOPBACK for host in reached_at)
        return not self.production and not self.secure_cookies and only_here

    @property
    def flower_url(self) -> str:
        """Where a browser finds Flower: behind the sign-in in production, else on its own port of this machine."""
        return "/ops/flower" if self.production else f"http://127.0.0.1:{self.flower_port}"

    @property
    def secure_cookies(self) -> bool:
        return self.public_url.startswith("https://")

    def database_url_of(self, service: str) -> str:
        """The address of PostgreSQL for the role of one service.

        Raises SettingsError when that service's password is not set.
        """
        return bounded_url(_with_user(self.database_url, f"ses_{service}", self._secret("database_passwords", service)))

    def direct_url_of(self, service: str) -> str:
        """Like `database_url_of`, past a pooler: for LISTEN and what lasts longer than a transaction."""
        return bounded_url(_with_user(self.owner_url, f"ses_{service}", self._secret("database_passwords", service)))

    @property
    def owner_url(self) -> str:
        """The address of PostgreSQL itself, as its owner where the setting names one: for migrations and backups."""
        return self.database_direct_url or self.database_url

    @property
    def prepare_threshold(self) -> int | None:
        """After how many runs psycopg prepares a statement; never behind a pooler, whose servers change in between."""
        return None if self.database_direct_url else 5

    def redis_url_of(self, service: str) -> str:
        """The address of the broker for the user of one service; SettingsError without its password."""
        return _with_user(self.redis_url, service, self._secret("redis_passwords", service))

    def redis_password_of(self, user: str) -> str:
        """The password of one user of the broker; SettingsError when it is not set."""
        return self._secret("redis_passwords", user)

    def event_keys_of(self, service: str) -> list[bytes]:
        """The signing keys of a publisher, newest first: two while a key is being rotated."""
        return [key.encode() for key in self._secret("event_keys", service).split(",")]

    def check_secrets(self, *names: str) -> None:
        """SettingsError names each of these, such as `link_key` or `event_keys__rates`, that is missing or too short."""
        wrong = [
            name for name in dict.fromkeys(names) if min(len(part) for part in self._parts(name)) < SHORTEST_SECRET
        ]
        if wrong:
            names_shown = ", ".join(f"{PREFIX}{name.upper()}" for name in wrong)
            raise SettingsError(
                f"{names_shown} must be set, to at least {SHORTEST_SECRET} characters that nobody can guess:"
                " `ses secrets FOLDER` makes such files, docs/deployment.md says where they go."
            )

    def not_own(self) -> list[str]:
        """The SES_* names of what a district must give itself and that still names an example's address or phone."""
        return [f"{PREFIX}{name.upper()}" for name in OWN if _is_example(str(getattr(self, name)))]

    def check_own(self) -> None:
        """SettingsError in production where mails would go out in an example's name."""
        if self.production and (wrong := self.not_own()):
            raise SettingsError(
                f"{', '.join(wrong)} must be your own: what is set is an example, and people would be mailed in its name."
            )

    def _parts(self, name: str) -> list[str]:
        """The values of a secret: of a key that is being rotated the new and the old one, else one."""
        setting, _, service = name.partition("__")
        found = getattr(self, setting)
        secret: SecretStr | None = found.get(service) if service else found
        value = secret.get_secret_value() if secret else ""
        return value.split(",") if setting == "event_keys" else [value]

    def _secret(self, name: str, service: str) -> str:
        secret: SecretStr | None = getattr(self, name).get(service)
        if secret is None or not secret.get_secret_value():
            raise SettingsError(f"{PREFIX}{name.upper()}__{service.upper()} is not set: give the secret of {service}.")
        return secret.get_secret_value()


def _is_example(value: str) -> bool:
    """Whether a mail or web address, a domain or a phone is of those kept for examples (RFC 2606, RFC 6761, 555-01xx)."""
    return bool(_EXAMPLE.search(value))


def _is_url(value: str, schemes: Sequence[str]) -> bool:
    parts = urlsplit(value)
    try:
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of a port that is not a number, often a piece of a password
        return False


def _with_small_scheme(url: str) -> str:
    """The address with its scheme in small letters: whether there is TLS is asked of how it begins."""
    scheme, mark, rest = url.strip().partition(":")
    return f"{scheme.lower()}{mark}{rest}"


def own_secrets(service: str) -> list[str]:
    """The secrets that the web and the worker of a service both need, as `Settings.check_secrets` names them."""
    return [f"database_passwords__{service}", *(["link_key"] if service in ("notify", "sesr") else [])]


def _with_user(url: str, user: str, password: str) -> str:
    if not url:
        raise SettingsError("SES_DATABASE_URL and SES_REDIS_URL must name the servers, or use `make run`.")
    parts = urlsplit(url)
    host = parts.hostname or "127.0.0.1"
    port = f":{parts.port}" if parts.port else ""
    netloc = f"{quote(user)}:{quote(password, safe='')}@{host}{port}"
    return urlunsplit((parts.scheme, netloc, parts.path, parts.query, parts.fragment))


def unknown_names(environ: Mapping[str, str]) -> list[str]:
    """One sentence for each SES_* variable that no setting has, with the nearest real name."""
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    sentences = []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in known:
            continue
        head, _, service = name.partition("__")
        if head == f"{PREFIX}DROP_FOLDERS" and service:
            continue
        if head in known and service.lower() in (*SERVICES, "relay", "flower", "web", "default"):
            continue
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]}?" if near else " docs/operations.md lists the names."
        sentences.append(f"{name} is not a setting.{hint}")
    return sentences


def read_settings() -> Settings:
    """The settings from the environment; SettingsError names each that is malformed, and never shows its value."""
    try:
        return Settings()
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
    except Unreadable as error:
        raise SettingsError(f"{error}: give each secret by itself, such as {PREFIX}EVENT_KEYS__RATES.") from None
    raise SettingsError(" ".join(map(_malformed, problems)))


def _malformed(problem: ErrorDetails) -> str:
    name = "__".join(str(part) for part in problem["loc"]).upper()
    reason = problem.get("ctx", {}).get("error") or problem["msg"][0].lower() + problem["msg"][1:]
    return f"{PREFIX}{name}: {reason}."


@lru_cache
def settings() -> Settings:
    """The settings of this process; SettingsError names every SES_* variable that is misspelt or malformed."""
    sentences = unknown_names(os.environ)
    if sentences:
        raise SettingsError(" ".join(sentences))
    return read_settings()
