"""Home in a browser: the first thing to do within two clicks, by keyboard too, with a service away, for everybody."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from shared.access.policy import ROLES
from tests.browser.axe import axe
from tests.browser.site import opened, served
from tests.faults.test_parking import poison
from tests.office import ALDER, load_office

# role -> the card that is the first thing to do, and what is to be there after one click on it.
FIRST_THING = {
    "principal": ("Alder El: Strike", "Students present"),
    "designee": ("Alder El: Strike", "Students present"),
    "director": ("Waiting for your answer", "Send answer"),
    "central": ("Alerts without a route", "ODUYA, KEM"),
    "desk": ("Strike", "To call"),
    "ops": ("Ingest is not well", "Replay"),
}


@pytest.fixture
def site(clean: None) -> Iterator[str]:
    load_office()
    with served() as address:
        yield address


def all_there(page: Page) -> None:
    """Waits until each service has said what it has to say."""
    expect(page.locator("[data-part] > p > a")).to_have_count(0)


@pytest.mark.parametrize("role", ROLES)
def test_the_first_thing_to_do_is_at_most_two_clicks_from_home(site: str, browser: Browser, role: str) -> None:
    if role == "ops":
        poison()
    title, there = FIRST_THING[role]
    with opened(browser, site, role, "/") as page:
        page.locator(".status-card").get_by_role("link", name=title, exact=True).first.click()
        expect(page.locator("main").get_by_text(re.compile(there)).first).to_be_visible()


def test_a_keyboard_gets_from_the_top_of_home_to_the_first_card(site: str, browser: Browser) -> None:
    with opened(browser, site, "principal", "/") as page:
        all_there(page)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        for _ in range(2):  # the service's heading, its first card
            page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Alder El: Strike")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("/sesr/report"))


def test_a_search_from_any_page_opens_the_school(site: str, browser: Browser) -> None:
    with opened(browser, site, "central", "/") as page:
        all_there(page)
        page.keyboard.press("/")
        page.keyboard.type("ela vista")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1, name="Éla Vista MS")).to_be_visible()
        expect(page.get_by_role("link", name="Parents response rate")).to_be_visible()


def test_the_others_are_shown_while_a_service_is_away(site: str, browser: Browser) -> None:
    with opened(browser, site, "principal", "/schools") as first:
        # The browser itself notes in its console what did not answer, so this page is none that `opened` listens to.
        page = first.context.new_page()
        page.route("**/rates/cards", lambda route: route.fulfill(status=502, body="away"))
        page.route("**/tracker/cards", lambda route: route.abort())
        page.goto(site)
        expect(page.get_by_text("Response rates does not answer at the moment.")).to_be_visible()
        expect(page.get_by_text("Progress tracker does not answer at the moment.")).to_be_visible()
        expect(page.get_by_role("link", name="Alder El: Strike")).to_be_visible()
        expect(page.locator(".toast")).to_have_count(0)


def test_without_script_each_part_is_a_link(site: str, browser: Browser) -> None:
    with opened(browser, site, "principal", "/", java_script_enabled=False) as page:
        page.get_by_role("link", name="Response rates: what needs you now").click()
        expect(page.get_by_role("link", name="Parents response rate")).to_be_visible()


def test_everybody_can_use_home_search_and_a_schools_page(site: str, browser: Browser) -> None:
    for role, scheme in (("principal", "light"), ("central", "dark"), ("director", "dark"), ("ops", "light")):
        with opened(browser, site, role, "/", color_scheme=scheme, bypass_csp=True) as page:
            for path in ("/", "/schools", f"/schools/{ALDER}", "/schools?q=nowhere"):
                page.goto(site + path)
                all_there(page)
                assert axe(page) == [], f"{role} {path} {scheme}"


def test_a_phone_shows_the_pages_without_scrolling_sideways(site: str, browser: Browser) -> None:
    for role in ROLES:
        with opened(browser, site, role, "/", viewport={"width": 390, "height": 844}) as page:
            for path in ("/", "/schools", f"/schools/{ALDER}"):
                page.goto(site + path)
                all_there(page)
                assert page.evaluate("document.documentElement.scrollWidth") <= 390, f"{role} {path}"
