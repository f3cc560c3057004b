"""The connection to the mail server: builds the message, checks its headers, hands it over."""

import re
import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from services.notify.rules.delivery import AUTH, MESSAGE, SENT, TEMPORARY, TIMEOUT, failure_of
from shared.workbooks import XLSX_TYPE

TIMEOUT_SECONDS = 10.0
HEADERS = (
    "From", "To", "Reply-To", "Subject", "Message-ID", "Date", "Auto-Submitted", "X-Auto-Response-Suppress",
    "MIME-Version", "Content-Type",
)  # fmt: skip
_DOT = re.compile(rb"(?m)^\.")
_NAME = re.compile(rb"(?m)^([^\s:]+):")


class HeaderRefused(ValueError):
    """A value that must not reach a mail header: control characters or an encoded word."""


class Interrupted(Exception):
    """The connection broke. `unknown`: after the whole mail was handed over, so that it may have been accepted."""

    def __init__(self, failure: str, words: str, *, unknown: bool) -> None:
        super().__init__(words)
        self.failure = failure
        self.unknown = unknown


class Attachment(NamedTuple):
    name: str
    content: bytes


class Letter(NamedTuple):
    """One mail as it is sent; `rcpt` is one address."""

    rcpt: str
    subject: str
    body: str
    html: str
    message_id: str
    attachment: Attachment | None = None


class Reply(NamedTuple):
    """The server's answer: `outcome` is sent or a class of failure (rules/delivery.py); `words` what it said."""

    outcome: str
    words: str


class Server(NamedTuple):
    """An open connection, and how long the server took to answer its greeting."""

    smtp: smtplib.SMTP
    round_trip: float


def header_value(value: str) -> str:
    """The value if it may stand in a header; HeaderRefused otherwise (CVE-2024-6923 and plain injection)."""
    if "=?" in value or any(ord(c) < 32 or ord(c) in (127, 0x85, 0x2028, 0x2029) for c in value):
        raise HeaderRefused(f"not allowed in a mail header: {value[:80]!r}")
    return value


def one_address(value: str) -> str:
    """The value if it is one plain address; HeaderRefused otherwise."""
    if value.count("@") != 1 or not value.isascii() or re.search(r"[\s,;<>\"()\[\]\\]", value):
        raise HeaderRefused(f"not one address: {value[:80]!r}")
    return header_value(value)


def message(letter: Letter, sender: str, reply_to: str, at: datetime | None = None) -> bytes:
    """The letter as it goes over the wire: text, HTML, attachment. HeaderRefused for what could break a header."""
    name, address = parseaddr(sender)
    made = EmailMessage(policy=SMTP)
    try:
        made["From"] = Address(header_value(name), addr_spec=one_address(address))
        made["To"] = Address(addr_spec=one_address(letter.rcpt))
        made["Reply-To"] = Address(addr_spec=one_address(reply_to))
        made["Subject"] = header_value(letter.subject)
        made["Message-ID"] = header_value(letter.message_id)
    except (ValueError, IndexError) as error:
        raise HeaderRefused(str(error)) from error
    made["Date"] = format_datetime(at or datetime.now(UTC))
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    made.set_content(letter.body)
    made.add_alternative(letter.html, subtype="html", cte="base64")
    if letter.attachment is not None:
        kind, _, subtype = XLSX_TYPE.partition("/")
        made.add_attachment(
            letter.attachment.content, maintype=kind, subtype=subtype, filename=header_value(letter.attachment.name)
        )
    raw = made.as_bytes()
    names = [found.decode() for found in _NAME.findall(raw.partition(b"\r\n\r\n")[0])]
    if sorted(names) != sorted(HEADERS):
        raise HeaderRefused(f"the mail would have the headers {', '.join(names)[:200]}")
    return raw


@contextmanager
def connection(url: str) -> Iterator[Server]:
    """An open connection to `smtp://`, `smtp+starttls://` or `smtps://` `[user:password@]host[:port]`.

    Raises Interrupted when the server cannot be reached or does not let us in.
    """
    try:
        server = _connect(url)
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


def _connect(url: str) -> Server:
    parts = urlsplit(url)
    host, trusted = parts.hostname or "127.0.0.1", ssl.create_default_context()
    if cafile := parse_qs(parts.query).get("cafile"):
        trusted = ssl.create_default_context(cafile=cafile[0])
    made: smtplib.SMTP
    if parts.scheme == "smtps":
        made = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_SECONDS, context=trusted)
    else:
        made = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT_SECONDS)
    try:
        if parts.scheme == "smtp+starttls":
            made.starttls(context=trusted)
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
        handed_over = True
        server.send(_DOT.sub(b"..", raw) + (b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n"))
        code, words = server.getreply()
    except TimeoutError as error:
        raise Interrupted(TIMEOUT, f"no answer: {error}", unknown=handed_over) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Interrupted(TEMPORARY, f"{type(error).__name__}: {error}", unknown=handed_over) from error
    if code >= 400:
        return _refused(server, code, words, "data")
    return Reply(SENT, _shown(code, words))


def _refused(server: smtplib.SMTP, code: int, words: bytes, stage: str) -> Reply:
    shown = _shown(code, words)
    if code != 421:
        server.docmd("RSET")
    return Reply(failure_of(code, shown, stage=stage), shown)


def unsendable(error: HeaderRefused) -> Reply:
    """The reply for a mail that must not be handed over at all."""
    return Reply(MESSAGE, str(error))


def _shown(code: int, text: bytes | str) -> str:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"{code} {words}"[:500]
