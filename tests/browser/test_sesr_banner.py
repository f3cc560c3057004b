"""The banner of strike reports on the pages of the other services, in a real browser."""

import re

from playwright.sync_api import Browser, expect

from tests.browser.axe import axe
from tests.browser.test_sesr import PHONE, signed_in, without_sync
from tests.browser.test_sesr_lost import queued, site

__all__ = ["site"]


def test_other_pages_count_what_waits_on_the_device_and_lead_to_where_it_is_sent(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal", viewport=PHONE, bypass_csp=True)
    without_sync(context)
    queued(context, site).close()
    context.set_offline(False)
    page = context.new_page()
    page.goto(f"{site}/tracker/")
    expect(page.get_by_text("NOT SENT YET: 1 report.")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("link", name="Send now").click()
    expect(page.locator("#toasts")).to_contain_text(re.compile(r"Report \d+ received"))
    page.goto(f"{site}/tracker/")
    expect(page.get_by_role("link", name="Report for Alder El: Strike")).to_be_visible()
    expect(page.get_by_text("NOT SENT YET")).to_be_hidden()
    context.close()
