"""A letter as the bytes that go over the wire: checked headers, text, page and workbook."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import NamedTuple

from shared.emails import email_key
from shared.files.workbooks import XLSX_TYPE

HEADERS = (
    "From", "To", "Reply-To", "Subject", "Message-ID", "Date", "Auto-Submitted", "X-Auto-Response-Suppress",
    "MIME-Version", "Content-Type",
)  # fmt: skip
MAY_HAVE = ("In-Reply-To", "References", "List-Unsubscribe")
# Not `All`: reports of mails that cannot be delivered are to come back.
SUPPRESSED = "DR, RN, NRN, OOF, AutoReply"
CRLF = "\r\n"
_NAME = re.compile(rb"(?m)^([^\s:]+):")
_LINE_END = re.compile(r"\r\n|\r|\n")
_NOT_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9._-]")


class HeaderRefused(ValueError):
    """A value that must not reach a mail header: control characters or an encoded word."""


class Attachment(NamedTuple):
    name: str
    content: bytes


class Letter(NamedTuple):
    """One mail as it is sent; `rcpt` is one address, `preferences` where its reader chooses which mails come."""

    rcpt: str
    subject: str
    body: str
    html: str
    message_id: str
    attachment: Attachment | None = None
    in_reply_to: str = ""
    preferences: str = ""


def header_value(value: str) -> str:
    """The value if it may be in a header; HeaderRefused otherwise (CVE-2024-6923 and plain injection)."""
    if "=?" in value or any(ord(c) < 32 or ord(c) in (127, 0x85, 0x2028, 0x2029) for c in value):
        raise HeaderRefused(f"not allowed in a mail header: {value[:80]!r}")
    return value


def one_address(value: str) -> str:
    """The value if it is one address, by the rule by which the directory takes one; HeaderRefused otherwise."""
    if not email_key(value):
        raise HeaderRefused(f"not one address: {value[:80]!r}")
    return header_value(value)


def message(letter: Letter, sender: str, reply_to: str, at: datetime | None = None) -> bytes:
    """The letter as it goes over the wire: text, HTML, attachment. HeaderRefused for what could break a header."""
    head, content = _headers(letter, sender, reply_to, at or datetime.now(UTC)), _content(letter)
    names = [found.decode() for found in _NAME.findall(head + content.partition(b"\r\n\r\n")[0])]
    if sorted(name for name in names if name not in MAY_HAVE) != sorted(HEADERS) or len(set(names)) < len(names):
        raise HeaderRefused(f"the mail would have the headers {', '.join(names)[:200]}")
    return head + content


def _headers(letter: Letter, sender: str, reply_to: str, at: datetime) -> bytes:
    """The lines of the headers up to MIME-Version."""
    name, address = parseaddr(sender)
    made = EmailMessage(policy=SMTP)
    try:
        made["From"] = Address(header_value(name), addr_spec=one_address(address))
        made["To"] = Address(addr_spec=one_address(letter.rcpt))
        made["Reply-To"] = Address(addr_spec=one_address(reply_to))
        made["Message-ID"] = header_value(letter.message_id)
        for name in ("In-Reply-To", "References") if letter.in_reply_to else ():
            made[name] = header_value(letter.in_reply_to)
    except (ValueError, IndexError, MessageError) as error:
        raise HeaderRefused(str(error)) from error
    made["Date"] = format_datetime(at)
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = SUPPRESSED
    if letter.preferences:
        made["List-Unsubscribe"] = f"<{header_value(letter.preferences)}>"
    made["MIME-Version"] = "1.0"
    return made.as_bytes().removesuffix(b"\r\n") + _subject(header_value(letter.subject))


def _subject(text: str) -> bytes:
    """The line of the subject, folded at its spaces; its first line is never empty, as some mail programs show that."""
    made = Header(text, "us-ascii" if text.isascii() else "utf-8", header_name="Subject")
    return f"Subject: {made.encode(linesep=CRLF)}{CRLF}".encode()


def _content(letter: Letter) -> bytes:
    """The content with its own headers. Text is quoted-printable and the rest base64: no line can pass for a boundary."""
    text = binascii.b2a_qp((_LINE_END.sub("\r\n", letter.body) + "\r\n").encode())
    page = base64.encodebytes(letter.html.encode()).replace(b"\n", b"\r\n")
    words = _parts(
        letter,
        "alternative",
        [
            _part('text/plain; charset="utf-8"', "quoted-printable", text),
            _part('text/html; charset="utf-8"', "base64", page),
        ],
    )
    if letter.attachment is None:
        return words
    name = _NOT_IN_FILE_NAMES.sub("-", letter.attachment.name)
    book = base64.encodebytes(letter.attachment.content).replace(b"\n", b"\r\n")
    return _parts(letter, "mixed", [words, _part(XLSX_TYPE, "base64", book, f'attachment; filename="{name}"')])


def _part(kind: str, encoding: str, content: bytes, disposition: str = "") -> bytes:
    lines = [f"Content-Type: {kind}", f"Content-Transfer-Encoding: {encoding}"]
    lines += [f"Content-Disposition: {disposition}"] if disposition else []
    return "\r\n".join([*lines, "", ""]).encode() + content


def _parts(letter: Letter, kind: str, parts: Iterable[bytes]) -> bytes:
    """A multipart of these parts; its boundary follows from the Message-ID."""
    boundary = f"=_{kind}_{hashlib.sha256(letter.message_id.encode()).hexdigest()[:24]}".encode()
    head = b"Content-Type: multipart/" + kind.encode() + b'; boundary="' + boundary + b'"\r\n\r\n'
    return head + b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"
