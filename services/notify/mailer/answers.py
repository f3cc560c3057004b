"""The mail that answers a report written as a mail: a few words, marked as a machine's, in the thread of its own."""

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Protocol
from uuid import UUID

from services.notify.mailer.messages import SUPPRESSED, header_value, one_address

_NOT_SHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]|=\?")
_MESSAGE_ID = re.compile(r"<[^<>\s@]{1,200}@[^<>\s@]{1,200}>")


class AnsweredReply(Protocol):
    """What is answered: whose it is, its subject and Message-ID as they came, and the words of the answer."""

    reply_id: UUID
    sender: str
    subject: str
    message_id: str
    answer: str


def answer_mail(reply: AnsweredReply, sender: str, reply_to: str, domain: str) -> bytes:
    """The answer as it goes over the wire. HeaderRefused for what could break a header.

    Its Message-ID follows from the reply's, so that a copy of it is known as one.
    """
    name, address = parseaddr(sender)
    made = EmailMessage(policy=SMTP)
    made["From"] = Address(header_value(name), addr_spec=one_address(address))
    made["To"] = Address(addr_spec=one_address(reply.sender))
    made["Reply-To"] = Address(addr_spec=one_address(reply_to))
    subject = " ".join(_NOT_SHOWN.sub(" ", reply.subject).split()) or "Strike report"
    made["Subject"] = header_value(subject if subject.lower().startswith("re:") else f"Re: {subject}")
    made["Message-ID"] = f"<reply-{reply.reply_id}@{domain}>"
    if _MESSAGE_ID.fullmatch(reply.message_id):
        made["In-Reply-To"] = made["References"] = header_value(reply.message_id)
    made["Date"] = format_datetime(datetime.now(UTC))
    made["Auto-Submitted"] = "auto-replied"
    made["X-Auto-Response-Suppress"] = SUPPRESSED
    made.set_content(f"{reply.answer}\n")
    return made.as_bytes()
