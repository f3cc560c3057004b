"""Every page that no other browser test names, on a phone: what axe finds, and nothing scrolls sideways.

A new page is found here by itself.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from shared.access.policy import PERMISSIONS, ROLES
from tests.browser.axe import axe
from tests.browser.site import opened, served
from tests.office import load_office
from tests.people import add_people, browser_of
from tests.security.routes import SURFACES, Surface
from tests.stack import wipe

PHONE = {"width": 390, "height": 844}
OTHERS = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__))
NAMED = set(re.findall(r"[\"'](/[^\"'?#{]*)", OTHERS))
# Pages of the platform, which every service has: those of ingest stand for all.
PLATFORM = re.compile(r"/(rates|tracker|sesr|notify)/(docs|audit|ops)$")
LISTS = [
    surface
    for surface in SURFACES
    if surface.method == "GET" and "{" not in surface.path and surface.path not in NAMED
    if surface.permission != "own key" and not surface.path.endswith("/stream") and not PLATFORM.search(surface.path)
]


@pytest.fixture(scope="module")
def site(stack_servers: object) -> Iterator[str]:
    wipe()
    add_people()
    load_office()
    with served() as address:
        yield address


def who_opens(surface: Surface) -> str:
    """The first role that may open a route; any for one that is public."""
    return next(
        role for role in ROLES if surface.permission == "public" or role in PERMISSIONS[str(surface.permission)]
    )


def pages_of(role: str) -> list[str]:
    """The addresses of whole pages among the routes that this role is the first to open."""
    client = browser_of(role)
    answers = {surface.path: client.get(surface.path) for surface in LISTS if who_opens(surface) == role}
    return [path for path, answer in answers.items() if answer.status_code == 200 and "<main" in answer.text]


@pytest.mark.parametrize("role", sorted({who_opens(surface) for surface in LISTS}))
def test_everybody_can_use_every_page_on_a_phone(role: str, site: str, browser: Browser) -> None:
    with opened(browser, site, role, "/", viewport=PHONE, bypass_csp=True) as page:
        for path in pages_of(role):
            page.goto(site + path)
            assert (path, axe(page)) == (path, [])
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
