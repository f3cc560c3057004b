"""Nothing of a strike report is lost, old or another's: closed incidents, gates, blocked storage, shared phones, two tabs."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import text

from shared.db import transaction
from tests.browser.test_sesr import PHONE, form, goes_on, reports, sign_in, signed_in, without_sync
from tests.browser.test_sesr_gate import NOT_SENT, fill_and_send, two_schools
from tests.deploy.waiting import until
from tests.people import browser_of
from tests.sesr.served import served
from tests.sesr.world import ALDER, BIRCH, load_schools, open_incident, send
from tests.stack import deliver

GATE = "<!doctype html><html><head><title>Wifi</title></head><body><h1>Welcome to the free wifi</h1></body></html>"


@pytest.fixture
def site(clean: None) -> Iterator[str]:
    load_schools()
    open_incident()
    with served() as address:
        yield address


def queued(context: BrowserContext, site: str, present: str = "310") -> Page:
    """The form with a report that waits for a network."""
    page = form(context, site)
    context.set_offline(True)
    fill_and_send(page, present)
    expect(page.get_by_role("heading", name=NOT_SENT)).to_be_visible()
    return page


def close_incidents() -> None:
    with transaction("sesr") as session:
        session.execute(text("update incident set closed_at = now()"))


@pytest.mark.parametrize("path", ["/sesr/report", f"/sesr/schools/{ALDER}"])
def test_a_report_counted_before_the_closing_is_sent_after_it_from_any_page(
    browser: Browser, site: str, path: str
) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    without_sync(context)
    queued(context, site).close()
    close_incidents()
    context.set_offline(False)
    page = context.new_page()
    page.goto(site + path)
    expect(page.locator("#toasts")).to_contain_text(re.compile(r"Report \d+ received"))
    with transaction("sesr") as session:
        notes = session.execute(text("select note from report")).scalars().all()
    assert notes == ["It came after the incident was closed, and was counted before."]
    context.close()


def test_a_report_that_cannot_be_taken_is_seen_by_its_person_on_every_page_until_it_is_settled(
    browser: Browser, site: str
) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    without_sync(context)
    with transaction("sesr") as session:
        session.execute(text("update incident set closed_at = now() - interval '1 minute'"))
    with transaction("sesr") as session:
        session.execute(text("update incident set closed_at = null"))
    queued(context, site).close()
    with transaction("sesr") as session:
        session.execute(text("update incident set closed_at = now() - interval '1 hour'"))
    context.set_offline(False)
    page = context.new_page()
    for path in (f"/sesr/schools/{ALDER}", "/sesr/report"):
        page.goto(site + path)
        expect(page.get_by_role("heading", name=NOT_SENT)).to_be_visible()
        expect(page.get_by_text("The incident is closed and takes no more reports")).to_be_visible()
    page.get_by_role("button", name="Discard…").click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("310 students present. It was never sent, and nobody else has it.")
    expect(asked.get_by_role("button", name="Keep it")).to_be_focused()
    asked.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("heading", name=NOT_SENT)).to_be_visible()
    page.get_by_role("button", name="Discard…").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard it").click()
    expect(page.get_by_role("heading", name="NOT SENT YET")).to_have_count(0)
    context.close()


def test_the_browser_sends_what_waits_after_the_page_is_closed(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = queued(context, site)
    page.goto("about:blank")
    context.set_offline(False)
    client = context.new_cdp_session(page)
    found: list[str] = []
    client.on("ServiceWorker.workerRegistrationUpdated", lambda said: found.extend(
        each["registrationId"] for each in said["registrations"] if each["scopeURL"].startswith(site)
    ))  # fmt: skip
    client.send("ServiceWorker.enable")
    until(lambda: found or not goes_on(page))
    sync = {"origin": site, "registrationId": found[0], "tag": "sesr-send", "lastChance": False}
    client.send("ServiceWorker.dispatchSyncEvent", sync)
    until(lambda: reports() or not goes_on(page))
    context.close()


def test_a_later_report_starts_from_the_last_one_and_takes_two_taps_and_the_digits(browser: Browser, site: str) -> None:
    send(counts={"students_present": 310, "walkout": 5, "classified_other": 12}, flags={"media": True})
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    page.get_by_label("Students present").click()
    page.keyboard.type("295")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("received")
    deliver()
    with transaction("sesr") as session:
        [row] = session.execute(text("select counts, flags from current_report")).all()
    assert [row.counts[name] for name in ("students_present", "walkout", "classified_other")] == [295, 5, 12]
    assert row.flags == {"media": True}
    context.close()


def test_without_network_the_next_report_starts_from_the_one_that_waits(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    without_sync(context)
    page = form(context, site)
    context.set_offline(True)
    page.get_by_label("Volunteers").fill("4")
    page.get_by_role("group", name="Media on site").get_by_label("Yes").check()
    fill_and_send(page, "310")
    expect(page.get_by_role("heading", name=NOT_SENT)).to_be_visible()
    page.reload()
    expect(page.get_by_label("Volunteers")).to_have_value("4")
    fill_and_send(page, "300")
    expect(page.get_by_role("heading", name="NOT SENT YET: 2 reports")).to_be_visible()
    context.set_offline(False)
    expect(page.get_by_role("heading", name="NOT SENT YET")).to_have_count(0, timeout=15000)
    deliver()
    with transaction("sesr") as session:
        [row] = session.execute(text("select counts, flags from current_report")).all()
    assert (row.counts["students_present"], row.counts["volunteers"], row.flags) == (300, 4, {"media": True})
    context.close()


def test_no_change_from_an_old_page_asks_before_it_overwrites_newer_counts(browser: Browser, site: str) -> None:
    send(counts={"students_present": 300})
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    send("designee", counts={"students_present": 150})
    page.get_by_role("button", name="No change since").click()
    expect(page.get_by_text("150 students present. Yours says 300")).to_be_visible()
    assert len(reports()) == 2
    page.get_by_role("button", name="Send mine anyway").click()
    expect(page.locator("#toasts")).to_contain_text("received")
    expect(page.get_by_role("heading", name="NOT SENT YET")).to_have_count(0)
    assert len(reports()) == 3
    context.close()


def test_a_form_of_a_drill_asks_which_it_is_for_when_a_strike_has_begun(browser: Browser, site: str) -> None:
    with transaction("sesr") as session:
        session.execute(text("update incident set drill = true, name = 'Exercise'"))
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    strike = open_incident(name="Strike of March")
    fill_and_send(page, "310")
    page.get_by_role("button", name="For Strike of March").click()
    expect(page.locator("#toasts")).to_contain_text("received")
    with transaction("sesr") as session:
        assert [str(key) for key in session.execute(text("select incident_id from report")).scalars()] == [strike]
    context.close()


def test_a_clock_that_was_not_set_when_counting_is_asked_for_with_a_time_field(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    without_sync(context)
    page = form(context, site)
    context.clock.set_system_time(datetime(1970, 1, 1, 0, 5, tzinfo=UTC))
    context.set_offline(True)
    fill_and_send(page, "310")
    expect(page.get_by_role("heading", name=NOT_SENT)).to_be_visible()
    context.clock.set_system_time(datetime.now(UTC))
    context.set_offline(False)
    expect(page.get_by_label("When was it counted?")).to_be_visible(timeout=15000)
    page.get_by_label("When was it counted?").fill("00:01")
    page.get_by_role("button", name="Send with this time").click()
    expect(page.get_by_role("heading", name="NOT SENT YET")).to_have_count(0)
    with transaction("sesr") as session:
        notes = session.execute(text("select note from report")).scalars().all()
    assert notes in ([], ["The time of counting was entered by hand."])
    context.close()


def test_the_page_of_a_gate_is_never_kept_as_the_form(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    kept = """async (gate) => {
      const cache = await caches.open("sesr-pages");
      const before = (await cache.keys()).length;
      return [before, await Promise.all((await cache.matchAll()).map(async (page) => (await page.text()).includes(gate)))];
    }"""
    page.evaluate(
        """(gate) => { window.fetch = async () => new Response(gate, { headers: { "content-type": "text/html" } }); }""",
        GATE,
    )
    page.goto(f"{site}/sesr/report")
    expect(page.locator("html[data-offline=ready]")).to_have_count(1)
    count, gates = page.evaluate(kept, "free wifi")
    assert count > 0 and not any(gates)
    names = page.evaluate(
        """async () => Promise.all((await (await caches.open("sesr-pages")).matchAll()).map((page) => page.text()))"""
    )
    assert not [name for name in ("Lindqvist", "213-555-0101", "principal@") if any(name in html for html in names)]
    context.close()


@pytest.mark.parametrize("blocked", ["() => ({})", "() => { throw new DOMException('refused', 'SecurityError'); }"])
def test_a_browser_whose_storage_is_silent_or_closed_says_so_first_and_still_sends(
    browser: Browser, site: str, blocked: str
) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    context.add_init_script(f"IDBFactory.prototype.open = {blocked};")
    page = context.new_page()
    page.goto(f"{site}/sesr/report")
    expect(page.get_by_text("This device cannot keep your report")).to_be_visible(timeout=10000)
    expect(page.locator("[data-no-storage]").get_by_role("link")).to_have_attribute("href", "tel:213-555-0100")
    fill_and_send(page, "310")
    expect(page.get_by_role("heading", level=1)).to_contain_text("received", timeout=30000)
    assert len(reports()) == 1
    context.close()


def test_storage_that_the_browser_closed_is_opened_again(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    without_sync(context)
    context.add_init_script("""
      const open = IDBFactory.prototype.open;
      window.opened = [];
      IDBFactory.prototype.open = function (...given) {
        const request = open.apply(this, given);
        request.addEventListener("success", () => window.opened.push(request.result));
        return request;
      };
    """)
    page = queued(context, site)
    page.evaluate("window.opened.forEach((database) => database.close())")
    fill_and_send(page, "311")
    expect(page.get_by_role("heading", name="NOT SENT YET: 2 reports")).to_be_visible()
    page.evaluate("window.opened.forEach((database) => database.close())")
    context.set_offline(False)
    expect(page.get_by_role("heading", name="NOT SENT YET")).to_have_count(0, timeout=15000)
    assert len(reports()) == 2
    context.close()


def test_another_tab_stops_saying_that_a_report_is_not_sent(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    without_sync(context)
    other = form(context, site)
    page = queued(context, site)
    expect(other.get_by_role("heading", name=NOT_SENT)).to_be_visible(timeout=10000)
    context.set_offline(False)
    expect(page.get_by_role("heading", name="NOT SENT YET")).to_have_count(0, timeout=15000)
    expect(other.get_by_role("heading", name="NOT SENT YET")).to_have_count(0, timeout=10000)
    assert len(reports()) == 1
    context.close()


def test_signing_out_says_what_is_unsent_and_takes_the_rest_with_it(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    without_sync(context)
    page = form(context, site)
    page.route("**/api/v1/reports*", lambda route: route.abort())
    page.route("**/api/v1/reports/queued", lambda route: route.abort())
    page.get_by_label("Cell phone").fill("213-555-0177")
    fill_and_send(page, "310")
    expect(page.get_by_role("heading", name=NOT_SENT)).to_be_visible()
    page.locator("details.user summary").click()
    page.get_by_role("button", name="Sign out").click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("1 report is not sent yet")
    asked.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
    left = "() => [Object.keys(localStorage).filter((key) => key.startsWith('sesr ')).length, caches.has('sesr-pages')]"
    assert page.evaluate(f"async () => Promise.all(({left})())") == [0, False]
    sign_in(context, site, "designee")
    page = context.new_page()
    page.goto(f"{site}/sesr/report")
    until(lambda: reports() or not goes_on(page))
    expect(page.get_by_role("heading", name="NOT SENT YET")).to_have_count(0)
    assert "213-555-0177" not in page.evaluate("JSON.stringify(localStorage)")
    with transaction("sesr") as session:
        assert session.execute(text("select author_name from report")).scalars().all() == ["Lindqvist, Per"]
    context.close()


def test_without_network_the_form_shows_its_own_persons_contacts_only_while_that_person_may_send(
    browser: Browser, site: str
) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    context.set_offline(True)
    page.reload()
    expect(page.get_by_label("Name")).to_have_value("Per Lindqvist")
    expect(page.get_by_role("banner")).not_to_contain_text("Lindqvist")
    context.clock.set_system_time(datetime.now(UTC) + timedelta(hours=13))
    page.reload()
    expect(page.get_by_label("Students present")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("")
    context.close()


def test_going_back_shows_the_school_that_the_form_sends(browser: Browser, site: str) -> None:
    two_schools()
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    page.get_by_label("School", exact=True).select_option(label=f"Birch MS ({BIRCH})")
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_text(f"Birch MS ({BIRCH}),")).to_be_visible()
    page.go_back()
    expect(page.get_by_text(f"Alder El ({ALDER}),")).to_be_visible()
    expect(page.get_by_label("School", exact=True)).to_have_value(ALDER)
    context.close()


def test_a_landline_of_the_directory_never_refuses_a_report(browser: Browser, site: str) -> None:
    with transaction("sesr") as session:
        session.execute(text("update school set landline = '213-555-0187 / 0188'"))
    context = signed_in(browser, site, "principal", viewport=PHONE)
    page = form(context, site)
    fill_and_send(page, "310")
    expect(page.get_by_role("heading", level=1)).to_contain_text("received")
    deliver()
    assert "tel:213-555-0187" in browser_of("desk").get(f"/sesr/schools/{ALDER}").text
    context.close()


@pytest.mark.parametrize("viewport", [PHONE, {"width": 320, "height": 256}], ids=["phone", "400 percent"])
def test_no_focused_field_is_behind_the_send_bar(browser: Browser, site: str, viewport: dict[str, int]) -> None:
    context = browser.new_context(viewport=viewport)  # type: ignore[arg-type]
    sign_in(context, site, "principal")
    page = context.new_page()
    page.goto(f"{site}/sesr/report")
    fields = page.locator("[data-report] input:not([type=hidden]):visible")
    hidden = []
    for number in range(fields.count()):
        field = fields.nth(number)
        field.focus()
        page.wait_for_timeout(50)
        if not field.evaluate(
            "field => { const box = field.getBoundingClientRect();"
            " const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);"
            " return top === field || field.contains(top) || top?.closest('label')?.contains(field) || false; }"
        ):
            hidden.append(field.get_attribute("name"))
    assert hidden == []
    context.close()
