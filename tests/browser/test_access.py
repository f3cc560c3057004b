"""The pages of people, sessions, tokens and the audit log in a real browser: what axe finds, on a screen and on a phone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from shared.access.confirmations import request_role
from shared.access.tokens import create_token
from shared.db import transaction
from tests.browser.axe import axe
from tests.browser.site import opened, served

PHONE = {"width": 390, "height": 844}
PAGES = (
    "/", "/access/people", "/access/people/desk%40lausd.example", "/access/sessions", "/access/tokens", "/ingest/audit",
    "/sign-in", "/sign-in?out=1",
)  # fmt: skip


@pytest.fixture
def site(clean: None) -> Iterator[str]:
    with served() as address:
        yield address


def waiting(label: str) -> None:
    """A token and a role that wait for the central office."""
    with transaction("ingest") as session:
        create_token(session, label, "central", [], timedelta(days=1), "ops@lausd.example as ops", waits=True)
        request_role(session, "desk@lausd.example", "principal", ["1400101"], "ops@lausd.example")


@pytest.mark.parametrize("size", [None, PHONE], ids=["screen", "phone"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    browser: Browser, site: str, size: dict[str, int] | None
) -> None:
    for path in PAGES:
        with opened(browser, site, "ops", path, bypass_csp=True, **({"viewport": size} if size else {})) as page:
            assert size or axe(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    waiting("nightly export")
    with opened(
        browser, site, "central", "/access/waiting", bypass_csp=True, **({"viewport": size} if size else {})
    ) as page:
        expect(page.get_by_role("button", name="Confirm nightly export")).to_be_visible()
        assert size or axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_token_is_made_and_revoked_with_the_keyboard(browser: Browser, site: str) -> None:
    with opened(browser, site, "ops", "/access/tokens") as page:
        page.get_by_label("What it is for").fill("nightly export")
        page.get_by_role("button", name="Make the token").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="The token nightly export is made")).to_be_visible()
        assert len(page.locator(".alert code").inner_text()) == 43
        page.locator("summary", has_text="Revoke nightly export").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Revoke 1 token")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("cell", name="revoked")).to_be_visible()


def test_after_signing_out_neither_back_nor_a_kept_page_shows_who_was_there(browser: Browser, site: str) -> None:
    with opened(browser, site, "central", "/access/waiting", viewport={"width": 320, "height": 700}) as page:
        expect(page.get_by_role("banner")).to_contain_text("Okafor")
        kept = page.context.new_page()
        kept.goto(f"{site}/rates/")
        page.goto(f"{site}/ingest/")
        page.locator("details.user summary").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
        for _ in range(2):
            page.go_back()
            expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
            expect(page.get_by_role("banner")).not_to_contain_text("Okafor")
        # What a browser does that keeps whole pages for its Back button, as Firefox and WebKit do.
        for event in ("pagehide", "pageshow"):
            shown = f"dispatchEvent(new PageTransitionEvent('{event}', {{ persisted: true }}))"
            assert kept.evaluate(f"{shown} && document.documentElement.hidden")
        expect(kept.get_by_role("heading", name="Sign in")).to_be_visible()
        expect(kept.get_by_role("banner")).not_to_contain_text("Okafor")
