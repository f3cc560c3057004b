"""Each role finds its entries of the navigation, each entry a page that whoever sees it may open, each address its route."""

import re
from html import unescape

import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path

from deploy.web import APPS
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


def test_no_route_hides_another() -> None:
    """Pages are found by the names of their files: none may depend on standing before another."""
    routes = {
        name: [(route.path, route.methods or {"GET"}) for route in iter_route_contexts(app.routes) if route.path]
        for name, app in APPS.items()
    }
    hidden = []
    for surface in SURFACES:
        fit = (path for path, methods in routes[surface.service] if surface.method in methods)
        first = next(path for path in fit if compile_path(path)[0].match(surface.address))
        if first != surface.path:
            hidden.append(f"{surface} is answered by {first}")
    assert hidden == []
