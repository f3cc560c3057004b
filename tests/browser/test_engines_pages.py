"""The other pages in Firefox and in WebKit: what Back, reloading, keys and a drop do, and the main job of each role."""

import base64
from collections.abc import Iterator
from typing import Final

import pytest
from selenium.common import WebDriverException

from shared.access.policy import ROLES
from tests.browser.engines import Engine, Window
from tests.browser.front import Phone, phone, shows
from tests.browser.test_home import FIRST_THING
from tests.deploy.waiting import until
from tests.faults.test_parking import poison
from tests.files import extraction
from tests.office import ALDER, SCHOOLS, load_office
from tests.people import add_people
from tests.stack import wipe

SCREEN: Final = (1280, 900)
NEXT_WEEK: Final = [
    (region, ploc, cos, director, name, "Parents", "", "", 100, 60, "60%", "2025-02-28")
    for _, ploc, name, _, region, cos, director in SCHOOLS
]
REPLAY: Final = "document.querySelector('button[value=\"notify.digests_planned\"]')"
# What goes wrong in a page stays in its window until it is read.
LISTENS: Final = """
  const note = (words) => { sessionStorage.complaints = `${sessionStorage.complaints ?? ""}${words}; `; };
  addEventListener("error", (event) => note(event.message || event.target.outerHTML), true);
  addEventListener("unhandledrejection", (event) => note(event.reason));
  addEventListener("securitypolicyviolation", (event) => note(`${event.violatedDirective} ${event.blockedURI}`));
"""
DROP: Final = """
  const bytes = Uint8Array.from(atob(arguments[0]), (each) => each.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], "rates.xlsx"));
  const drop = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  document.querySelector("[data-drop]").dispatchEvent(drop);
  return document.querySelector("[data-drop] input").files.length;
"""


@pytest.fixture(scope="module")
def office(stack_servers: object, engine: Engine) -> Iterator[Phone]:
    """A district at work, for all tests of one engine: each changes what the others do not look at."""
    wipe()
    add_people()
    load_office()
    poison()
    with phone() as made:
        made.front.before = LISTENS
        yield made


def opened(engine: Engine, office: Phone, role: str, path: str) -> Window:
    window = engine.window(office.address, role, SCREEN)
    window.goto(office.address + path)
    return window


def waits_for(window: Window, body: str, value: object) -> None:
    """Until a script in the page, whichever page that is by then, answers the value."""
    until(lambda: window.run(body) == value, WebDriverException)


def test_after_signing_out_back_shows_nothing_of_the_person_before(engine: Engine, office: Phone) -> None:
    window = opened(engine, office, "director", "/rates/?group=parents")
    shows(window, "Vega, Marta", "Alder El")
    window.goto(f"{office.address}/tracker/")
    window.click("//details[contains(@class, 'user')]/summary")
    window.click("//button[.='Sign out']")
    shows(window, "Sign in")
    for path in ("/tracker/", "/rates/?group=parents"):
        window.run("history.back();")
        waits_for(window, "return new URLSearchParams(location.search).get('next')", path)
        assert "Alder El" not in window.run("return document.documentElement.outerHTML")
    window.run("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));")
    assert window.run("return document.body.getClientRects().length") == 0, (
        "a page is kept by the browser as it was seen"
    )


def test_after_back_and_reload_forms_show_what_the_page_shows(engine: Engine, office: Phone) -> None:
    window = opened(engine, office, "central", "/rates/?group=parents")
    window.run("document.querySelector('#on').selectedIndex = 1;")
    window.click("//button[.='Show']")
    waits_for(window, "return location.search.includes('on=')", True)
    window.run("history.back();")
    waits_for(window, "return [location.search, document.querySelector('#on')?.value]", ["?group=parents", ""])
    window.run("document.querySelector('#on').selectedIndex = 1; location.reload();")
    waits_for(window, "return document.readyState + document.querySelector('#on')?.value", "complete")
    window.write("//input[@data-search]", "cedar")
    waits_for(window, "return document.querySelectorAll('#results tbody tr').length", 1)
    window.click("//tbody//th//a")
    waits_for(window, "return location.pathname.startsWith('/rates/schools/')", True)
    window.run("history.back();")
    found = (
        "return [document.querySelector('[data-search]').value, document.querySelectorAll('#results tbody tr').length]"
    )
    waits_for(window, found, ["cedar", 1])


def test_arrow_keys_belong_to_a_select_and_a_tap_beside_a_menu_closes_it(engine: Engine, office: Phone) -> None:
    window = opened(engine, office, "central", "/rates/?group=parents")
    window.click("//summary[contains(., 'Custom sort')]")
    kept = window.run("""
      const select = document.querySelector("#sort-0");
      select.focus();
      const key = new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true, cancelable: true });
      return [select.dispatchEvent(key), document.activeElement === select];
    """)
    assert kept == [True, True]
    window.run("document.querySelector('h1').dispatchEvent(new PointerEvent('pointerup', { bubbles: true }));")
    assert window.run("return document.querySelectorAll('details[data-menu][open]').length") == 0


def test_a_dropped_workbook_is_taken_and_a_button_that_was_off_is_on_again(engine: Engine, office: Phone) -> None:
    window = opened(engine, office, "principal", f"/tracker/imports?school={ALDER}")
    assert window.run(DROP, "") == 1
    window = opened(engine, office, "central", "/ingest/")
    window.run("document.querySelector('[data-upload] button.button-primary').disabled = true; location.reload();")
    waits_for(window, "return document.querySelector('[data-upload] button.button-primary')?.disabled", False)


def by_keyboard(window: Window, button: str) -> None:
    """Presses a button that may move just now, because a part of the page arrives."""
    window.run(f"{button}.focus();")
    window.press("Enter")


def main_job(window: Window, role: str, site: str) -> None:
    """From home by the first thing to do to its end, and what is seen then."""
    window.goto(site)
    window.click(f"//a[normalize-space()='{FIRST_THING[role][0]}']")
    if role == "principal":
        window.write("//input[@name='students_present']", "310")
        window.click("//button[contains(., 'Send report')]")
        shows(window, "Report ", " received")
    elif role == "designee":
        window.goto(f"{site}/tracker/schools/{ALDER}")
        window.write("(//tr[@data-item]//input[contains(@class, 'input')])[1]", "74")
        by_keyboard(window, "document.querySelector('[data-sheet-said] + button')")
        shows(window, "1 value saved.")
    elif role == "director":
        window.write("//textarea", "Paper surveys go home on Monday.")
        window.click("//button[.='Send answer']")
        shows(window, "Paper surveys go home on Monday.")
    elif role == "central":
        window.goto(f"{site}/ingest/")
        assert window.run(DROP, base64.b64encode(extraction(NEXT_WEEK)).decode()) == 1
        window.click("//button[.='Check the file']")
        window.click("//button[contains(., 'ublish')]")
        shows(window, "Delivery progress", "Received by response rates")
    elif role == "desk":
        window.goto(f"{site}/sesr/calls")
        window.click("(//input[@name='school_key'])[1]")
        window.click("//button[.='Assign']")
        waits_for(window, "return document.querySelector('tbody [data-label=Caller]')?.innerText", "Brandt, Uwe")
    else:
        waits_for(window, f"return Boolean({REPLAY})", True)
        by_keyboard(window, REPLAY)
        waits_for(window, f"return Boolean(document.querySelector('main')) && !{REPLAY}", True)


def test_the_main_job_of_each_role_is_done_without_a_complaint_of_the_browser(engine: Engine, office: Phone) -> None:
    for role in ROLES:
        window = engine.window(office.address, role, SCREEN)
        main_job(window, role, office.address)
        assert window.run("return sessionStorage.complaints ?? ''") == "", role
