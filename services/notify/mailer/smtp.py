"""The connection to the mail server: builds the message, checks its headers, hands it over."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

TIMEOUT_SECONDS = 10.0


class HeaderRefused(ValueError):
    """A value that must not reach a mail header: control characters or an encoded word."""


class Letter(NamedTuple):
    """One mail as it is sent; `rcpt` is one address."""

    rcpt: str
    subject: str
    body: str
    html: str
    message_id: str


class Reply(NamedTuple):
    """The server's answer: `outcome` is sent, temporary or permanent; `text` what it said."""

    outcome: str
    text: str


def header_value(value: str) -> str:
    """The value if it may stand in a header; HeaderRefused otherwise (CVE-2024-6923 and plain injection)."""
    if "=?" in value or any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise HeaderRefused(f"not allowed in a mail header: {value[:80]!r}")
    return value


def message(letter: Letter, sender: str, reply_to: str, at: datetime | None = None) -> EmailMessage:
    """The letter as a message: text first, then HTML. HeaderRefused for a value that could break a header."""
    name, address = parseaddr(sender)
    if letter.rcpt.count("@") != 1 or "," in letter.rcpt:
        raise HeaderRefused(f"not one address: {letter.rcpt[:80]!r}")
    made = EmailMessage(policy=SMTP)
    made["From"] = Address(header_value(name), addr_spec=header_value(address))
    made["To"] = Address(addr_spec=header_value(letter.rcpt))
    made["Reply-To"] = Address(addr_spec=header_value(reply_to))
    made["Subject"] = header_value(letter.subject)
    made["Message-ID"] = header_value(letter.message_id)
    made["Date"] = format_datetime(at or datetime.now(UTC))
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(letter.body)
    made.add_alternative(letter.html, subtype="html")
    return made


@contextmanager
def connection(url: str) -> Iterator[smtplib.SMTP]:
    """An open connection to `smtp://`, `smtp+starttls://` or `smtps://` `[user:password@]host[:port]`."""
    parts = urlsplit(url)
    host, trusted = parts.hostname or "127.0.0.1", ssl.create_default_context()
    if cafile := parse_qs(parts.query).get("cafile"):
        trusted = ssl.create_default_context(cafile=cafile[0])
    server: smtplib.SMTP
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_SECONDS, context=trusted)
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT_SECONDS)
    try:
        if parts.scheme == "smtp+starttls":
            server.starttls(context=trusted)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server
    finally:
        server.close()


def send(server: smtplib.SMTP, made: EmailMessage, sender: str, rcpt: str) -> Reply:
    """Hands one message over. Raises OSError or SMTPServerDisconnected when the connection is gone."""
    try:
        server.send_message(made, from_addr=parseaddr(sender)[1], to_addrs=[rcpt])
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return Reply("permanent" if code >= 500 else "temporary", _shown(code, text))
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        return Reply("permanent" if error.smtp_code >= 500 else "temporary", _shown(error.smtp_code, error.smtp_error))
    return Reply("sent", "250 accepted")


def _shown(code: int, text: bytes | str) -> str:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"{code} {words}"[:500]
