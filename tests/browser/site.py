"""The product's web in this process on a free port, and browser pages signed in to it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Page

from deploy.web import app
from shared.access import start_session
from shared.db import transaction
from shared.web.requests import cookie_name

# Boxes of the page's own part that scroll or cut by themselves; what is for screen readers alone is cut on purpose.
_BOXES = """() => [...document.querySelectorAll("main *:not(textarea, .visually-hidden)")]
  .filter((one) => one.clientHeight && one.scrollHeight > one.clientHeight + 1)
  .filter((one) => getComputedStyle(one).overflowY !== "visible")
  .map((one) => `${one.tagName} ${one.className} ${one.getAttribute("aria-label")}`)"""


def scrolling_boxes(page: Page) -> list[str]:
    """The boxes of a page that have an end of their own, behind which rows are hidden."""
    found: list[str] = page.evaluate(_BOXES)
    return found


@contextmanager
def served() -> Iterator[str]:
    """The address of all five services' web."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    started = threading.Event()
    original = server.startup

    async def startup(*args: Any, **kwargs: Any) -> None:
        await original(*args, **kwargs)
        started.set()

    server.startup = startup  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert started.wait(10)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def opened(browser: Browser, site: str, role: str, path: str, **context: Any) -> Iterator[Page]:
    """A page of the site as a person of the role sees it; anything the browser complains of fails the test."""
    with transaction("ingest") as session:
        token = start_session(session, f"{role}@lausd.example", role, timedelta(days=1))
    made = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
    made.add_cookies([{"name": cookie_name(), "value": token, "url": site}])
    page = made.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(site + path)
    try:
        yield page
    finally:
        made.close()
    assert complaints == []
