"""Mail that comes back: the signed address that it comes back to, and what a report of another mail server says."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from email.message import Message
from typing import NamedTuple

from services.notify.rules.mail_texts import ADDRESS_LONGEST, addresses, header, parsed, plain_text, senders, subject

FAILED, DELAYED, DELIVERED, AWAY, LOOP, OTHER = "failed", "delayed", "delivered", "away", "loop", "other"
_ACTIONS = {"failed": FAILED, "delayed": DELAYED, "delivered": DELIVERED, "relayed": DELIVERED, "expanded": DELIVERED}
# Where mail servers write down for which address a mail came, the most exact first.
_ENVELOPE = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc")
_SUFFIX = re.compile(r"(\d{1,18})-([a-z2-7]{16})", re.IGNORECASE | re.ASCII)
_AWAY = re.compile(r"^(auto(matic)?[ -]?(reply|response)|out of (the )?office|away from)", re.IGNORECASE)
LONGEST_WORDS = 500


class Forged(ValueError):
    """An address of ours whose signature is not ours."""


class BounceReport(NamedTuple):
    """What a mail in the bounce mailbox says. `status` is an RFC 3463 code, `original` the recipient that we named."""

    kind: str
    recipient: str = ""
    original: str = ""
    status: str = ""
    words: str = ""


def _signature(key: bytes, mail_id: int) -> str:
    made = hmac.digest(key, b"notify bounce %d" % mail_id, hashlib.sha256)[:10]
    return base64.b32encode(made).decode().lower()


def bounce_address(base: str, key: bytes, mail_id: int) -> str:
    """The address to which a mail comes back: `ses-bounces+17-abc...@lausd.example` (VERP); ValueError without a key."""
    if not key:
        raise ValueError("bounce addresses cannot be signed without a key")
    local, _, domain = base.rpartition("@")
    return f"{local}+{mail_id}-{_signature(key, mail_id)}@{domain}"


def mail_of(addresses: Iterable[str], base: str, key: bytes) -> int | None:
    """The mail for whose bounce address something came; None where none of the addresses is one.

    Raises Forged where one looks like ours and is not signed by us. Mail servers may change the case of the name.
    """
    local, _, domain = base.lower().rpartition("@")
    for address in addresses:
        name, _, host = address.strip().lower().rpartition("@")
        start, plus, suffix = name.partition("+")
        if (start, host) != (local, domain) or not plus:
            continue
        found = _SUFFIX.fullmatch(suffix)
        if found is None or not hmac.compare_digest(found.group(2), _signature(key, int(found.group(1)))):
            raise Forged(address[:200])
        return int(found.group(1))
    return None


def addressed_to(raw: bytes) -> list[str]:
    """The addresses for which a mail came, as its headers name them."""
    return addresses(parsed(raw), *_ENVELOPE)


def report_of(raw: bytes, own_addresses: Iterable[str]) -> BounceReport:
    """What a mail says of another: failed, delayed or delivered (RFC 3464), away, a loop of our own, or nothing known."""
    read = parsed(raw)
    own = {address.lower() for address in own_addresses}
    if own & {address.lower() for address in senders(read)}:
        return BounceReport(LOOP)
    for part in read.walk():
        if part.get_content_type() == "message/delivery-status":
            report = _status_report(part)
            return report if report.words or report.kind == OTHER else report._replace(words=_first_words(read))
    failed = header(read, "X-Failed-Recipients").partition(",")[0].strip()[:ADDRESS_LONGEST]
    if failed:
        return BounceReport(FAILED, failed, failed, "", _first_words(read))
    return BounceReport(AWAY, words=_shown(subject(read))) if _is_away(read) else BounceReport(OTHER)


def _status_report(part: Message) -> BounceReport:
    """The first recipient of a delivery status that failed, or else the first there is; each mail of ours has one."""
    blocks = part.get_payload()
    named = (
        [block for block in blocks if isinstance(block, Message) and block["Action"]]
        if isinstance(blocks, list)
        else []
    )
    reports = [_of_recipient(block) for block in named]
    failed = [report for report in reports if report.kind == FAILED]
    return next(iter(failed or reports), BounceReport(OTHER))


def _of_recipient(block: Message) -> BounceReport:
    return BounceReport(
        _ACTIONS.get(header(block, "Action").lower(), OTHER),
        _address(block, "Final-Recipient"),
        _address(block, "Original-Recipient") or _address(block, "Final-Recipient"),
        header(block, "Status").partition(" ")[0][:ADDRESS_LONGEST],
        _shown(header(block, "Diagnostic-Code") or header(block, "Remote-MTA")),
    )


def _address(block: Message, name: str) -> str:
    """`rfc822; a@x.example` without its type."""
    kind, parted, address = header(block, name).partition(";")
    return (address if parted else kind).strip().strip("<>")[:ADDRESS_LONGEST]


def _is_away(read: Message) -> bool:
    automatic = header(read, "Auto-Submitted").lower()
    marked = automatic.startswith("auto-replied") or any(read[name] for name in ("X-Autoreply", "X-Autorespond"))
    return marked or header(read, "Precedence").lower() == "auto_reply" or bool(_AWAY.match(subject(read)))


def _first_words(read: Message) -> str:
    return _shown(plain_text(read))


def _shown(text: str) -> str:
    return " ".join(text.split())[:LONGEST_WORDS]
