"""How large a request may be and how slowly it may come: refused before it is read as far as that is known."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import psycopg
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import Refused
from shared.numbers import whole
from shared.web.errors import on_http
from shared.web.quick import known_person

ANONYMOUS_LIMIT = 256 * 1024
FORMS = (b"multipart/form-data", b"application/x-www-form-urlencoded")
SILENCE = 20.0
WHOLE = 600.0
Known = Callable[[Request, str], Awaitable[bool]]


async def _is_known(request: Request, service: str) -> bool:
    """Whether the request carries a session or token that is valid now; a refusal of it comes later, in its words."""
    try:
        return await known_person(request, service) is not None
    except Refused:
        return False
    except psycopg.OperationalError as error:
        raise HTTPException(503) from error


class BodyLimit:
    """ASGI middleware: 413 for a body over the limit in bytes, 408 for one that stops coming.

    More than ANONYMOUS_LIMIT is read only of a form or a file, and for a valid session or token, which is looked up when it
    comes to that: a JSON text is checked while nobody else is served.
    """

    def __init__(
        self, app: ASGIApp, limit: int, service: str = "", silence: float = SILENCE, known: Known = _is_known
    ) -> None:
        self.app = app
        self.limit = limit
        self.service = service
        self.silence = silence
        self.known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _Body(receive, min(self.limit, ANONYMOUS_LIMIT), self.silence, lambda: self._limit_of(scope))
        try:
            await body.expect(_announced(scope))
        except HTTPException as error:
            await on_http(Request(scope), error)(scope, receive, send)
            return
        await self.app(scope, body.receive, send)

    async def _limit_of(self, scope: Scope) -> int:
        content_type = dict(scope["headers"]).get(b"content-type", b"").lower()
        known = content_type.startswith(FORMS) and await self.known(Request(scope), self.service)
        return self.limit if known else min(self.limit, ANONYMOUS_LIMIT)


class _Body:
    """Counts a body while it is received; `whole_limit` tells what the sender may send when it is over `limit`."""

    def __init__(self, receive: Receive, limit: int, silence: float, whole_limit: Callable[[], Awaitable[int]]) -> None:
        self._receive = receive
        self._limit = limit
        self._whole_limit: Callable[[], Awaitable[int]] | None = whole_limit
        self._count = 0
        self._silence = silence
        self._until = time.monotonic() + WHOLE
        self._done = False

    async def expect(self, count: int) -> None:
        """HTTPException 413 when the sender may not send so many bytes."""
        if count > self._limit and self._whole_limit is not None:
            self._limit, self._whole_limit = await self._whole_limit(), None
        if count > self._limit:
            raise HTTPException(413)

    async def receive(self) -> Message:
        if self._done:
            return await self._receive()
        try:
            wait = max(0.0, min(self._silence, self._until - time.monotonic()))
            message = await asyncio.wait_for(self._receive(), wait)
        except TimeoutError as error:
            raise HTTPException(408) from error
        self._count += len(message.get("body", b""))
        await self.expect(self._count)
        self._done = not message.get("more_body", False)
        return message


def _announced(scope: Scope) -> int:
    """The length that the request says it has; 0 where it says none, more than anything where it is not a number."""
    value = dict(scope["headers"]).get(b"content-length", b"0").decode("latin-1")
    length = whole(value)
    return 2**62 if length is None else length
