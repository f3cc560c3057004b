"""The main job of each role with the keyboard alone, and the undo: reached, held while it has the focus, sent, and gone."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.site import opened, served
from tests.office import load_office
from tests.people import add_people
from tests.stack import wipe

MOST_TABS = 120


@pytest.fixture(scope="module")
def site(stack_servers: object) -> Iterator[str]:
    wipe()
    add_people()
    load_office()
    with served() as address:
        yield address


def go_to(page: Page, target: Locator) -> None:
    """Presses Tab until the target has the focus."""
    expect(target).to_be_visible()
    for _ in range(MOST_TABS):
        if target.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the keyboard does not get there")


def test_a_principal_reports(site: str, browser: Browser) -> None:
    with opened(browser, site, "principal", "/") as page:
        go_to(page, page.locator("main a[href^='/sesr/report']").first)
        page.keyboard.press("Enter")
        go_to(page, page.get_by_label("Students present"))
        page.keyboard.type("310")
        go_to(page, page.get_by_role("button", name="Send report"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=re.compile(r"Report \d+ received"))).to_be_visible()


def test_a_director_answers(site: str, browser: Browser) -> None:
    with opened(browser, site, "director", "/notify/mine") as page:
        go_to(page, page.get_by_label("What will be done"))
        page.keyboard.type("Paper surveys go home on Monday.")
        go_to(page, page.get_by_role("button", name="Send answer"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Your plans")).to_be_visible()


def test_the_desk_assigns_a_call(site: str, browser: Browser) -> None:
    with opened(browser, site, "desk", "/sesr/schools/1400101") as page:
        go_to(page, page.get_by_label("Note", exact=False).last)
        page.keyboard.type("The line was busy.")
        go_to(page, page.get_by_role("button", name="Note the call"))
        page.keyboard.press("Enter")
        expect(page.get_by_text("The line was busy.")).to_be_visible()


def test_operations_look_for_a_setting(site: str, browser: Browser) -> None:
    with opened(browser, site, "ops", "/settings") as page:
        page.keyboard.press("/")
        page.keyboard.type("backup")
        expect(page.locator("[data-settings-count]")).to_contain_text("with these words")
        expect(page.locator("[data-setting]:visible", has_text="SES_LINK_KEY")).to_have_count(0)


def test_central_staff_take_a_change_back(site: str, browser: Browser) -> None:
    with opened(browser, site, "central", "/rates/settings") as page:
        page.clock.install()
        goal = page.get_by_label("Parents, percent")
        go_to(page, goal)
        page.keyboard.type("61")
        page.keyboard.press("Enter")
        undo = page.get_by_role("button", name="Undo")
        expect(undo).to_be_visible()
        page.keyboard.press("u")
        expect(undo).to_be_focused()
        page.clock.run_for(30_000)
        expect(undo).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.locator("#note")).to_have_text("Parents have no goal now.")
        expect(goal).to_have_value("")
        page.clock.run_for(30_000)
        expect(page.locator(".toast")).to_have_count(0)


def test_an_undo_is_sent_without_script(site: str, browser: Browser) -> None:
    with opened(browser, site, "central", "/rates/settings", java_script_enabled=False) as page:
        page.get_by_label("Staff, percent").fill("62")
        page.locator("form", has=page.get_by_label("Staff, percent")).get_by_role("button").click()
        expect(page.get_by_label("Staff, percent")).to_have_value("62")
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_label("Staff, percent")).to_have_value("")
