"""Pages that a browser keeps and asks about: the same entity tag is answered with 304 and no body."""

import hashlib
from collections.abc import Callable

from fastapi import Request
from fastapi.responses import Response

from shared.web.clock import today
from shared.web.requests import session_token
from shared.web.static_files import DIGEST
from shared.web.undo import note_of


def unless_known(request: Request, version: str, make: Callable[[], Response]) -> Response:
    """The page, or 304 where the browser has it: the same address, version, person, day, look and kind of request.

    A page that says what was done is made again and kept by nobody.
    """
    if note_of(request) is not None:
        return make()
    parts = (
        version,
        str(request.url),
        session_token(request) or "",
        request.headers.get("hx-request", ""),
        today().isoformat(),
        DIGEST,
    )
    tag = f'W/"{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "private, no-cache", "vary": "HX-Request, Cookie"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    made = make()
    made.headers.update(headers)
    return made
