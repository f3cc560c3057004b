"""Signed links of a mail: which digest may be answered, until when; nobody can make or change one without the key."""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime
from typing import NamedTuple


class BadLink(ValueError):
    """A link that was not made here, was changed, or has expired."""


class Link(NamedTuple):
    """The right to answer one mail until an instant (whole seconds)."""

    mail_id: int
    until: datetime


def _mac(key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, b"notify answer " + payload, hashlib.sha256)[:20]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def sign(key: bytes, link: Link) -> str:
    """The link as text for an address; ValueError without a key."""
    if not key:
        raise ValueError("links cannot be signed without a key")
    payload = f"{link.mail_id}.{int(link.until.timestamp())}"
    return f"{payload}.{_text(_mac(key, payload.encode()))}"


def read(key: bytes, token: str, now: datetime) -> Link:
    """The link of a token. Raises BadLink, with words for the reader."""
    payload, _, given = token.rpartition(".")
    parts = payload.split(".")
    if not key or len(token) > 200 or len(parts) != 2 or not all(p.isascii() and p.isdigit() for p in parts):
        raise BadLink("This link is not complete. Open it from the mail again, or copy all of it.")
    try:
        raw = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
    except (ValueError, binascii.Error):
        raw = b""
    if not hmac.compare_digest(raw, _mac(key, payload.encode())):
        raise BadLink("This link was changed or is not complete. Open it from the mail again.")
    link = Link(int(parts[0]), datetime.fromtimestamp(int(parts[1]), UTC))
    if now >= link.until:
        raise BadLink("This link has expired. Answer from the newest mail, or sign in and answer on the page.")
    return link
