"""What a body may be: how large, how slow and in which letters; refused before it is read as far as that is known."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import psycopg
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import Refused
from shared.numbers import whole
from shared.web.errors import on_http
from shared.web.quick import known_person

ANONYMOUS_LIMIT = 256 * 1024
# What somebody types or pastes, whose every byte is read while nobody else is served: a spreadsheet's rows, no file.
TYPED_LIMIT, MOST_FIELDS = 2 * 1024 * 1024, 1000
TYPED, FILES = b"application/x-www-form-urlencoded", b"multipart/form-data"
# A codec that the sender names decodes on the event loop, and of Python's hundred some take seconds for 256 kB.
CHARSETS = (b"utf-8", b"utf8")
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
    """ASGI middleware: 413 for a body over the limit in bytes or a form of too many fields, 408 for one that stops coming.

    415 for a body that says to be of another charset than UTF-8, whoever sends it.

    More than ANONYMOUS_LIMIT is read only of a form or a file, and for a valid session or token, which is looked up when it
    comes to that: a JSON text is checked while nobody else is served. Of a form without files at most TYPED_LIMIT is read.
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
        fields = MOST_FIELDS if _content_type(scope).startswith(TYPED) else None
        body = _Body(receive, min(self.limit, ANONYMOUS_LIMIT), self.silence, lambda: self._limit_of(scope), fields)
        try:
            _check_charset(scope)
            await body.expect(_announced(scope))
        except HTTPException as error:
            await on_http(Request(scope), error)(scope, receive, send)
            return
        await self.app(scope, body.receive, send)

    async def _limit_of(self, scope: Scope) -> int:
        content_type = _content_type(scope)
        known = content_type.startswith((TYPED, FILES)) and await self.known(Request(scope), self.service)
        if known and content_type.startswith(FILES):
            return self.limit
        return min(self.limit, TYPED_LIMIT if known else ANONYMOUS_LIMIT)


class _Body:
    """Counts a body while it is received; `whole_limit` tells what the sender may send when it is over `limit`.

    `fields`: how many a form may have, None where it is none.
    """

    def __init__(
        self,
        receive: Receive,
        limit: int,
        silence: float,
        whole_limit: Callable[[], Awaitable[int]],
        fields: int | None = None,
    ) -> None:
        self._receive = receive
        self._limit = limit
        self._whole_limit: Callable[[], Awaitable[int]] | None = whole_limit
        self._count = 0
        self._fields = fields
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
        part = message.get("body", b"")
        self._count += len(part)
        await self.expect(self._count)
        if self._fields is not None:
            self._fields -= part.count(b"&")
            if self._fields < 0:
                raise HTTPException(413)
        self._done = not message.get("more_body", False)
        return message


def _check_charset(scope: Scope) -> None:
    """HTTPException 415 where the Content-Type names another charset than UTF-8, read as the parser of forms reads it."""
    _, parameters = parse_options_header(_content_type(scope))
    if any(name == b"charset" and value.strip() not in CHARSETS for name, value in parameters.items()):
        raise HTTPException(415, "What was sent must be in UTF-8. Send it again as UTF-8, or without a charset.")


def _content_type(scope: Scope) -> bytes:
    return Headers(scope=scope).get("content-type", "").lower().encode("latin-1")


def _announced(scope: Scope) -> int:
    """The length that the request says it has; 0 where it says none, more than anything where it is not a number."""
    length = whole(Headers(scope=scope).get("content-length", "0"))
    return 2**62 if length is None else length
