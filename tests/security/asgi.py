"""Asks the five services without a socket, and reads no further than the answer's head where a stream would not end."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from deploy.web import app
from shared.settings import settings
from shared.web.requests import cookie_name
from tests.people import browser_of

Pairs = Sequence[tuple[str, str]]


class Answer(NamedTuple):
    """An answer as it left; the body of a stream is its first piece."""

    status: int
    headers: dict[str, str]
    body: str


def headers_of(role: str | None, accept: str = "application/json") -> dict[str, str]:
    """The headers that a browser signed in as the role's person sends, with the form token."""
    client = browser_of(role)
    host = settings().public_url.partition("://")[2]
    made = {"host": host, "accept": accept, "x-csrf-token": client.headers.get("x-csrf-token", "")}
    token = client.cookies.get(cookie_name())
    return {**made, "cookie": f"{cookie_name()}={token}"} if token else made


def ask(method: str, path: str, headers: Mapping[str, str] | Pairs, body: bytes = b"") -> Answer:
    """One request; a failure inside answers as it would on a socket. Pairs are headers of which some repeat."""
    pairs = list(headers.items()) if isinstance(headers, Mapping) else headers
    return asyncio.run(_ask(method, path, pairs, body))


async def _ask(method: str, path: str, headers: Pairs, body: bytes) -> Answer:
    sent: list[dict[str, Any]] = []
    enough = asyncio.Event()
    path, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode("utf-8", "replace"), "query_string": query.encode(), "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers],
        "client": ("127.0.0.1", 40000), "server": ("127.0.0.1", 8000), "state": {},
    }  # fmt: skip
    unread = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if unread:
            return unread.pop()
        await enough.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if message["type"] == "http.response.body":
            enough.set()

    task = asyncio.create_task(app(scope, receive, send))  # type: ignore[arg-type]
    await asyncio.wait({task, asyncio.create_task(enough.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        await asyncio.wait({task}, timeout=0.2)
    task.cancel()
    await asyncio.wait({task})
    return _answer(sent)


def _answer(sent: list[dict[str, Any]]) -> Answer:
    head = sent[0]
    headers = {name.decode(): value.decode() for name, value in head["headers"]}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(head["status"], headers, body.decode(errors="replace"))
