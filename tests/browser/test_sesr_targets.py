"""Every page of strike reports is worked with a thumb and with a keyboard: targets of 44 px, nothing that has the focus covered."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.browser.test_sesr import PHONE, signed_in
from tests.sesr.served import served
from tests.sesr.world import ALDER, BIRCH, hold, load_schools, open_incident, send
from tests.stack import deliver

# What can be tapped and stands apart: a link inside a sentence or a table's text is none (WCAG 2.5.5, inline).
SMALL = """() => [...document.querySelectorAll('main :is(a, button, input, select, textarea, summary), header :is(a, button, summary, input)')]
  .map(each => each.matches('[type=checkbox], [type=radio]') ? each.closest('label') ?? each : each)
  .filter(each => each.checkVisibility({visibilityProperty: true}) && each.type !== 'hidden' && !each.matches('.skip-link'))
  .filter(each => !(each.matches('a') && each.parentElement.textContent.trim() !== each.textContent.trim() && getComputedStyle(each).display === 'inline'))
  .map(each => [each.getBoundingClientRect(), each])
  .filter(([box]) => box.width && (box.height < 43.5 || box.width < 43.5))
  .map(([box, each]) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${each.outerHTML.slice(0, 120)}`)"""
# Where the focused element is, and where what may be seen of the page ends.
FOCUSED = """() => {
  const each = document.activeElement.closest('label') ?? document.activeElement;
  const [box, bar] = [each, document.querySelector('.submit-bar')].map(one => one.getBoundingClientRect());
  const covers = !each.closest('.submit-bar') && getComputedStyle(document.querySelector('.submit-bar')).position !== 'static';
  return [each.outerHTML.slice(0, 90), Math.round(box.top), Math.round(box.bottom), Math.round(covers ? Math.min(bar.top, innerHeight) : innerHeight)];
}"""
ZOOMED = {"width": 320, "height": 256}  # what a window of 1280 x 1024 has at 400 percent


@pytest.fixture
def site(clean: None) -> Iterator[str]:
    load_schools()
    open_incident(windows="00:00", grace_minutes=0)
    send(flags={"media": True})
    hold(BIRCH)
    deliver()
    with served() as address:
        yield address


PAGES = {
    "principal": ("/sesr/report", f"/sesr/schools/{ALDER}"),
    "desk": (
        "/sesr/",
        "/sesr/board",
        "/sesr/calls",
        "/sesr/day",
        "/sesr/entry",
        f"/sesr/schools/{BIRCH}",
        "/sesr/held",
        f"/sesr/report?school={BIRCH}",
    ),
    "central": ("/sesr/incidents", "/sesr/release", "/sesr/public"),
}


def test_every_target_is_44_pixels_wide_and_high(browser: Browser, site: str) -> None:
    small = {}
    for role, paths in PAGES.items():
        context = signed_in(browser, site, role, viewport=PHONE)
        page = context.new_page()
        for path in paths:
            page.goto(site + path)
            page.locator("main details").evaluate_all("all => all.forEach(each => { each.open = true; })")
            small[role, path] = page.evaluate(SMALL)
        context.close()
    assert {where: found for where, found in small.items() if found} == {}


def test_nothing_that_has_the_focus_is_behind_the_bar_that_sends(browser: Browser, site: str) -> None:
    context = signed_in(browser, site, "principal")
    page = context.new_page()
    page.goto(f"{site}/sesr/report")
    fields = page.locator("[data-report] :is(input:not([type=hidden]), button)").count()
    for window in (PHONE, ZOOMED):
        page.set_viewport_size(ViewportSize(width=window["width"], height=window["height"]))
        for key in ("Tab", "Shift+Tab"):
            page.locator("[name=students_present]" if key == "Tab" else "[data-report] .submit-bar button").focus()
            for _ in range(fields - 5):
                page.keyboard.press(key)
                element, top, bottom, end = page.evaluate(FOCUSED)
                assert top >= 0 and bottom <= end, (window, key, element, top, bottom, end)
    context.close()
