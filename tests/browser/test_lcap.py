"""The LCAP pages in a real browser: for everybody, on a phone, and a check typed in by a person."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import axe
from tests.browser.site import opened, scrolling_boxes, served
from tests.tracker.district import tell_directory
from tests.tracker.lcap_tables import demo, load, loaded_events, published

ROOT = "/tracker/lcap/"


@pytest.fixture
def site(clean: None) -> Iterator[str]:
    tell_directory()
    load(*loaded_events("actions", demo("actions")), *loaded_events("measures", published()))
    with served() as address:
        yield address


def test_everybody_can_use_the_lcap_pages(site: str, browser: Browser) -> None:
    for scheme in ("light", "dark"):
        with opened(browser, site, "central", ROOT, color_scheme=scheme, bypass_csp=True) as page:
            for path in ("", "actions/1.32", "actions/8.03", "measures", "ses", "settings", "unread"):
                page.goto(f"{site}{ROOT}{path}")
                assert axe(page) == [], path
            page.goto(f"{site}{ROOT}measures?show=doubts")
            page.get_by_role("link", name="Depth of wells").click()
            assert axe(page) == []


def test_a_phone_shows_the_lcap_without_scrolling_sideways(site: str, browser: Browser) -> None:
    with opened(browser, site, "central", ROOT, viewport={"width": 390, "height": 844}) as page:
        for path in ("", "actions/1.32", "measures", "ses"):
            page.goto(f"{site}{ROOT}{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_no_box_of_the_lcap_pages_scrolls_by_itself_and_hides_its_last_rows(site: str, browser: Browser) -> None:
    """In a window so low that any box with a height of its own would scroll."""
    with opened(browser, site, "central", ROOT, viewport={"width": 1312, "height": 240}) as page:
        for path in ("", "actions/1.32", "measures", "ses", "settings", "unread", "loads"):
            page.goto(f"{site}{ROOT}{path}")
            assert scrolling_boxes(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= 1312, path


def test_a_person_corrects_a_doubtful_measure_without_script(site: str, browser: Browser) -> None:
    with opened(browser, site, "central", f"{ROOT}measures?show=doubts", java_script_enabled=False) as page:
        page.get_by_role("link", name="Depth of wells").click()
        expect(page.get_by_text("Please check: the two values are more than ten times apart")).to_be_visible()
        first = page.get_by_role("group", name="Value 1")
        first.get_by_label("Now", exact=True).fill("-151.8")
        page.get_by_role("button", name="Save these values").click()
        expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
        expect(page.get_by_role("cell", name="+0.3 up")).to_be_visible()


def test_the_list_of_missing_explanations_is_one_click_away(site: str, browser: Browser) -> None:
    with opened(browser, site, "central", ROOT) as page:
        page.get_by_role("link", name="3 material differences without an explanation").click()
        rows = page.get_by_role("region", name="Actions").get_by_role("rowheader")
        assert [name.split(" ")[0] for name in rows.all_inner_texts()] == ["1.18", "1.19", "3.03"]
