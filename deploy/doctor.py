"""`ses doctor`: looks at what an installation needs and says what to do; it changes nothing and mails nobody."""

import json
import smtplib
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import LiteralString, NamedTuple
from urllib.parse import urlsplit

import httpx2
import psycopg
import redis

from deploy.embedded.servers import OLDEST
from services.notify.mailer.smtp import Interrupted, connection
from shared.migrations import known
from shared.ops.metrics import disk_free
from shared.ops.state import DISK_FREE
from shared.settings import SERVICES, SettingsError, settings

SKEW_SECONDS = 5.0
CERTIFICATE_DAYS = 21
WAIT_SECONDS = 5.0
_SERVER: LiteralString = """
    select current_setting('server_version_num')::int / 10000 as major,
    current_setting('max_connections')::int as connections, extract(epoch from now())::float8 as now
    """
_TABLES: LiteralString = "select version_num from alembic_version"
_FAILURES = (
    OSError, psycopg.Error, redis.RedisError, httpx2.HTTPError, Interrupted, smtplib.SMTPException, SettingsError,
    ValueError,
)  # fmt: skip


class Finding(NamedTuple):
    """One thing that was looked at: whether it is well, what was seen, and what to do where it is not."""

    name: str
    well: bool
    seen: str
    do: str = ""


def findings() -> Iterator[Finding]:
    """Everything that is looked at, one after another."""
    for name, look, do in LOOKS:
        try:
            yield from look()
        except _FAILURES as error:
            yield Finding(name, False, f"{type(error).__name__}: {error}".splitlines()[0], do)


def _own() -> Iterator[Finding]:
    wrong = settings().not_own()
    sentence = f"{', '.join(wrong)}: still the example's" if wrong else "sender, support and public address are given"
    yield Finding("settings", not wrong, sentence, "Give your own values; docs/operations.md lists the settings.")


def _names() -> Iterator[Finding]:
    current = settings()
    for name in ("public_url", "database_url", "redis_url", "smtp_url", "oidc_issuer"):
        host = urlsplit(getattr(current, name)).hostname
        if not host:
            continue
        label = f"name of SES_{name.upper()}"
        try:
            found = socket.getaddrinfo(host, None)[0][4][0]
            yield Finding(label, True, f"{host} is {found}")
        except OSError as error:
            yield Finding(label, False, f"{host}: {error}", "Correct the setting, or add the name to your DNS.")


def _database() -> Iterator[Finding]:
    for service in SERVICES:
        with psycopg.connect(settings().direct_url_of(service), autocommit=True, connect_timeout=5) as session:
            row = session.execute(_SERVER).fetchone()
            assert row is not None
            if service == SERVICES[0]:
                yield from _server(*row)
            (migration,) = session.execute(_TABLES).fetchone() or ("",)
        do = "Run `ses migrate` with this version of the program."
        yield Finding(f"tables of {service}", migration in known(service), f"migration {migration or 'none'}", do)


def _server(major: int, connections: int, now: float) -> Iterator[Finding]:
    yield Finding("PostgreSQL", major >= OLDEST, f"version {major}", f"Use PostgreSQL {OLDEST} or newer.")
    needed = (settings().pool_size + 2) * len(SERVICES) * 2 + 2 * len(SERVICES)
    do = "Raise max_connections, or put a pooler in front (SES_DATABASE_DIRECT_URL)."
    yield Finding("connections", connections >= needed, f"{connections} allowed, up to {needed} used", do)
    skew = abs(now - datetime.now(UTC).timestamp())
    yield Finding("clock", skew < SKEW_SECONDS, f"{skew:.1f} s from the database's", "Set both clocks by NTP.")


def _broker() -> Iterator[Finding]:
    for service in SERVICES:
        url = settings().redis_url_of(service)
        with closing(redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=3)) as client:
            waiting = client.llen(f"{service}.events")
            yield Finding(f"broker as {service}", True, f"answers, {waiting} events waiting")


def _mail() -> Iterator[Finding]:
    with connection(settings().smtp_url, settings().mail_domain) as server:
        greeting = server.smtp.noop()[0]
        yield Finding("mail server", greeting == 250, f"answers in {server.round_trip:.2f} s, lets us in")


def _certificate() -> Iterator[Finding]:
    address = urlsplit(settings().public_url)
    if address.scheme != "https":
        do = "Give SES_PUBLIC_URL as https://..., unless this machine is only for trying it out."
        yield Finding("https", not settings().production, settings().public_url, do)
        return
    context = ssl.create_default_context()
    place = (address.hostname or "", address.port or 443)
    with (
        socket.create_connection(place, timeout=WAIT_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=address.hostname) as secure,
    ):
        ends = ssl.cert_time_to_seconds(str((secure.getpeercert() or {})["notAfter"]))
    days = (ends - datetime.now(UTC).timestamp()) / 86_400
    yield Finding("https", days > CERTIFICATE_DAYS, f"the certificate ends in {days:.0f} days", "Renew it now.")


def _sign_in() -> Iterator[Finding]:
    issuer = settings().oidc_issuer
    if not issuer:
        do = "Name your provider by SES_OIDC_ISSUER and SES_OIDC_CLIENT_ID (docs/access.md)."
        yield Finding("sign-in", not settings().production, "no provider is named", do)
        return
    answer = httpx2.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout=WAIT_SECONDS)
    said = answer.raise_for_status().json().get("issuer", "")
    do = f"Give SES_OIDC_ISSUER exactly as the provider spells it: {said}"
    yield Finding("sign-in", said == issuer, f"the provider calls itself {said}", do)


def _disk() -> Iterator[Finding]:
    free = disk_free()
    yield Finding("disk", free >= DISK_FREE, f"{free:.0%} free", "Make room: nothing is accepted on a full disk.")


LOOKS: tuple[tuple[str, Callable[[], Iterator[Finding]], str], ...] = (
    ("settings", _own, "Correct the setting that is named."),
    ("names", _names, "Correct the setting that is named."),
    ("database", _database, "Start PostgreSQL, or correct SES_DATABASE_URL and the services' passwords."),
    ("broker", _broker, "Start the broker, correct SES_REDIS_URL, or give it the users of `ses acl`."),
    ("mail server", _mail, "Correct SES_SMTP_URL: name, port, starttls, user and password."),
    ("https", _certificate, "Start the entrance, and give it a certificate for the public address."),
    ("sign-in", _sign_in, "Correct SES_OIDC_ISSUER, or let this machine reach the provider."),
    ("disk", _disk, "Make room on the disk."),
)


def main(as_json: bool) -> None:
    """Prints each finding as it is made; ends with 1 where something is not well."""
    found = []
    for finding in findings():
        found.append(finding)
        if not as_json:
            print(f"{'ok  ' if finding.well else 'FAIL'} {finding.name}: {finding.seen}", flush=True)
            if not finding.well and finding.do:
                print(f"     {finding.do}", flush=True)
    if as_json:
        print(json.dumps([finding._asdict() for finding in found], indent=2))
    sys.exit(0 if all(finding.well for finding in found) else 1)
