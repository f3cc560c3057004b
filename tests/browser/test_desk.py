"""The operator's desk in a browser: a poison event is found, replayed, and gone; without script; for everybody."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import axe
from tests.browser.site import opened, served
from tests.faults.test_parking import poison


@pytest.fixture
def site(clean: None) -> Iterator[str]:
    with served() as address:
        yield address


def test_a_poison_event_is_found_and_mended_from_the_desk(site: str, browser: Browser) -> None:
    (event_id,) = poison()
    with opened(browser, site, "ops", "/ops") as page:
        expect(page.get_by_text("Events are parked")).to_be_visible()
        page.get_by_role("link", name="ingest", exact=True).click()
        expect(page.get_by_text("ValueError: call [phone]")).to_be_visible()
        page.get_by_role("link", name=str(event_id)).click()
        expect(page.get_by_text("rates never received this event.")).to_be_visible()
        page.goto(site + "/ingest/ops")
        page.get_by_role("button", name="Replay notify.digests_planned").click()
        expect(page.get_by_text("Nothing is parked")).to_be_visible()


def test_the_desk_works_without_script(site: str, browser: Browser) -> None:
    poison()
    with opened(browser, site, "ops", "/ops", java_script_enabled=False) as page:
        page.get_by_role("link", name="ingest", exact=True).click()
        page.locator("summary", has_text="Discard").click()
        page.get_by_label("Reason").fill("the upload was undone")
        page.get_by_role("button", name="Discard 1 event").click()
        expect(page.get_by_text("Nothing is parked")).to_be_visible()


def test_everybody_can_use_the_desk(site: str, browser: Browser) -> None:
    (event_id,) = poison()
    for scheme in ("light", "dark"):
        with opened(browser, site, "ops", "/ops", color_scheme=scheme, bypass_csp=True) as page:
            expect(page.get_by_text("Parked events")).to_have_count(5)
            assert axe(page) == []
            for path in ("/ingest/ops", f"/ops?event={event_id}"):
                page.goto(site + path)
                assert axe(page) == []


def test_a_phone_shows_the_desk_without_scrolling_sideways(site: str, browser: Browser) -> None:
    (event_id,) = poison()
    with opened(browser, site, "ops", "/ops", viewport={"width": 390, "height": 844}) as page:
        for path in ("/ops", "/ingest/ops"):
            page.goto(site + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
        box = page.get_by_role("link", name=str(event_id)).bounding_box()
        assert box is not None
        assert box["height"] < 70, "the event's id stands in a narrow column of many lines"


def test_each_figure_of_the_desk_stands_on_one_line_beside_its_words(site: str, browser: Browser) -> None:
    for width in (390, 1280):
        with opened(browser, site, "ops", "/ops", viewport={"width": width, "height": 844}) as page:
            expect(page.get_by_text("Relay last seen")).to_have_count(5)
            heights = page.locator("dd").evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
            assert max(heights) < 70, width
