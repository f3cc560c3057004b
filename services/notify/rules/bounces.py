"""Mail that comes back: the signed address that it comes back to, and what a report of another mail server says."""

import base64
import email.policy
import hashlib
import hmac
import re
from collections.abc import Iterable
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.utils import getaddresses
from typing import NamedTuple

FAILED, DELAYED, DELIVERED, AWAY, LOOP, OTHER = "failed", "delayed", "delivered", "away", "loop", "other"
_ACTIONS = {"failed": FAILED, "delayed": DELAYED, "delivered": DELIVERED, "relayed": DELIVERED, "expanded": DELIVERED}
# Where mail servers write down for which address a mail came, the most exact first.
_ENVELOPE = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc")
_SUFFIX = re.compile(r"(\d{1,18})-([a-z2-7]{16})", re.IGNORECASE)
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
    read = message_from_bytes(raw)
    return [address for name in _ENVELOPE for _, address in getaddresses([str(v) for v in read.get_all(name, [])])]


def report_of(raw: bytes, own_addresses: Iterable[str]) -> BounceReport:
    """What a mail says of another: failed, delayed or delivered (RFC 3464), away, a loop of our own, or nothing known."""
    read = message_from_bytes(raw, policy=email.policy.default)
    own = {address.lower() for address in own_addresses}
    senders = {address.lower() for _, address in getaddresses([str(v) for v in read.get_all("From", [])])}
    if senders & own:
        return BounceReport(LOOP)
    for part in read.walk():
        if part.get_content_type() == "message/delivery-status":
            report = _status_report(part)
            return report if report.words or report.kind == OTHER else report._replace(words=_first_words(read))
    failed = str(read.get("X-Failed-Recipients", "")).partition(",")[0].strip()
    if failed:
        return BounceReport(FAILED, failed, failed, "", _first_words(read))
    return BounceReport(AWAY, words=_shown(str(read.get("Subject", "")))) if _is_away(read) else BounceReport(OTHER)


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
        _ACTIONS.get(_text(block, "Action").lower(), OTHER),
        _address(block, "Final-Recipient"),
        _address(block, "Original-Recipient") or _address(block, "Final-Recipient"),
        _text(block, "Status").partition(" ")[0],
        _shown(_text(block, "Diagnostic-Code") or _text(block, "Remote-MTA")),
    )


def _text(block: Message, name: str) -> str:
    return " ".join(str(block.get(name, "")).split())


def _address(block: Message, name: str) -> str:
    """`rfc822; a@x.example` without its type."""
    kind, parted, address = _text(block, name).partition(";")
    return (address if parted else kind).strip().strip("<>")


def _is_away(read: Message) -> bool:
    automatic = _text(read, "Auto-Submitted").lower()
    marked = automatic.startswith("auto-replied") or any(read[name] for name in ("X-Autoreply", "X-Autorespond"))
    return marked or _text(read, "Precedence").lower() == "auto_reply" or bool(_AWAY.match(_text(read, "Subject")))


def _first_words(read: EmailMessage | Message) -> str:
    body = read.get_body(("plain",)) if isinstance(read, EmailMessage) else None
    return _shown("" if body is None else str(body.get_content()))


def _shown(text: str) -> str:
    return " ".join(text.split())[:LONGEST_WORDS]
