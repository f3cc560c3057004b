"""The connection to the mail server, and handing a message over."""

import re
import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import parseaddr
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from services.notify.mailer.messages import HeaderRefused
from services.notify.rules.delivery import AUTH, MESSAGE, SENT, TEMPORARY, TIMEOUT, failure_of

TIMEOUT_SECONDS = 10.0
# A server that scans or passes on a mail before it answers takes its time; RFC 5321 asks for much patience here.
TEXT_SECONDS = 120.0
_DOT = re.compile(rb"(?m)^\.")


class Interrupted(Exception):
    """The connection broke. `unknown`: after the whole mail was handed over, so that it may have been accepted."""

    def __init__(self, failure: str, words: str, *, unknown: bool) -> None:
        super().__init__(words)
        self.failure = failure
        self.unknown = unknown


class Reply(NamedTuple):
    """The server's answer: `outcome` is sent or a class of failure (rules/delivery.py); `words` what it said."""

    outcome: str
    words: str


class Server(NamedTuple):
    """A connection, and how long the server took to answer its greeting."""

    smtp: smtplib.SMTP
    round_trip: float

    @property
    def is_open(self) -> bool:
        """Whether neither side has hung up, as far as we have noticed."""
        return self.smtp.sock is not None


@contextmanager
def connection(url: str, own_name: str | None = None) -> Iterator[Server]:
    """An open connection to `smtp://`, `smtp+starttls://` or `smtps://` `[user:password@]host[:port]`.

    We greet as `own_name`: this machine's own may be `localhost`, which many a mail server refuses.
    Raises Interrupted when the server cannot be reached or does not let us in.
    """
    try:
        server = _connect(url, own_name)
    except smtplib.SMTPAuthenticationError as error:
        raise Interrupted(AUTH, _shown(error.smtp_code, error.smtp_error), unknown=False) from error
    except smtplib.SMTPResponseException as error:
        words = _shown(error.smtp_code, error.smtp_error)
        raise Interrupted(failure_of(error.smtp_code, words, stage="connect"), words, unknown=False) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Interrupted(TIMEOUT, f"{type(error).__name__}: {error}", unknown=False) from error
    try:
        yield server
    finally:
        server.smtp.close()


@lru_cache(maxsize=4)
def _trusted(cafile: str | None) -> ssl.SSLContext:
    """Whose certificates are believed; the system's own unless a file is named. Loading them takes 20 ms."""
    return ssl.create_default_context(cafile=cafile)


def _connect(url: str, own_name: str | None) -> Server:
    parts = urlsplit(url)
    host, cafile = parts.hostname or "127.0.0.1", parse_qs(parts.query).get("cafile", [None])[0]
    made: smtplib.SMTP
    if parts.scheme == "smtps":
        made = smtplib.SMTP_SSL(host, parts.port or 465, own_name, timeout=TIMEOUT_SECONDS, context=_trusted(cafile))
    else:
        made = smtplib.SMTP(host, parts.port or 25, own_name, timeout=TIMEOUT_SECONDS)
    try:
        if parts.scheme == "smtp+starttls":
            made.starttls(context=_trusted(cafile))
        if parts.username:
            made.login(unquote(parts.username), unquote(parts.password or ""))
        began = time.perf_counter()
        made.ehlo()
        return Server(made, time.perf_counter() - began)
    except BaseException:
        made.close()
        raise


def send(server: smtplib.SMTP, raw: bytes, sender: str, rcpt: str) -> Reply:
    """Hands one message over. Raises Interrupted when the connection breaks."""
    handed_over = False
    try:
        for stage, command in (
            ("sender", f"MAIL FROM:<{parseaddr(sender)[1]}>"),
            ("recipient", f"RCPT TO:<{rcpt}>"),
            ("data", "DATA"),
        ):
            code, words = server.docmd(command)
            if code >= 400:
                return _refused(server, code, words, stage)
        _wait_at_most(server, TEXT_SECONDS)
        server.send(_DOT.sub(b"..", raw) + (b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n"))
        handed_over = True
        code, words = server.getreply()
        _wait_at_most(server, TIMEOUT_SECONDS)
    except TimeoutError as error:
        raise Interrupted(TIMEOUT, f"no answer: {error}", unknown=handed_over) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Interrupted(TEMPORARY, f"{type(error).__name__}: {error}", unknown=handed_over) from error
    if code >= 400:
        return _refused(server, code, words, "data")
    return Reply(SENT, _shown(code, words))


def _wait_at_most(server: smtplib.SMTP, seconds: float) -> None:
    if server.sock is not None:
        server.sock.settimeout(seconds)


def _refused(server: smtplib.SMTP, code: int, words: bytes, stage: str) -> Reply:
    """The server's answer, also where it hangs up after it."""
    shown = _shown(code, words)
    if code != 421:
        with suppress(OSError, smtplib.SMTPException):
            server.docmd("RSET")
    return Reply(failure_of(code, shown, stage=stage), shown)


def unsendable(error: HeaderRefused) -> Reply:
    """The reply for a mail that must not be handed over at all."""
    return Reply(MESSAGE, str(error))


def _shown(code: int, text: bytes | str) -> str:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"{code} {words}"[:500]
