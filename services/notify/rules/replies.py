"""A report that somebody wrote as a mail: for whom it came, who wrote it, whether that is proven, and what they wrote.

Whose a mail is, the district's own mail server says: in the topmost Authentication-Results header that bears its name
(RFC 8601), by DMARC. Such headers of others prove nothing, and the server removes those that only pretend to be its own.
"""

import email.policy
import re
import uuid
from collections.abc import Iterable
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import NamedTuple

from services.notify.rules.bounces import OTHER, report_of
from shared.emails import email_key

FORGED, MACHINE, UNKNOWN, WAITING = "forged", "machine", "unknown", "waiting"
MOST_TEXT = 2000
MOST_ANSWERS_A_DAY = 10
NAMESPACE = uuid.UUID("3f6c6f0e-5a0c-4f38-9f0c-0f6d5e3b8a11")
_COMMENT = re.compile(r"\([^()]*\)")
_SUFFIX = re.compile(r"[A-Za-z0-9-]{1,40}")
_MACHINES = ("List-Id", "List-Unsubscribe", "X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "Feedback-ID")


class WrittenReply(NamedTuple):
    """What a mail to the reply address says: its id, sender, school of the address, text; `outcome` where it is settled."""

    reply_id: uuid.UUID
    sender: str
    school_key: str
    text: str
    subject: str
    message_id: str
    written_at: datetime | None
    outcome: str


def school_of(addresses: Iterable[str], base: str) -> str | None:
    """The school that the reply address names behind a plus, empty where it names none; None for no reply address."""
    local, _, domain = base.lower().rpartition("@")
    for address in addresses:
        name, _, host = address.strip().lower().rpartition("@")
        start, _, suffix = name.partition("+")
        if base and (start, host) == (local, domain):
            return suffix if _SUFFIX.fullmatch(suffix) else ""
    return None


def read_reply(raw: bytes, school_key: str, server: str, own_addresses: Iterable[str]) -> WrittenReply:
    """A mail to the reply address. `server` is the name under which the district's mail server writes its results."""
    read = message_from_bytes(raw, policy=email.policy.default)
    senders = [address for _, address in getaddresses([str(value) for value in read.get_all("From", [])])]
    sender = email_key(senders[0]) if len(senders) == 1 else ""
    message_id = " ".join(str(read.get("Message-ID", "")).split())[:300]
    outcome = WAITING
    if report_of(raw, own_addresses).kind != OTHER or _is_machine(read):
        outcome = MACHINE
    elif not sender or not _is_proven(read, sender, server):
        outcome = FORGED
    text = _text(read)
    return WrittenReply(
        uuid.uuid5(NAMESPACE, f"{sender} {message_id or text}"),
        sender,
        school_key,
        text,
        " ".join(str(read.get("Subject", "")).split())[:200],
        message_id,
        _written_at(read),
        outcome,
    )


def _is_machine(read: Message) -> bool:
    """An answer of a machine (RFC 3834), of a list or of a newsletter: nobody counted anything."""
    automatic = " ".join(str(read.get("Auto-Submitted", "no")).split()).lower()
    precedence = str(read.get("Precedence", "")).strip().lower()
    return (
        not automatic.startswith("no")
        or precedence in ("bulk", "junk", "list", "auto_reply")
        or any(read[name] for name in _MACHINES)
        or str(read.get("Return-Path", "")).strip() == "<>"
    )


def _is_proven(read: Message, sender: str, server: str) -> bool:
    """Whether the own server found by DMARC that the mail comes from the domain that its From names."""
    for value in read.get_all("Authentication-Results", []):
        plain = " ".join(str(value).split())
        while plain != (plain := _COMMENT.sub(" ", plain)):
            continue
        name, _, results = plain.partition(";")
        if not server or name.split()[:1] != [server]:
            continue
        for result in results.split(";"):
            words = result.split()
            if words[:1] == ["dmarc=pass"]:
                froms = [word.partition("=")[2] for word in words if word.lower().startswith("header.from=")]
                return [each.strip('"').lower() for each in froms] == [sender.rpartition("@")[2]]
        return False
    return False


def _text(read: EmailMessage | Message) -> str:
    """The plain text, its end left out where it is longer than MOST_TEXT, which no report is."""
    body = read.get_body(("plain",)) if isinstance(read, EmailMessage) else None
    try:
        content = "" if body is None else str(body.get_content())
    except (LookupError, UnicodeError):
        content = ""
    return content.replace("\r\n", "\n").replace("\x00", "").strip()[:MOST_TEXT]


def _written_at(read: Message) -> datetime | None:
    try:
        at = parsedate_to_datetime(str(read.get("Date", "")))
    except (ValueError, TypeError, IndexError):
        return None
    return at if at.tzinfo is not None else None
