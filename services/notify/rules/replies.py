"""A report that somebody wrote as a mail: for whom it came, who wrote it, whether that is proven, and what they wrote.

Whose a mail is, the district's own mail server says: in the topmost Authentication-Results header that bears its name
(RFC 8601), by DMARC. Such headers of others prove nothing, and the server removes those that only pretend to be its own.
"""

import re
import uuid
from collections.abc import Iterable
from datetime import datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from services.notify.rules.authentication import is_dmarc_pass
from services.notify.rules.bounces import OTHER, BounceReport, addressed_to, report_of
from services.notify.rules.mail_texts import header, headers, parsed, plain_text, senders, subject
from shared.emails import email_key

FORGED, MACHINE, UNKNOWN, WAITING = "forged", "machine", "unknown", "waiting"
MOST_TEXT = 2000
MOST_ANSWERS_A_DAY = 10
NAMESPACE = uuid.UUID("3f6c6f0e-5a0c-4f38-9f0c-0f6d5e3b8a11")
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


class MailRead(NamedTuple):
    """All that a mail in the mailbox says: for whom it came, what it is as a report of a server, and as a person's."""

    addresses: list[str]
    report: BounceReport
    reply: WrittenReply


def read_mail(raw: bytes, server: str, own_addresses: Iterable[str]) -> MailRead:
    """A mail as plain texts; its reply is for no school yet. Raises what the readers of a broken mail raise."""
    own = tuple(own_addresses)
    return MailRead(addressed_to(raw), report_of(raw, own), read_reply(raw, "", server, own))


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
    read = parsed(raw)
    named = senders(read)
    sender = email_key(named[0]) if len(named) == 1 else ""
    message_id = header(read, "Message-ID")[:300]
    outcome = WAITING
    if report_of(raw, own_addresses).kind != OTHER or _is_machine(read):
        outcome = MACHINE
    elif not sender or not _is_proven(read, sender, server):
        outcome = FORGED
    text = plain_text(read).strip()[:MOST_TEXT]  # no report is longer
    return WrittenReply(
        uuid.uuid5(NAMESPACE, f"{sender} {message_id or text}"),
        sender,
        school_key,
        text,
        subject(read)[:200],
        message_id,
        _written_at(read),
        outcome,
    )


def _is_machine(read: Message) -> bool:
    """An answer of a machine (RFC 3834), of a list or of a newsletter: nobody counted anything."""
    automatic = header(read, "Auto-Submitted", "no").lower()
    precedence = header(read, "Precedence").lower()
    return (
        not automatic.startswith("no")
        or precedence in ("bulk", "junk", "list", "auto_reply")
        or any(read[name] for name in _MACHINES)
        or header(read, "Return-Path") == "<>"
    )


def _is_proven(read: Message, sender: str, server: str) -> bool:
    """Whether the own server found by DMARC that the mail comes from the domain that its From names."""
    found = (
        is_dmarc_pass(value, server, sender.rpartition("@")[2]) for value in headers(read, "Authentication-Results")
    )
    return next((each for each in found if each is not None), False)


def _written_at(read: Message) -> datetime | None:
    try:
        at = parsedate_to_datetime(header(read, "Date"))
    except (ValueError, TypeError, IndexError, ArithmeticError):
        return None
    return at if at.tzinfo is not None else None
