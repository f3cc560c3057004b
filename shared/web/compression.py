"""Compresses text answers with brotli or gzip; pure ASGI, so that streams and ready-made bytes pass untouched."""

import gzip

import brotli
from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEAST_BYTES = 1024
BROTLI_QUALITY = 4
GZIP_LEVEL = 5
KINDS = ("text/html", "text/plain", "text/csv", "application/json", "application/problem+json")


class Compression:
    """ASGI middleware. Answers to another site's requests stay as they are, so that their length reveals nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        coding = _coding(Headers(scope=scope)) if scope["type"] == "http" else ""
        if not coding:
            await self.app(scope, receive, send)
            return
        waiting: Message | None = None

        async def answer(message: Message) -> None:
            nonlocal waiting
            if message["type"] == "http.response.start":
                waiting = message
                return
            start, waiting = waiting, None
            if start is not None:
                if message["type"] == "http.response.body" and _is_worth_it(start, message):
                    message = await to_thread.run_sync(_compressed, start, message, coding)
                await send(start)
            await send(message)

        await self.app(scope, receive, answer)


def _coding(headers: Headers) -> str:
    if headers.get("sec-fetch-site") == "cross-site":
        return ""
    accepted = headers.get("accept-encoding", "")
    return "br" if "br" in accepted else "gzip" if "gzip" in accepted else ""


def _is_worth_it(start: Message, body: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return (
        not body.get("more_body", False)
        and len(body.get("body", b"")) >= LEAST_BYTES
        and "content-encoding" not in headers
        and headers.get("content-type", "").partition(";")[0] in KINDS
    )


def _compressed(start: Message, body: Message, coding: str) -> Message:
    plain: bytes = body["body"]
    packed = brotli.compress(plain, quality=BROTLI_QUALITY) if coding == "br" else gzip.compress(plain, GZIP_LEVEL)
    headers = MutableHeaders(scope=start)
    headers["content-encoding"] = coding
    headers["content-length"] = str(len(packed))
    headers.add_vary_header("Accept-Encoding")
    return {**body, "body": packed}
