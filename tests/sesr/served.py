"""The whole web in a thread of this process, for what a test client cannot do: streams and browsers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from deploy.web import app
from shared.settings import settings
from tests.people import browser_of


@contextmanager
def served(web: ASGIApp = app) -> Iterator[str]:
    """The address of the running web."""
    server = uvicorn.Server(uvicorn.Config(web, port=0, log_level="warning", timeout_graceful_shutdown=1))
    started = threading.Event()
    original = server.startup

    async def startup(*args: Any, **kwargs: Any) -> None:
        await original(*args, **kwargs)
        started.set()

    server.startup = startup  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert started.wait(15)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(15)


def cookie_of(role: str) -> dict[str, str]:
    """The cookie and form token of a new session in a role, as request headers."""
    client = browser_of(role)
    [(name, value)] = client.cookies.items()
    return {"cookie": f"{name}={value}", "x-csrf-token": client.headers["x-csrf-token"], "host": _host()}


def _host() -> str:
    return settings().public_url.partition("://")[2]
