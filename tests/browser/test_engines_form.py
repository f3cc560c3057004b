"""The strike form in Firefox and in WebKit: what a browser closes, refuses, restores, revives or forgets loses no report."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from selenium.common import WebDriverException
from sqlalchemy import text

from shared.db import transaction
from tests.browser.engines import Engine, Window
from tests.browser.front import Phone, hides, phone, shows
from tests.browser.test_sesr_gate import two_schools
from tests.deploy.waiting import until
from tests.sesr.world import ALDER, BIRCH, load_schools, open_incident, send

PRESENT: Final = "//input[@name='students_present']"
SEND: Final = "//button[contains(., 'Send report')]"
KEEPS: Final = """
  window.opened = [];
  window.persists = 0;
  const open = IDBFactory.prototype.open;
  IDBFactory.prototype.open = function (...given) {
    const request = open.apply(this, given);
    request.addEventListener("success", () => window.opened.push(request.result));
    return request;
  };
  Object.defineProperty(navigator, "storage", { value: { persist: async () => { window.persists += 1; } } });
"""


@pytest.fixture
def gate(clean: None) -> Iterator[Phone]:
    """A phone at the school's gate on the morning of a strike."""
    load_schools()
    open_incident()
    with phone() as made:
        yield made


def form(engine: Engine, gate: Phone) -> Window:
    """The form, once it can be opened without network."""
    window = engine.window(gate.address, "principal")
    window.goto(f"{gate.address}/sesr/report")
    until(lambda: window.run("return document.documentElement.dataset.offline") == "ready")
    return window


def fill_and_send(window: Window, present: str) -> None:
    window.write(PRESENT, present)
    window.click(SEND)


def reports() -> list[Any]:
    with transaction("sesr") as session:
        return list(session.execute(text("select counts ->> 'students_present' from report order by 1")).scalars())


def test_reports_without_network_are_kept_whatever_the_browser_closes_and_sent_once(
    engine: Engine, gate: Phone
) -> None:
    gate.front.before = KEEPS
    window = form(engine, gate)
    other = window.another()
    other.goto(f"{gate.address}/sesr/schools/{ALDER}")
    assert window.run("return window.persists") == 0, "the question of the browser would cover the form"
    gate.lose_network()
    fill_and_send(window, "310")
    shows(window, "NOT SENT YET: 1 report")
    until(lambda: window.run("return window.persists") == 1)
    shows(other, "NOT SENT YET: 1 report")
    window.run("window.opened.forEach((database) => database.close());")
    fill_and_send(window, "311")
    shows(window, "NOT SENT YET: 2 reports")
    window.goto(f"{gate.address}/sesr/report")
    shows(window, "NOT SENT YET: 2 reports")
    gate.find_network(window)
    hides(window, "NOT SENT YET")
    hides(other, "NOT SENT YET")
    assert reports() == ["310", "311"]


def test_the_gate_of_a_foreign_network_is_no_receipt_no_refusal_and_no_form(engine: Engine, gate: Phone) -> None:
    window = form(engine, gate)
    gate.front.has_gate = True
    fill_and_send(window, "310")
    shows(window, "NOT SENT YET: 1 report")
    gate.lose_network()
    window.goto(f"{gate.address}/sesr/report")
    shows(window, "NOT SENT YET: 1 report", "Students present")
    gate.front.has_gate = False
    gate.find_network(window)
    hides(window, "NOT SENT YET")
    assert reports() == ["310"]


def test_a_school_that_was_left_by_back_is_the_one_that_is_shown_and_sent(engine: Engine, gate: Phone) -> None:
    two_schools()
    window = form(engine, gate)
    window.run("document.querySelector('#school').value = arguments[0];", BIRCH)
    window.click("//button[.='Change']")
    shows(window, f"Birch MS ({BIRCH}),")
    window.run("history.back();")
    shows(window, f"Alder El ({ALDER}),")
    until(lambda: window.run("return document.querySelector('#school').value") == ALDER, WebDriverException)
    fill_and_send(window, "310")
    shows(window, "received")
    with transaction("sesr") as session:
        assert session.execute(text("select school_key from report")).scalars().all() == [ALDER]


def test_a_page_of_yesterday_that_is_shown_again_says_so(engine: Engine, gate: Phone) -> None:
    window = form(engine, gate)
    hides(window, "This form was opened on")
    window.run("""
      const today = Date;
      window.Date = class extends today {
        constructor(...given) { super(...(given.length ? given : [today.now() + 86400000])); }
      };
      document.dispatchEvent(new Event("visibilitychange"));
    """)
    shows(window, "This form was opened on")


def test_a_revived_page_is_asked_for_again_and_still_sends(engine: Engine, gate: Phone) -> None:
    window = form(engine, gate)
    window.write("//input[@name='volunteers']", "4")
    window.goto(f"{gate.address}/sesr/schools/{ALDER}")
    send(counts={"students_present": 305})
    window.run("history.back();")
    shows(window, "Last report", "305 students present")
    until(lambda: window.run("return document.querySelector('[name=volunteers]').value") == "4", WebDriverException)
    fill_and_send(window, "306")
    shows(window, "received")
    assert reports() == ["305", "306"]


def test_a_device_that_forgot_everything_in_seven_days_is_ready_again_after_one_visit(
    engine: Engine, gate: Phone
) -> None:
    window = form(engine, gate)
    window.run("""
      return (async () => {
        for (const name of await caches.keys()) await caches.delete(name);
        for (const worker of await navigator.serviceWorker.getRegistrations()) await worker.unregister();
        localStorage.clear();
        indexedDB.deleteDatabase("ses-sesr");
      })();
    """)
    window.goto(f"{gate.address}/sesr/report")
    until(lambda: window.run("return document.documentElement.dataset.offline") == "ready", WebDriverException)
    gate.lose_network()
    window.goto(f"{gate.address}/sesr/report")
    fill_and_send(window, "310")
    shows(window, "NOT SENT YET: 1 report")


BARE: Final = {
    "blocked": "IDBFactory.prototype.open = () => ({});",
    "closed": """
      const closed = () => { throw new DOMException("closed", "SecurityError"); };
      for (const name of ["indexedDB", "localStorage", "caches"]) Object.defineProperty(window, name, { get: closed });
      for (const name of ["locks", "serviceWorker", "storage"]) delete Navigator.prototype[name];
      delete window.BroadcastChannel;
      delete AbortSignal.timeout;
      delete Crypto.prototype.randomUUID;
    """,
}


@pytest.mark.parametrize("kind", BARE)
def test_a_window_that_keeps_nothing_says_so_first_and_still_sends(engine: Engine, gate: Phone, kind: str) -> None:
    gate.front.before = BARE[kind]
    window = engine.window(gate.address, "principal")
    window.goto(f"{gate.address}/sesr/report")
    shows(window, "This device cannot keep your report")
    fill_and_send(window, "310")
    until(reports)
    shows(window, "Report ", " received")
    assert reports() == ["310"]


def test_on_a_phone_nothing_required_is_behind_the_send_bar_and_only_what_is_ticked_looks_so(
    engine: Engine, gate: Phone
) -> None:
    window = form(engine, gate)
    window.run("scrollTo(0, document.body.scrollHeight);")
    window.click(SEND)
    until(lambda: window.run("return document.activeElement.name") == "students_present")
    until(
        lambda: window.run("""
      const box = document.activeElement.getBoundingClientRect();
      return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) === document.activeElement;
    """)
    )
    colors = "return [...document.querySelectorAll('[type=radio]')].map((each) => [each.checked, getComputedStyle(each).accentColor]);"
    looks = window.run(colors)
    assert {color for is_ticked, color in looks if not is_ticked} == {"auto"}


def test_after_signing_out_back_shows_nothing_of_who_was_there(engine: Engine, gate: Phone) -> None:
    window = form(engine, gate)
    shows(window, "Lindqvist")
    window.goto(f"{gate.address}/rates/")
    window.click("//details[contains(@class, 'user')]/summary")
    window.click("//button[.='Sign out']")
    shows(window, "Sign in")
    there = ["/sign-in", "complete"]
    for _ in range(2):
        window.run("history.back();")
        until(lambda: window.run("return [location.pathname, document.readyState];") == there, WebDriverException)
        # A page that is put away has the words of its head, and shows none of them.
        seen = "document.documentElement.hidden ? '' : document.querySelector('header').innerText"
        assert "Lindqvist" not in window.run(f"return {seen};")
