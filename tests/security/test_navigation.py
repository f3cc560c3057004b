"""The navigation: each role finds its entries, and each entry leads to a page that whoever sees it may open."""

import re
from html import unescape

import pytest

from shared.access.policy import PERMISSIONS
from shared.web.navigation import NAVIGATION
from tests.people import browser_of
from tests.security.routes import SURFACES

# What each role finds at least; a further entry needs no line here, one that disappears fails.
OFFICE = {"/": "Home", "/ingest/": "Uploads", "/rates/": "Response rates", "/notify/": "Alerts"}
SCHOOL = {"/": "Home", "/rates/": "Response rates", "/tracker/": "Progress tracker", "/sesr/": "Strike reports"}
ENTRIES = {
    "central": {**OFFICE, **SCHOOL, "/tracker/lcap/": "LCAP"},
    "director": {**SCHOOL, "/notify/mine": "My alerts"},
    "principal": SCHOOL,
    "designee": SCHOOL,
    "desk": SCHOOL,
    "ops": {**OFFICE, "/ops": "Operations"},
}


@pytest.mark.parametrize("role", ENTRIES)
def test_each_role_finds_its_entries_on_every_page(role: str, clean: None) -> None:
    body = browser_of(role).get("/").text
    (bar,) = re.findall(r'<nav class="service-nav".*?</nav>', body, re.DOTALL)
    shown = {href: unescape(label) for href, label in re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', bar)}
    assert ENTRIES[role].items() <= shown.items()
    assert set(shown) == {entry.href for entry in NAVIGATION if role in PERMISSIONS[entry.permission]}


def test_each_entry_has_the_permission_of_its_page_and_a_place_of_its_own() -> None:
    pages = {surface.path: surface.permission for surface in SURFACES if surface.method == "GET"}
    wrong = [entry for entry in NAVIGATION if pages.get(entry.href) not in (entry.permission, "public")]
    assert wrong == []
    for name in ("order", "href", "label"):
        values = [getattr(entry, name) for entry in NAVIGATION]
        assert len(set(values)) == len(values), f"two entries have the same {name}"
