"""Report keys: the right to send reports in one person's name after the session ended, and for nothing else."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

# How long a report may wait on a device and still come by its key.
ARRIVES_WITHIN = timedelta(days=14)
MOST_TEXT = 600
_PURPOSE = b"sesr report key 1 "


class BadKey(ValueError):
    """A report key that was not made here, was changed, or is too old."""


class ReportKey(NamedTuple):
    """Who may report, in which role, and for counts made until when (whole seconds)."""

    person_id: str
    role: str
    until: datetime


def person_key(person_id: str) -> str:
    """An opaque name of a person for what a browser keeps."""
    return hashlib.sha256(b"sesr person " + person_id.encode()).hexdigest()[:16]


def sign(secret: bytes, key: ReportKey) -> str:
    """The key as text. ValueError without a secret."""
    if not secret:
        raise ValueError("report keys cannot be signed without a secret")
    payload = _text("\n".join([key.person_id, key.role, str(int(key.until.timestamp()))]).encode())
    return f"{payload}.{_mac(secret, payload)}"


def read(secret: bytes, text: str, now: datetime) -> ReportKey:
    """The key of a text. Raises BadKey."""
    payload, _, mac = text.partition(".")
    if not secret or len(text) > MOST_TEXT or not text.isascii():
        raise BadKey("This key is not complete.")
    if not hmac.compare_digest(mac, _mac(secret, payload)):
        raise BadKey("This key was changed.")
    person_id, role, until = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode().split("\n")
    key = ReportKey(person_id, role, datetime.fromtimestamp(int(until), UTC))
    if now > key.until + ARRIVES_WITHIN:
        raise BadKey("This key is too old.")
    return key


def _mac(secret: bytes, payload: str) -> str:
    return _text(hmac.digest(secret, _PURPOSE + payload.encode(), hashlib.sha256))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
