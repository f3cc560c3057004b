"""The tracker in a real browser: targets while typing, without script, on a phone, and for everybody."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import axe
from tests.browser.site import opened, served
from tests.tracker.district import ALDER, tell_directory, tell_results

PAGE = f"/tracker/schools/{ALDER}"
HAPPY = "I am happy to be at this school."
SAFE = "I feel safe in this school or in online school sessions."


@pytest.fixture
def site(clean: None) -> Iterator[str]:
    tell_directory()
    worked = ("74.0", "75.3", "79.0", "82.0", "84.5")
    tell_results([(ALDER, SAFE, f"Fall {2021 + year}", percent) for year, percent in enumerate(worked)])
    with served() as address:
        yield address


def test_targets_are_recomputed_while_a_person_types(site: str, browser: Browser) -> None:
    with opened(browser, site, "principal", PAGE) as page:
        card = page.locator("#item-1b-happy")
        card.get_by_label("Fall 2021 baseline %").press_sequentially("74")
        expect(card.get_by_role("row", name="Target %")).to_contain_text("76.5")
        card.get_by_label("Fall 2022 result %").press_sequentially("75.3")
        expect(card.get_by_role("row", name="Target %")).to_contain_text("78.2")
        expect(card.get_by_text("1.2 below")).to_be_visible()
        expect(card.get_by_label("Fall 2022 result %")).to_be_focused()
        expect(card.get_by_role("img")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_text("2 values saved.")).to_be_visible()
        expect(page).to_have_url(re.compile("saved=2"))


def test_the_school_page_works_without_script(site: str, browser: Browser) -> None:
    with opened(browser, site, "principal", PAGE, java_script_enabled=False) as page:
        page.locator("#item-1b-happy").get_by_label("Fall 2021 baseline %").fill("74")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#item-1b-happy").get_by_role("row", name="Target %")).to_contain_text("76.5")


def test_everybody_can_use_the_pages(site: str, browser: Browser) -> None:
    for scheme in ("light", "dark"):
        with opened(browser, site, "principal", PAGE, color_scheme=scheme, bypass_csp=True) as page:
            assert axe(page) == []
            for path in ("/tracker/", f"{PAGE}/history"):
                page.goto(site + path)
                assert axe(page) == []


def test_a_phone_shows_the_school_page_without_scrolling_sideways(site: str, browser: Browser) -> None:
    with opened(browser, site, "principal", PAGE, viewport={"width": 390, "height": 844}) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
