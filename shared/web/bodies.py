"""How large a request may be and how slowly it may come: refused before it is read as far as that is known."""

import asyncio
import time
from http.cookies import CookieError, SimpleCookie

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.errors import on_http
from shared.web.requests import cookie_name

ANONYMOUS_LIMIT = 256 * 1024
SILENCE = 20.0
WHOLE = 600.0


class BodyLimit:
    """ASGI middleware: 413 for a body over the limit in bytes, 408 for one that stops coming."""

    def __init__(self, app: ASGIApp, limit: int, silence: float = SILENCE) -> None:
        self.app = app
        self.limit = limit
        self.silence = silence

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.limit if _has_credentials(scope) else min(self.limit, ANONYMOUS_LIMIT)
        if _announced(scope) > limit:
            await on_http(Request(scope), HTTPException(413))(scope, receive, send)
            return
        await self.app(scope, _Body(receive, limit, self.silence).receive, send)


class _Body:
    """Counts a body while it is received."""

    def __init__(self, receive: Receive, limit: int, silence: float) -> None:
        self._receive = receive
        self._left = limit
        self._silence = silence
        self._until = time.monotonic() + WHOLE
        self._done = False

    async def receive(self) -> Message:
        if self._done:
            return await self._receive()
        try:
            wait = max(0.0, min(self._silence, self._until - time.monotonic()))
            message = await asyncio.wait_for(self._receive(), wait)
        except TimeoutError as error:
            raise HTTPException(408) from error
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413)
        self._done = not message.get("more_body", False)
        return message


def _announced(scope: Scope) -> int:
    """The length that the request says it has; 0 where it says none."""
    value = dict(scope["headers"]).get(b"content-length", b"0")
    return int(value) if value.isdigit() else 0


def _has_credentials(scope: Scope) -> bool:
    """Whether a session's cookie or a bearer token came along; whether it is valid is asked later."""
    headers = dict(scope["headers"])
    if b"authorization" in headers:
        return True
    try:
        return cookie_name() in SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return False
