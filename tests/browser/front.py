"""The web as a phone meets it: behind a network that breaks or has a gate, with a browser that lacks or refuses things."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from selenium.common import WebDriverException
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from deploy.web import app
from shared.web.static_files import FILES
from tests.browser.engines import Window
from tests.chaos.proxy import Proxy, proxied
from tests.deploy.waiting import until
from tests.sesr.served import served

GATE: Final = "<!doctype html><title>Wifi</title><h1>Welcome to the free wifi</h1>"


class Front:
    """All services; `before` runs in each page before its own scripts, and a `gate` answers everything itself."""

    def __init__(self) -> None:
        self.before = ""
        self.has_gate = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._answer(scope) if scope["type"] == "http" else None
        await (answer or app)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response | None:
        if self.has_gate:
            return HTMLResponse(GATE)
        if self.before and scope["path"].endswith("/theme.js"):
            return Response(self.before + FILES["theme.js"].decode(), media_type="text/javascript")
        return None


class Phone:
    """The address of the web, and what lies between it and a phone."""

    def __init__(self, address: str, network: Proxy, front: Front) -> None:
        self.address, self.front = address, front
        self._network = network

    def lose_network(self) -> None:
        self._network.become("cut")

    def find_network(self, *windows: Window) -> None:
        """It is there again, and each window's page is told so, as a browser does."""
        self._network.become("open")
        for window in windows:
            window.run("dispatchEvent(new Event('online'));")


@contextmanager
def phone() -> Iterator[Phone]:
    front = Front()
    with served(front) as behind, proxied(behind) as (network, address):
        yield Phone(address, network, front)


def shows(window: Window, *words: str) -> None:
    """Waits until the page shows all of the words."""
    until(lambda: all(each in window.run("return document.body.innerText") for each in words), WebDriverException)


def hides(window: Window, words: str) -> None:
    """Waits until the page shows the words no more."""
    until(lambda: words not in window.run("return document.body.innerText"), WebDriverException)
