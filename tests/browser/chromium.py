"""The chromium that the browser tests of a module share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, sync_playwright

PATHS: Final = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium_path() -> str:
    """The installed chromium; AssertionError says how to get one."""
    found = next((path for path in PATHS if Path(path).exists()), "")
    assert found, "Chromium is not installed: apt-get install chromium, then run the tests again."
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A chromium; make a context of your own in each test.

    It lasts for a module, not for the run: while it is up, asyncio.run() in another test would be refused.
    """
    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield launched
        launched.close()
