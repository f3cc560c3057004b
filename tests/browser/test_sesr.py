"""The strike form and the board in a real browser: without network, without script, on a phone, live."""

import re
from asyncio import AbstractEventLoop
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from sqlalchemy import text

from services.sesr.pages import live
from shared.db import transaction
from tests.browser.axe import axe
from tests.deploy.waiting import until
from tests.people import browser_of
from tests.sesr.served import served
from tests.sesr.world import load_schools, open_incident, send
from tests.stack import deliver

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def site(clean: None) -> Iterator[str]:
    load_schools()
    open_incident(drill=True)
    with served() as address:
        yield address


def signed_in(browser: Browser, site: str, role: str, **options: Any) -> BrowserContext:
    """A browser context with a session of the role."""
    context = browser.new_context(**options)
    sign_in(context, site, role)
    return context


def sign_in(context: BrowserContext, site: str, role: str) -> None:
    [(name, value)] = browser_of(role).cookies.items()
    context.add_cookies([{"name": name, "value": value, "url": site}])


def reports() -> list[Any]:
    with transaction("sesr") as session:
        return list(session.execute(text("select report_id, counts, received_at - counted_at as waited from report")))


def streams() -> list[tuple[AbstractEventLoop, live.Stream]]:
    """The streams of open boards, each with the loop that it lives in."""
    return [
        (loop, stream)
        for loop, hub in list(live._hubs.items())
        for channel in list(hub.channels.values())
        for stream in list(channel.streams)
    ]


def goes_on(page: Page) -> bool:
    """Lets the page's events come through to this test."""
    page.wait_for_timeout(20)
    return True


def stream_is_there(page: Page) -> None:
    """Waits until the one open board has its stream."""
    until(lambda: streams() or not goes_on(page))


def end_stream(page: Page) -> None:
    """Ends the one open board's stream once it is there, as a network that breaks does."""
    stream_is_there(page)
    for loop, stream in streams():
        loop.call_soon_threadsafe(stream.put_nowait, None)


def without_pattern(page: Page, name: str) -> None:
    """Lets the browser send what only the server refuses."""
    page.locator(f"[name={name}]").evaluate("field => field.removeAttribute('pattern')")


def without_sync(context: BrowserContext) -> None:
    """As a browser in which only pages send, never the service worker after them: Firefox, Safari."""
    context.add_init_script("delete ServiceWorkerRegistration.prototype.sync")


def form(context: BrowserContext, site: str) -> Page:
    """The form, once it can be opened without network."""
    page = context.new_page()
    page.goto(f"{site}/sesr/report")
    expect(page.locator("html[data-offline=ready]")).to_have_count(1)
    return page


def test_a_report_of_a_phone_without_network_is_sent_exactly_once_later(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    context.set_offline(True)
    page.get_by_label("Students present").fill("310")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", name="NOT SENT YET: 1 report")).to_be_visible()
    page.close()
    again = context.new_page()
    again.goto(f"{site}/sesr/report")
    expect(again.get_by_role("heading", name="NOT SENT YET: 1 report")).to_be_visible()
    assert reports() == []
    context.set_offline(False)
    expect(again.locator("#toasts")).to_contain_text(re.compile(r"Report \d+ received"), timeout=15000)
    expect(again.get_by_role("heading", name="NOT SENT YET")).to_have_count(0)
    again.reload()
    expect(again.get_by_text("Last report")).to_have_count(2)
    assert [row.counts["students_present"] for row in reports()] == [310]
    context.close()


def test_a_report_arrives_after_its_session_ended_and_is_marked(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal")
    page = form(context, site)
    context.clear_cookies()
    page.get_by_label("Students present").fill("7")
    page.get_by_role("button", name="Send report").click()
    until(lambda: reports() or not goes_on(page))
    with transaction("sesr") as session:
        kept = session.execute(text("select author, by_key, note from report")).one()
    assert kept == ("principal@lausd.example as principal", True, "It was sent after the session had ended.")
    assert "Sent later by the device" in browser_of("central").get("/sesr/schools/1400101").text
    context.close()


def test_a_device_whose_right_to_send_has_ended_keeps_the_report_until_sign_in(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal")
    page = form(context, site)
    page.locator("[data-unsent]").evaluate("place => { place.dataset.reportKey = 'changed'; }")
    context.clear_cookies()
    page.get_by_label("Students present").fill("7")
    page.get_by_role("button", name="Send report").click()
    link = page.get_by_role("link", name="Sign in to send")
    expect(link).to_be_visible()
    assert reports() == []
    sign_in(context, site, "principal")
    page.goto(f"{site}/sesr/schools/1400101")
    expect(page.locator("#toasts")).to_contain_text("received")
    expect(page.get_by_role("heading", name="NOT SENT YET")).to_have_count(0)
    assert len(reports()) == 1
    context.close()


def test_with_network_a_report_leads_to_its_receipt(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    page.get_by_label("Students present").fill("0")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_label("Zero is right")).to_be_focused()
    page.get_by_label("Zero is right").check()
    without_pattern(page, "walkout")
    page.get_by_label("Students in a walkout").fill("1.5")
    page.get_by_role("button", name="Send report").click()
    expect(page.locator("#refusal")).to_contain_text("whole number")
    page.get_by_label("Students in a walkout").fill("1")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("received")
    page.goto(f"{site}/sesr/report")
    page.get_by_role("button", name="No change since").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("received")
    assert len(reports()) == 2
    context.close()


def test_a_draft_outlives_a_closed_page(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal")
    page = form(context, site)
    page.get_by_label("Volunteers").fill("12")
    page.get_by_role("group", name="Media on site").get_by_label("Yes").check()
    page.close()
    again = form(context, site)
    expect(again.get_by_label("Volunteers")).to_have_value("12")
    expect(again.get_by_role("group", name="Media on site").get_by_label("Yes")).to_be_checked()
    context.close()


def test_the_form_works_without_script(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/sesr/")
    page.get_by_label("Students present").fill("310")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("received")
    context.close()


def test_an_open_board_follows_a_report(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "central")
    page = context.new_page()
    page.goto(f"{site}/sesr/board")
    expect(page.get_by_text("No report yet.")).to_be_visible()
    send(flags={"media": True})
    deliver()
    expect(page.get_by_text("Media on site (1):")).to_be_visible()
    expect(page.locator("#changes-title + ol")).to_contain_text("Alder El 310 present")
    context.close()


def test_a_board_whose_stream_does_not_come_through_asks_by_itself(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "central")
    page = context.new_page()
    page.clock.install()
    page.route("**/board/stream*", lambda route: route.abort())
    page.goto(f"{site}/sesr/board")
    expect(page.get_by_text("No report yet.")).to_be_visible()
    send()
    deliver()
    page.clock.fast_forward(45000)
    expect(page.locator("#changes-title + ol")).to_contain_text("Alder El 310 present")
    expect(page.get_by_text("the board is refreshed every 10 seconds")).to_be_visible()
    page.route("**/board/live*", lambda route: route.abort())
    page.clock.fast_forward(15000)
    expect(page.get_by_text("Not live: no answer from the server")).to_be_visible()
    page.unroute("**/board/live*")
    context.clear_cookies()
    page.clock.fast_forward(15000)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    context.close()


def test_a_board_has_its_stream_however_late_a_script_comes(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "central")
    page = context.new_page()
    held: list[Route] = []
    page.route("**/hx-sse.min*.js", lambda route: held.append(route))
    page.goto(f"{site}/sesr/board", wait_until="commit")
    until(lambda: goes_on(page) and held and page.evaluate("typeof htmx === 'object'"))
    page.evaluate("new Promise((timers) => setTimeout(timers))")
    held[0].continue_()
    stream_is_there(page)
    context.close()


def test_a_board_that_lost_its_network_shows_afterwards_what_came_meanwhile(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "central")
    page = context.new_page()
    page.goto(f"{site}/sesr/board")
    expect(page.get_by_text("No report yet.")).to_be_visible()
    stream_is_there(page)
    page.route("**/board/stream*", lambda route: route.abort())
    with page.expect_event("requestfailed", lambda request: "/board/stream" in request.url):
        end_stream(page)
    send()
    deliver()
    expect(page.get_by_text("No report yet.")).to_be_visible()
    page.unroute("**/board/stream*")
    expect(page.locator("#changes-title + ol")).to_contain_text("Alder El 310 present", timeout=30000)
    context.close()


def test_a_second_tap_opens_no_second_incident(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "central", viewport=PHONE)
    page = context.new_page()
    page.goto(f"{site}/sesr/incidents")
    held: list[Route] = []
    page.route("**/sesr/incidents", lambda route: held.append(route))
    page.get_by_label("Name").fill("Strike of March")
    button = page.get_by_role("button", name="Open incident")
    button.scroll_into_view_if_needed()
    place = button.bounding_box()
    assert place is not None
    for _ in range(2):  # a locator would wait for the answer first
        page.mouse.click(place["x"] + 9, place["y"] + 9)
        page.wait_for_timeout(200)
    [only] = held
    only.continue_()
    expect(page.get_by_role("heading", name="Strike board")).to_be_visible()
    context.close()


def test_the_large_screen_shows_the_board_without_its_controls_and_follows(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "central", viewport={"width": 1920, "height": 1080}, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{site}/sesr/board")
    page.get_by_role("link", name="Large screen").click()
    expect(page.get_by_label("Region", exact=True)).to_have_count(0)
    send(flags={"media": True})
    deliver()
    expect(page.get_by_text("Media on site (1):")).to_be_in_viewport()
    expect(page.get_by_text("Students present").first).to_be_in_viewport()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1920
    context.close()


def test_odd_numbers_are_told_while_typing_and_no_phone_number_travels(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    page.get_by_label("Cell phone").fill("213-555-0177")
    with page.expect_request("**/report/warnings?*students_present=945*") as asked:
        page.get_by_label("Students present").fill("945")
    assert "0177" not in asked.value.url and "cell" not in asked.value.url
    expect(page.locator("#warnings")).to_contain_text("945 is more than the 944 there are.")
    page.get_by_label("Students present").fill("310")
    expect(page.locator("#warnings")).to_be_empty()
    context.close()


def test_a_phone_whose_clock_is_an_hour_fast_counts_now(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    context.clock.set_system_time(datetime.now(UTC) + timedelta(hours=1))
    page = form(context, site)
    page.get_by_label("Students present").fill("310")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_text("The clock of this device is 60 minutes fast")).to_be_visible()
    [row] = reports()
    assert row.waited < timedelta(minutes=1)
    context.close()


@pytest.mark.parametrize("viewport", [PHONE, {"width": 1280, "height": 900}])
def test_axe_finds_nothing_on_the_pages_of_strike_reports(browser: Browser, site: str, viewport: Any) -> None:
    first = send(flags={"outside_group": True}, counts={"students_present": 900, "volunteers": 1}).json()["report_id"]
    deliver()
    found = []
    pages = {
        "principal": ["/sesr/report", f"/sesr/receipts/{first}", f"/sesr/report?correct={first}"],
        "central": ["/sesr/", "/sesr/board", "/sesr/incidents", "/sesr/schools/1400101"],
    }
    for role, paths in pages.items():
        context = signed_in(browser, site, role, viewport=viewport, bypass_csp=True)
        for path in paths:
            page = context.new_page()
            page.goto(site + path)
            found += [(path, said) for said in axe(page)]
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], path
            page.close()
        context.close()
    assert found == []
