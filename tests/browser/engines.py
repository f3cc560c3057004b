"""Firefox ESR and WebKitGTK (the engine of every browser on an iPhone) behind one window, for what Chromium does not show.

Selenium drives both: Firefox itself speaks WebDriver BiDi, WebKit has a driver program and needs a screen, Xvfb.
"""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from selenium.common import (
    ElementNotInteractableException,
    JavascriptException,
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver import WebKitGTK
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.remote.websocket_connection import WebSocketConnection
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service

from shared.web.requests import cookie_name
from tests.deploy.waiting import until
from tests.people import browser_of

FIREFOX: Final = "/usr/bin/firefox-esr"
WEBKIT: Final = "/usr/bin/WebKitWebDriver"
PHONE: Final = (390, 844)
# The first element that is shown, and its middle once it is in view.
_FIRST: Final = """
  const found = document.evaluate(arguments[0], document, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE);
  const all = Array.from({ length: found.snapshotLength }, (_, at) => found.snapshotItem(at));
  const one = all.find((each) => each.getClientRects().length);
"""
_PLACE: Final = f"""
  {_FIRST}
  if (!one) return null;
  one.scrollIntoView({{ block: "nearest", inline: "nearest", behavior: "instant" }});
  const box = one.getBoundingClientRect();
  return {{ x: Math.round(box.x + box.width / 2), y: Math.round(box.y + box.height / 2) }};
"""


class Window(Protocol):
    """A window of a browser. `run` takes the body of a function; what is acted on is named by an XPath, once it is shown."""

    def goto(self, url: str) -> None: ...
    def run(self, body: str, *given: Any) -> Any: ...
    def click(self, xpath: str) -> None: ...
    def write(self, xpath: str, words: str) -> None: ...
    def press(self, key: str) -> None: ...
    def another(self) -> "Window": ...
    def close(self) -> None: ...


class Engine(Protocol):
    def window(self, site: str, role: str, size: tuple[int, int] = PHONE) -> Window:
        """A window with a new session of the role, at most as large; what other addresses have stored is not its own."""
        ...


class FirefoxWindow:
    def __init__(self, bidi: WebSocketConnection, person: str, size: tuple[int, int]) -> None:
        self._bidi, self._person, self._size = bidi, person, size
        self._context = self._send("browsingContext.create", type="tab", userContext=person, context=None)["context"]
        self._send("browsingContext.setViewport", viewport={"width": size[0], "height": size[1]})

    def _send(self, method: str, **params: Any) -> Any:
        given = {"context": self._context, **params} if "context" not in params else params
        return command(self._bidi, method, **{name: value for name, value in given.items() if value is not None})

    def goto(self, url: str) -> None:
        self._send("browsingContext.navigate", url=url, wait="complete")

    def run(self, body: str, *given: Any) -> Any:
        function = f"async given => JSON.stringify(await (function () {{ {body} }}).apply(null, JSON.parse(given)))"
        words = [{"type": "string", "value": json.dumps(given)}]
        target = {"context": self._context}
        sent = {"functionDeclaration": function, "arguments": words, "target": target, "awaitPromise": True}
        answer = command(self._bidi, "script.callFunction", **sent)
        if answer["type"] != "success":
            raise JavascriptException(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"].get("value", "null"))

    def click(self, xpath: str) -> None:
        place = self._place(xpath)
        acts = [
            {"type": "pointerMove", **place},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._send("input.performActions", actions=[{"type": "pointer", "id": "mouse", "actions": acts}])

    def _place(self, xpath: str) -> dict[str, int]:
        """Where the first element that is shown is, once it stays there."""
        places: list[dict[str, int] | None] = [None]

        def stays() -> bool:
            places.append(self.run(_PLACE, xpath))
            return places[-1] is not None and places[-1] == places[-2]

        until(stays, WebDriverException)
        found = places[-1]
        assert found
        return found

    def write(self, xpath: str, words: str) -> None:
        self._place(xpath)
        self.run(f"{_FIRST} one.focus(); one.select();", xpath)
        self._type(*words)

    def press(self, key: str) -> None:
        self._type(str(_key(key)))

    def _type(self, *keys: str) -> None:
        acts = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._send("input.performActions", actions=[{"type": "key", "id": "keys", "actions": acts}])

    def another(self) -> Window:
        return FirefoxWindow(self._bidi, self._person, self._size)

    def close(self) -> None:
        self._send("browsingContext.close")


class Firefox:
    def __init__(self, bidi: WebSocketConnection) -> None:
        self._bidi = bidi

    def window(self, site: str, role: str, size: tuple[int, int] = PHONE) -> Window:
        person = command(self._bidi, "browser.createUserContext")["userContext"]
        value = {"type": "string", "value": session_of(role)}
        cookie = {"name": cookie_name(), "value": value, "domain": urlsplit(site).hostname, "path": "/"}
        command(self._bidi, "storage.setCookie", cookie=cookie, partition={"type": "storageKey", "userContext": person})
        return FirefoxWindow(self._bidi, person, size)


def command(bidi: WebSocketConnection, method: str, **params: Any) -> Any:
    """What Firefox answers to a command of WebDriver BiDi."""
    answer = bidi.send_cmd(method, params)  # type: ignore[no-untyped-call]
    if "error" in answer:
        raise WebDriverException(f"{method}: {answer}")
    return answer["result"]


def _key(name: str) -> str:
    """The character that stands for a key in WebDriver, by the key's name in a page's script."""
    return str(getattr(Keys, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper(), name))


def session_of(role: str) -> str:
    """The value of the cookie of a new session."""
    [value] = browser_of(role).cookies.values()
    return value


class WebKitWindow:
    def __init__(self, driver: WebKitGTK, handle: str) -> None:
        self._driver = driver
        self._handle = handle

    @property
    def _here(self) -> WebKitGTK:
        if self._driver.current_window_handle != self._handle:
            self._driver.switch_to.window(self._handle)
        return self._driver

    def _act(self, xpath: str, act: Callable[[WebElement], None]) -> None:
        """Acts on the first element that is shown, once it can be acted on."""

        def acted() -> bool:
            shown = next((one for one in self._here.find_elements(By.XPATH, xpath) if one.is_displayed()), None)
            if shown:  # brought into view here: the driver's own scrolling is late where a bar is in the way
                self.run("arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' });", shown)
                act(shown)
            return shown is not None

        until(acted, ElementNotInteractableException, StaleElementReferenceException)

    def goto(self, url: str) -> None:
        self._here.get(url)

    def run(self, body: str, *given: Any) -> Any:
        return self._here.execute_script(body, *given)

    def click(self, xpath: str) -> None:
        self._act(xpath, WebElement.click)

    def write(self, xpath: str, words: str) -> None:
        def retype(field: WebElement) -> None:
            self.run("arguments[0].focus(); arguments[0].select();", field)
            field.send_keys(words)

        self._act(xpath, retype)

    def press(self, key: str) -> None:
        self._here.switch_to.active_element.send_keys(_key(key))

    def another(self) -> Window:
        self._here.switch_to.new_window("window")
        return WebKitWindow(self._driver, self._driver.current_window_handle)

    def close(self) -> None:
        self._here.close()
        self._driver.switch_to.window(self._driver.window_handles[0])


class WebKit:
    def __init__(self, driver: WebKitGTK) -> None:
        self._driver = driver

    def window(self, site: str, role: str, size: tuple[int, int] = PHONE) -> Window:
        self._driver.get(f"{site}/healthz")  # a cookie is given to the site of the page that is open
        self._driver.delete_all_cookies()
        self._driver.add_cookie({"name": cookie_name(), "value": session_of(role), "path": "/"})
        self._driver.set_window_size(*size)
        return WebKitWindow(self._driver, self._driver.current_window_handle)


@contextmanager
def firefox() -> Iterator[Engine]:
    """A headless Firefox ESR with an empty profile."""
    with tempfile.TemporaryDirectory() as profile:
        command_line = [FIREFOX, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0"]
        running = subprocess.Popen(command_line, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        assert running.stderr
        try:
            address = next(line.split()[-1] for line in running.stderr if "BiDi listening" in line)
            Thread(target=running.stderr.read, daemon=True).start()
            bidi = WebSocketConnection(f"{address}/session", 60, 0.005)  # type: ignore[no-untyped-call]
            command(bidi, "session.new", capabilities={})
            yield Firefox(bidi)
            command(bidi, "browser.close")
        finally:
            running.terminate()
            running.wait(30)


@contextmanager
def webkit() -> Iterator[Engine]:
    """The small browser of WebKitGTK, which keeps nothing when it ends, on a screen that nobody sees."""
    with screen() as display:
        service = Service(WEBKIT, env={**os.environ, "DISPLAY": display})
        driver = WebKitGTK(options=Options(), service=service)
        try:
            yield WebKit(driver)
        finally:
            driver.quit()


@contextmanager
def screen() -> Iterator[str]:
    """The name of a screen of Xvfb, free of its own choice."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1200x24", "-nolisten", "tcp"]
    running = subprocess.Popen(command, pass_fds=(write,), stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as told:
            yield f":{int(told.readline())}"
    finally:
        running.terminate()
        running.wait(10)


RUNNING: Final = {"firefox": firefox, "webkit": webkit}
