"""What was done, said once on the next page with the form that takes it back: no question before, an undo after.

It travels in a cookie that only the browser's own session can sign, so that nobody else puts a form on a page. The next
whole page shows it and takes the cookie away; without script it stays until the page is left (static/ses.js: ten seconds).
"""

import base64
import binascii
import hashlib
import hmac
import zlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson
from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from shared.settings import settings
from shared.web.requests import session_token

# Seconds that it waits for the next page.
LASTS = 60
# Characters of a cookie that every browser keeps, with room for its name and attributes.
LONGEST = 3600
# A cookie unpacks to at most this many bytes.
LARGEST = 200_000
TOO_MUCH = " It is too much to be taken back in one step; change it here."


class Undo(NamedTuple):
    """The form that takes a change back: where it is sent and its fields, pairs of name and value."""

    action: str
    fields: tuple[tuple[str, str], ...] = ()


def back(action: str, fields: Iterable[tuple[str, Any]] = ()) -> Undo:
    """An undo with every value as a form has it; a field without a value (None) is left out."""
    return Undo(action, tuple((name, str(value)) for name, value in fields if value is not None))


def cookie_name() -> str:
    return "__Host-done" if settings().secure_cookies else "done"


def done(request: Request, path: str, sentence: str, undo: Undo | None = None) -> RedirectResponse:
    """See other, where the page says `sentence` once, with the undo beside it."""
    answer = RedirectResponse(path, 303)
    token = session_token(request)
    if token is None:
        return answer
    value = _sealed(token, sentence, undo)
    if len(value) > LONGEST:
        value = _sealed(token, sentence + TOO_MUCH, None)
    secure = settings().secure_cookies
    answer.set_cookie(cookie_name(), value, LASTS, httponly=True, samesite="lax", secure=secure, path="/")
    return answer


def note_of(request: Request) -> dict[str, Any] | None:
    """What the request's cookie says (`sentence`, `action`, `fields`); None without one, or with one of somebody else."""
    token, value = session_token(request), request.cookies.get(cookie_name(), "")
    signature, _, body = value.partition(".")
    if token is None or not body or not hmac.compare_digest(signature.encode(), _signature(token, body).encode()):
        return None
    try:
        unpacked = zlib.decompressobj().decompress(base64.urlsafe_b64decode(body), LARGEST)
        return dict(orjson.loads(unpacked))
    except (binascii.Error, zlib.error, ValueError):
        return None


def drop_note(answer: Response) -> None:
    """Takes the cookie away with the page that shows it; no cache keeps that page."""
    answer.delete_cookie(cookie_name(), path="/", httponly=True, samesite="lax", secure=settings().secure_cookies)
    answer.headers["cache-control"] = "no-store"


def _sealed(token: str, sentence: str, undo: Undo | None) -> str:
    kept = {"sentence": sentence, "action": undo.action if undo else "", "fields": undo.fields if undo else ()}
    body = base64.urlsafe_b64encode(zlib.compress(orjson.dumps(kept), 9)).decode()
    return f"{_signature(token, body)}.{body}"


def _signature(token: str, body: str) -> str:
    return hmac.new(hashlib.sha256(f"done {token}".encode()).digest(), body.encode(), hashlib.sha256).hexdigest()
