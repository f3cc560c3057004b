"""The strike form at the school gate: taps twice, a bad network, a full or shared phone, a page of yesterday."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import text

from shared.db import transaction
from shared.web.clock import district_zone
from tests.browser.test_sesr import PHONE, form, goes_on, reports, sign_in, signed_in, without_pattern, without_sync
from tests.deploy.waiting import until
from tests.sesr.served import served
from tests.sesr.world import ALDER, BIRCH, load_schools, open_incident

NOT_SENT = re.compile("NOT SENT YET: 1 report")


@pytest.fixture
def site(clean: None) -> Iterator[str]:
    load_schools()
    open_incident()
    with served() as address:
        yield address


def two_schools() -> None:
    """The principal of the tests gets a second school."""
    with transaction("ingest") as session:
        grant = "update access.role_grant set scope = :scope where role = 'principal'"
        session.execute(text(grant), {"scope": [ALDER, BIRCH]})


def fill_and_send(page: Page, present: str) -> None:
    page.get_by_label("Students present").fill(present)
    page.get_by_role("button", name="Send report").click()


def test_a_double_tap_on_a_slow_network_is_one_report(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    held: list[Route] = []
    page.route("**/api/v1/reports", lambda route: held.append(route))
    page.get_by_label("Students present").fill("310 ")
    with page.expect_request("**/api/v1/reports"):
        page.get_by_role("button", name="Send report").dblclick()
    expect(page.get_by_text("Sending…")).to_be_visible()
    page.get_by_role("button", name="Send report").click()
    [only] = held
    only.continue_()
    expect(page.get_by_role("heading", level=1)).to_contain_text("received")
    assert [row.counts["students_present"] for row in reports()] == [310]
    context.close()


@pytest.mark.parametrize("status", [200, 403])
def test_what_another_program_answers_in_our_place_is_no_receipt_and_no_refusal(
    browser: Browser, site: str, status: int
) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    without_sync(context)
    page = form(context, site)
    gate = "<h1>Welcome to the free wifi</h1>"
    page.route("**/sesr/api/v1/**", lambda route: route.fulfill(status=status, content_type="text/html", body=gate))
    fill_and_send(page, "310")
    expect(page.get_by_role("heading", name=NOT_SENT)).to_be_visible()
    expect(page.get_by_role("button", name="Fill in again")).to_have_count(0)
    page.unroute("**/sesr/api/v1/**")
    page.get_by_role("button", name="Send now").click()
    expect(page.locator("#toasts")).to_contain_text(re.compile(r"Report \d+ received"))
    assert len(reports()) == 1
    context.close()


def test_a_phone_that_cannot_keep_anything_sends_as_without_script(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    context.add_init_script("IDBObjectStore.prototype.put = () => { throw new DOMException('full'); };")
    page = form(context, site)
    fill_and_send(page, "310")
    expect(page.get_by_role("heading", level=1)).to_contain_text("received")
    assert len(reports()) == 1
    context.close()


def test_what_is_not_sent_yet_tells_the_districts_time_on_a_phone_of_another_zone(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE, timezone_id="Asia/Kolkata", locale="en-US")
    page = form(context, site)
    context.set_offline(True)
    now = datetime.now(district_zone())
    fill_and_send(page, "310")
    minutes = "|".join(rf"{now + timedelta(minutes=more):%-I:%M\s%p}" for more in range(3))
    expect(page.locator("[data-unsent]")).to_contain_text(re.compile(f"counted ({minutes})"))
    context.close()


def test_a_report_is_sent_in_no_other_name_than_its_writers(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    context.set_offline(True)
    fill_and_send(page, "310")
    expect(page.get_by_role("heading", name=NOT_SENT)).to_be_visible()
    page.close()
    context.clear_cookies()
    sign_in(context, site, "designee")
    context.set_offline(False)
    page = context.new_page()
    page.goto(f"{site}/sesr/schools/{ALDER}")
    until(lambda: reports() or not goes_on(page))
    expect(page.get_by_role("heading", name="NOT SENT YET")).to_have_count(0)
    expect(page.locator("#toasts")).to_be_empty()
    with transaction("sesr") as session:
        assert session.execute(text("select author_name, by_key from report")).all() == [("Lindqvist, Per", True)]
    context.close()


def test_without_network_each_school_has_its_own_form_and_never_anothers(browser: Browser, site: str) -> None:
    two_schools()
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    context.set_offline(True)
    page.get_by_label("School", exact=True).select_option(label=f"Birch MS ({BIRCH})")
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_text(f"Birch MS ({BIRCH}),")).to_be_visible()
    page.goto(f"{site}/sesr/report?school=1400301")
    expect(page.get_by_text("this form was not opened on this device before")).to_be_visible()
    context.close()


def test_a_refused_report_is_filled_in_again_in_the_form_of_its_own_school(browser: Browser, site: str) -> None:
    two_schools()
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    context.set_offline(True)
    without_pattern(page, "walkout")
    page.get_by_label("Students in a walkout").fill("1.5")
    fill_and_send(page, "310")
    expect(page.get_by_role("heading", name=NOT_SENT)).to_be_visible()
    page.goto(f"{site}/sesr/report?school={BIRCH}")
    context.set_offline(False)
    expect(page.get_by_text("enter a whole number")).to_be_visible()
    page.get_by_role("button", name="Fill in again").click()
    expect(page.get_by_text(f"({ALDER}),")).to_be_visible()
    expect(page.get_by_label("Students present")).to_have_value("310")
    page.get_by_label("Students in a walkout").fill("")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("received")
    context.close()


def test_a_report_that_is_filled_in_again_keeps_its_time_and_stays_until_it_is_sent(
    browser: Browser, site: str
) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    context.set_offline(True)
    without_pattern(page, "walkout")
    page.get_by_label("Students in a walkout").fill("1.5")
    fill_and_send(page, "310")
    expect(page.get_by_role("heading", name=NOT_SENT)).to_be_visible()
    counted_before = datetime.now(UTC)
    context.set_offline(False)
    page.get_by_role("button", name="Fill in again").click()
    expect(page.get_by_text("These numbers were counted on")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Fill in again").click()
    expect(page.get_by_label("Students present")).to_have_value("310")
    without_pattern(page, "walkout")
    fill_and_send(page, "311")
    expect(page.locator("#refusal")).to_contain_text("whole number")
    page.get_by_label("Students in a walkout").fill("")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("received")
    page.goto(f"{site}/sesr/report")
    expect(page.get_by_role("heading", name=NOT_SENT)).to_have_count(0)
    with transaction("sesr") as session:
        [(counted_at, present)] = session.execute(
            text("select counted_at, counts ->> 'students_present' from report")
        ).all()
    assert (counted_at < counted_before, present) == (True, "311")
    context.close()


def test_a_report_that_gets_through_takes_no_draft_of_the_next_with_it(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    context.set_offline(True)
    fill_and_send(page, "310")
    expect(page.get_by_role("heading", name=NOT_SENT)).to_be_visible()
    page.get_by_label("Students present").fill("295")
    context.set_offline(False)
    expect(page.locator("#toasts")).to_contain_text(re.compile(r"Report \d+ received"), timeout=15000)
    page.reload()
    expect(page.get_by_label("Students present")).to_have_value("295")
    context.close()


def test_a_silent_network_lets_the_next_report_be_written_and_sends_both_later(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    without_sync(context)
    # As 20 s of silence and a round every 5 s, in less time.
    context.add_init_script(
        "const none = AbortSignal.timeout; AbortSignal.timeout = () => none.call(AbortSignal, 700);"
        "const every = setInterval; window.setInterval = (work, ms) => every(work, ms / 40);"
    )
    page = form(context, site)
    page.route("**/api/v1/reports", lambda route: None)
    fill_and_send(page, "310")
    expect(page.get_by_role("heading", name=NOT_SENT)).to_be_visible()
    expect(page.get_by_text("Sending…")).to_be_hidden()
    fill_and_send(page, "311")
    expect(page.get_by_role("heading", name="NOT SENT YET: 2 reports")).to_be_visible()
    expect(page.get_by_text("Sending…")).to_be_hidden()
    page.unroute("**/api/v1/reports")
    expect(page.locator("[data-unsent]")).to_be_hidden(timeout=15000)
    assert sorted(row.counts["students_present"] for row in reports()) == [310, 311]
    context.close()


def test_after_a_report_that_waited_the_page_knows_of_it_and_of_who_is_in_charge(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    context.set_offline(True)
    page.get_by_label("Name").fill("Ines Okafor")
    page.get_by_label("Cell phone").fill("213-555-0177")
    fill_and_send(page, "310")
    expect(page.get_by_role("heading", name=NOT_SENT)).to_be_visible()
    expect(page.get_by_label("Students present")).to_have_value("310")
    expect(page.get_by_label("Name")).to_have_value("Ines Okafor")
    expect(page.get_by_label("Cell phone")).to_have_value("213-555-0177")
    expect(page.locator("[data-send-state]")).to_have_text("Nothing sent yet today")
    context.set_offline(False)
    expect(page.locator("[data-send-state]")).to_have_text(re.compile(r"Report \d+ received \d+:\d\d"), timeout=15000)
    context.close()


def test_what_is_not_sent_yet_stays_as_it_is_while_it_is_tried_again(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    without_sync(context)
    # A round every 5 s, in less time.
    context.add_init_script("const every = setInterval; window.setInterval = (work, ms) => every(work, ms / 40);")
    page = form(context, site)
    page.route("**/api/v1/reports", lambda route: route.abort())
    fill_and_send(page, "310")
    page.get_by_role("button", name="Send now").focus()
    for _ in range(4):
        page.wait_for_event("requestfailed")
    expect(page.get_by_role("button", name="Send now")).to_be_focused()
    context.close()


def test_without_network_the_menu_opens_the_form_of_today_and_no_correction(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    fill_and_send(page, "310")
    expect(page.get_by_role("heading", level=1)).to_contain_text("received")
    page.get_by_role("link", name="Correct it").click()
    expect(page.locator("html[data-offline=ready]")).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Correct report")
    page.goto(f"{site}/sesr/report")
    expect(page.locator("html[data-offline=ready]")).to_have_count(1)
    context.set_offline(True)
    page.goto(f"{site}/sesr/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Strike report")
    context.close()


def test_a_form_that_stayed_open_over_night_says_so_and_counts_for_the_new_day(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    expect(page.get_by_text("This form was opened on")).to_be_hidden()
    context.clock.set_system_time(datetime.now(UTC) + timedelta(days=1))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_text("This form was opened on")).to_be_visible()
    with page.expect_request("**/api/v1/reports") as sent:
        fill_and_send(page, "310")
    assert '"day":null' in (sent.value.post_data or "")
    context.close()


def test_typing_without_network_or_session_is_not_disturbed(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    context.clear_cookies()
    with page.expect_response("**/report/warnings*") as answered:
        page.get_by_label("Students present").fill("31")
    assert answered.value.status == 401
    context.set_offline(True)
    with page.expect_event("requestfailed"):
        page.get_by_label("Students present").fill("310")
    expect(page.get_by_label("Students present")).to_have_value("310")
    expect(page.locator("#toasts")).to_be_empty()
    context.close()
