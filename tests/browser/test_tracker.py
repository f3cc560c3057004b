"""The tracker in a real browser: targets while typing, without script, workbooks, on a phone, and for everybody."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from services.tracker.actions.files import WRITERS
from services.tracker.rules.known import ITEMS, PERIODS
from shared.jobs.writer import write_waiting
from tests.browser.axe import axe
from tests.browser.site import opened, scrolling_boxes, served
from tests.tracker.district import ALDER, CEDAR, tell_directory, tell_results

PAGE = f"/tracker/schools/{ALDER}"
SAFE = "I feel safe in this school or in online school sessions."
WELCOME = "I feel welcome to participate at this school."
PAGES = {
    "principal": (PAGE, "/tracker/", f"{PAGE}/history", "/tracker/imports"),
    "central": (
        "/tracker/items", "/tracker/items/new", "/tracker/district", "/tracker/heat-map", "/tracker/feasibility",
        "/tracker/exports",
    ),
}  # fmt: skip


@pytest.fixture
def site(clean: None) -> Iterator[str]:
    tell_directory()
    worked = ("74.0", "75.3", "79.0", "82.0", "84.5")
    tell_results([(ALDER, SAFE, f"Fall {2021 + year}", percent) for year, percent in enumerate(worked)])
    tell_results([(CEDAR, WELCOME, "Fall 2021", "60.0"), (CEDAR, WELCOME, "Fall 2022", "58.0")])
    with served() as address:
        yield address


HAPPY = "I am happy to be at this school."


def test_targets_are_recomputed_while_a_person_types_and_enter_moves_down(site: str, browser: Browser) -> None:
    with opened(browser, site, "principal", PAGE) as page:
        row = page.locator("#item-1b-happy")
        page.get_by_label(f"{HAPPY}: Fall 2021 baseline %").press_sequentially("74")
        expect(row).to_contain_text("76.5")
        page.get_by_label(f"{HAPPY}: Fall 2022 result %").press_sequentially("75.3")
        expect(row).to_contain_text("78.2")
        expect(row).to_contain_text("\N{MINUS SIGN}1.2")
        expect(page.get_by_label(f"{HAPPY}: Fall 2022 result %")).to_be_focused()
        expect(page.get_by_text("2 values not saved yet")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_label(f"{SAFE}: Fall 2022 result %")).to_be_focused()
        page.keyboard.press("Control+s")
        expect(page.get_by_text("2 values saved.")).to_be_visible()


def test_a_block_of_a_workbook_is_pasted_and_unsaved_values_are_guarded(site: str, browser: Browser) -> None:
    with opened(browser, site, "principal", PAGE) as page:
        page.get_by_label(f"{HAPPY}: Fall 2021 baseline %").focus()
        page.evaluate(
            """() => {
              const data = new DataTransfer();
              data.setData("text/plain", "74\\t75,3\\r\\n68\\t71\\r\\n");
              document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
            }"""
        )
        expect(page.get_by_label(f"{HAPPY}: Fall 2022 result %")).to_have_value("75,3")
        expect(page.get_by_label(f"{SAFE}: Fall 2022 result %")).to_have_value("71")
        expect(page.get_by_text("4 values pasted; not saved yet")).to_be_visible()
        kinds: list[str] = []

        def accept(dialog: Dialog) -> None:
            kinds.append(dialog.type)
            dialog.accept()

        page.on("dialog", accept)
        page.goto(f"{site}/tracker/")
        assert kinds == ["beforeunload"]


def test_the_sheet_of_a_level_fits_two_screens_and_a_phone(site: str, browser: Browser) -> None:
    for width, height in ((1280, 800), (1366, 768)):
        with opened(browser, site, "principal", PAGE, viewport={"width": width, "height": height}) as page:
            assert page.evaluate("document.documentElement.scrollHeight") <= 2 * height
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    with opened(browser, site, "principal", PAGE, viewport={"width": 390, "height": 844}) as page:
        assert page.evaluate("document.documentElement.scrollHeight") <= 6_000
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_sheet_of_a_level_is_printed_on_two_pages(site: str, browser: Browser) -> None:
    with opened(browser, site, "principal", PAGE) as page:
        printed = page.pdf(prefer_css_page_size=True)
        assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 2


def read_aloud(page: Page) -> list[tuple[str, str]]:
    """(role, name) of the browser's accessibility tree in the order in which a screen reader goes through it."""
    found = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    nodes = {node["nodeId"]: node for node in found}

    def walk(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
        if not node["ignored"]:
            yield node["role"]["value"], node.get("name", {}).get("value", "")
        for child in node.get("childIds", ()):
            if child in nodes:
                yield from walk(nodes[child])

    return list(walk(found[0]))


def test_a_screen_reader_goes_through_the_sheet_item_by_item_and_hears_which_value_each_field_is(
    site: str, browser: Browser
) -> None:
    with opened(browser, site, "principal", PAGE) as page:
        fields = [name for role, name in read_aloud(page) if role == "textbox"]
    words = [f"{period} {'result' if place else 'baseline'} %" for place, period in enumerate(PERIODS)]
    assert fields == [f"{item.item}: {word}" for item in ITEMS for word in words]


def test_no_box_of_the_pages_scrolls_by_itself_and_hides_its_last_rows(site: str, browser: Browser) -> None:
    """In a window so low that any box with a height of its own would scroll."""
    for role, paths in PAGES.items():
        with opened(browser, site, role, paths[0], viewport={"width": 1312, "height": 240}) as page:
            for path in paths:
                page.goto(site + path)
                assert scrolling_boxes(page) == [], path
                assert page.evaluate("document.documentElement.scrollWidth") <= 1312, path


def test_the_headings_of_a_long_table_stay_in_sight(site: str, browser: Browser) -> None:
    with opened(browser, site, "central", "/tracker/items", viewport={"width": 1366, "height": 500}) as page:
        for path in ("/tracker/items", "/tracker/district"):
            page.goto(site + path)
            rows = page.get_by_role("region", name="Items").get_by_role("row")
            rows.last.scroll_into_view_if_needed()
            assert page.evaluate("scrollY") > 0
            box = rows.first.get_by_role("columnheader").last.bounding_box()
            assert box is not None and abs(box["y"]) < 1, path


def test_the_school_page_works_without_script(site: str, browser: Browser) -> None:
    with opened(browser, site, "principal", PAGE, java_script_enabled=False) as page:
        page.get_by_label(f"{HAPPY}: Fall 2021 baseline %").fill("74")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#item-1b-happy")).to_contain_text("76.5")


def test_a_workbook_goes_out_and_comes_back_with_a_preview(site: str, browser: Browser, tmp_path: Path) -> None:
    with opened(browser, site, "principal", PAGE) as page:
        with page.expect_download() as download:
            page.get_by_role("link", name="Download workbook").click()
        book = openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))
        book["Elementary"]["G2"] = 74
        book.save(tmp_path / "filled.xlsx")
        page.get_by_role("link", name="Upload workbook").click()
        page.get_by_label("Drop the workbook here").set_input_files(tmp_path / "filled.xlsx")
        page.get_by_role("button", name="Look at what differs").click()
        expect(page.get_by_role("row", name=re.compile("Alder El.*blank 74.0 Elementary G2"))).to_be_visible()
        page.get_by_role("button", name="Save these values").click()
        expect(page.get_by_text("1 value saved.")).to_be_visible()


def test_a_large_workbook_shows_when_it_is_written(site: str, browser: Browser) -> None:
    with opened(browser, site, "central", "/tracker/exports") as page:
        page.get_by_label("Region", exact=True).select_option("W")
        page.get_by_role("button", name="Write it").click()
        expect(page.get_by_text("Waiting to begin.")).to_be_visible()
        write_waiting("tracker", WRITERS)
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").click()
        assert download.value.suggested_filename == "progress-tracker-schools.xlsx"


def test_everybody_can_use_the_pages(site: str, browser: Browser) -> None:
    for role, scheme in (("principal", "light"), ("principal", "dark"), ("central", "light"), ("central", "dark")):
        with opened(browser, site, role, PAGES[role][0], color_scheme=scheme, bypass_csp=True) as page:
            for path in PAGES[role]:
                page.goto(site + path)
                assert axe(page) == [], f"{path} {scheme}"


def test_a_phone_shows_the_pages_without_scrolling_sideways(site: str, browser: Browser) -> None:
    for role, paths in PAGES.items():
        with opened(browser, site, role, paths[0], viewport={"width": 390, "height": 844}) as page:
            for path in paths:
                page.goto(site + path)
                assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
