"""The connection to the mail server, and handing a message over."""

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import parseaddr
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from services.notify.mailer.messages import HeaderRefused, one_address
from services.notify.rules.refusals import AUTH, CERTIFICATE, MESSAGE, SENT, TEMPORARY, TIMEOUT, failure_of

# How long to reach a server, and how long to wait for its answers (RFC 5321, 4.5.3.2): for the greeting and for a command,
# and for the text of a mail, which it may scan or pass on before it answers.
TIMEOUT_SECONDS = 10.0
GREETING_SECONDS = 300.0
COMMAND_SECONDS = 300.0
TEXT_SECONDS = 600.0
# All that one mail may take, so that no other sender claims it meanwhile.
MAIL_SECONDS = 720.0
_DOT = re.compile(rb"(?m)^\.")


class Interrupted(Exception):
    """The connection broke. `unknown`: after the whole mail was handed over, so that it may have been accepted.

    `of_one`: about this one recipient, so that the others need not wait.
    """

    def __init__(self, failure: str, words: str, *, unknown: bool, of_one: bool = False) -> None:
        super().__init__(words)
        self.failure = failure
        self.unknown = unknown
        self.of_one = of_one


class _Smtp(smtplib.SMTP):
    """Connects within TIMEOUT_SECONDS, then waits for the greeting as long as RFC 5321 asks."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return _patient(super()._get_socket(host, port, timeout))  # type: ignore[misc]


class _Smtps(smtplib.SMTP_SSL):
    """The same over TLS from the start."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return _patient(super()._get_socket(host, port, timeout))  # type: ignore[misc]


def _patient(connected: socket.socket) -> socket.socket:
    connected.settimeout(GREETING_SECONDS)
    return connected


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
    except ssl.SSLCertVerificationError as error:
        raise Interrupted(CERTIFICATE, _of_certificate(url, error), unknown=False) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Interrupted(TIMEOUT, f"{type(error).__name__}: {error}", unknown=False) from error
    try:
        yield server
    finally:
        server.smtp.close()


def _of_certificate(url: str, error: ssl.SSLCertVerificationError) -> str:
    """What is wrong with the mail server's certificate, and what to do."""
    host, reason = urlsplit(url).hostname or "", error.verify_message
    if "expired" in reason:
        return f"The certificate of {host} has expired. Ask whoever runs the mail server to renew it."
    if "match" in reason:
        return f"The certificate of the mail server is for another name than {host}. Correct the name in SES_SMTP_URL."
    return f"The certificate of {host} is not trusted ({reason}). Name its issuer with ?cafile= in SES_SMTP_URL."


@lru_cache(maxsize=4)
def _trusted(cafile: str | None) -> ssl.SSLContext:
    """Whose certificates are believed; the system's own unless a file is named. Loading them takes 20 ms."""
    return ssl.create_default_context(cafile=cafile)


def _connect(url: str, own_name: str | None) -> Server:
    parts = urlsplit(url)
    host, cafile = parts.hostname or "127.0.0.1", parse_qs(parts.query).get("cafile", [None])[0]
    made: smtplib.SMTP
    if parts.scheme == "smtps":
        made = _Smtps(host, parts.port or 465, own_name, timeout=TIMEOUT_SECONDS, context=_trusted(cafile))
    else:
        made = _Smtp(host, parts.port or 25, own_name, timeout=TIMEOUT_SECONDS)
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
    """Hands one message over. Raises Interrupted when the connection breaks, HeaderRefused for what is not an address."""
    to = one_address(rcpt)
    handed_over = False
    stage = "sender"
    ends_at = time.monotonic() + MAIL_SECONDS
    try:
        for stage, command in (
            ("sender", f"MAIL FROM:<{parseaddr(sender)[1]}>"),
            ("recipient", f"RCPT TO:<{to}>"),
            ("data", "DATA"),
        ):
            _wait_at_most(server, COMMAND_SECONDS, ends_at)
            code, words = server.docmd(command)
            if code >= 400:
                return _refused(server, code, words, stage)
        stage = "data"
        _wait_at_most(server, TEXT_SECONDS, ends_at)
        server.send(_DOT.sub(b"..", raw) + (b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n"))
        handed_over = True
        code, words = server.getreply()
    except TimeoutError as error:
        of_one = stage == "recipient"
        failure = TEMPORARY if of_one else TIMEOUT
        raise Interrupted(failure, f"no answer: {error}", unknown=handed_over, of_one=of_one) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Interrupted(TEMPORARY, f"{type(error).__name__}: {error}", unknown=handed_over) from error
    if code >= 400:
        return _refused(server, code, words, "data")
    return Reply(SENT, _shown(code, words))


def _wait_at_most(server: smtplib.SMTP, seconds: float, ends_at: float) -> None:
    if server.sock is not None:
        server.sock.settimeout(max(0.1, min(seconds, ends_at - time.monotonic())))


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
