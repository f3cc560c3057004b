"""The upload pages in a real browser: by keyboard, on a phone, without script, and what axe finds."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from services.ingest.actions import long_files, uploads
from services.ingest.tables import Person
from shared.db import transaction
from tests.browser.axe import axe
from tests.browser.site import opened, served
from tests.files import extraction
from tests.ingest.making import many, row
from tests.stack import deliver

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def site(clean: None) -> Iterator[str]:
    with served() as address:
        yield address


def file(*rows: tuple[Any, ...]) -> FilePayload:
    """A workbook for the file input."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return {"name": "march.xlsx", "mimeType": kind, "buffer": extraction(rows)}


def test_a_file_is_checked_published_and_undone_by_keyboard(browser: Browser, site: str) -> None:
    with opened(browser, site, "central", "/ingest/", bypass_csp=True) as page:
        assert axe(page) == []
        page.get_by_label("Drop the file here").set_input_files(file(*many(), row("bad", "Broken El")))
        page.get_by_role("button", name="Check the file").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Preview: nothing is published yet")).to_be_visible()
        expect(page.get_by_text("A PLOC is four digits").first).to_be_visible()
        assert axe(page) == []
        page.get_by_role("button", name="Publish").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Delivery progress")).to_be_visible()
        deliver()
        expect(page.locator(".step-done", has_text="Tiers computed")).to_be_visible(timeout=15000)
        page.get_by_role("button", name="Undo this upload").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Undo of march.xlsx")).to_be_visible()


def test_the_report_of_a_long_file_appears_once_it_has_been_read(
    browser: Browser, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "READ_AT_ONCE_BYTES", 100)
    with opened(browser, site, "central", "/ingest/") as page:
        page.get_by_label("Drop the file here").set_input_files(file(*many()))
        page.get_by_role("button", name="Check the file").click()
        expect(page.get_by_role("heading", name="The file is being read")).to_be_visible()
        long_files.read_waiting()
        expect(page.get_by_role("heading", name="Report")).to_be_visible(timeout=15000)
        expect(page.get_by_text("20 rows accepted")).to_be_visible()


def test_without_script_and_on_a_phone_the_form_works_and_nothing_runs_over_the_edge(
    browser: Browser, site: str
) -> None:
    with opened(browser, site, "central", "/ingest/", viewport=PHONE, java_script_enabled=False) as page:
        page.locator("#file").set_input_files(file(*many()))
        page.get_by_role("button", name="Check the file").click()
        expect(page.get_by_role("heading", name="Preview: nothing is published yet")).to_be_visible()
        page.get_by_role("button", name="Discard").click()
        expect(page.get_by_role("heading", name="Discarded")).to_be_visible()
    with transaction("ingest") as session:
        session.add(
            Person(person_id="p", name="Long, Name", email=f"{'longer-' * 8}name@lausd.example", role="director")
        )
    with opened(browser, site, "central", "/ingest/", viewport=PHONE, bypass_csp=True) as page:
        for path in ("/ingest/", "/ingest/windows", "/ingest/directory", "/ingest/directory/people"):
            page.goto(site + path)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            assert axe(page) == [], path


def test_a_file_that_is_refused_says_why_beside_the_form(browser: Browser, site: str) -> None:
    with opened(browser, site, "central", "/ingest/windows") as page:
        page.get_by_label("Term").fill("Sp26")
        page.get_by_label("First day").fill("2026-02-01")
        page.get_by_label("Last day").fill("2026-04-30")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("row", name="Sp26")).to_contain_text("Apr 30, 2026")
        page.goto(f"{site}/ingest/")
        page.get_by_label("Drop the file here").set_input_files(
            {"name": "rates.xls", "mimeType": "application/vnd.ms-excel", "buffer": b""}
        )
        expect(page.get_by_label("Term")).to_contain_text("Sp26")
