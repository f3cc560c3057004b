"""What the scripts of the look do in a real browser under the strict policy, and that pages work without them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.shared.pages_app import Pages, served


@pytest.fixture(scope="module")
def pages() -> Pages:
    return Pages()


@pytest.fixture(scope="module")
def site(pages: Pages) -> Iterator[str]:
    with served(pages) as address:
        yield address


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """The page of every part; anything the browser complains of, beside an answer 4xx, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(site)
    yield opened
    context.close()
    assert [said for said in complaints if "status of 4" not in said] == []


def test_an_error_summary_takes_the_focus_and_leads_to_the_field(page: Page) -> None:
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_role("link", name="Enter the number of students present").click()
    expect(page.locator("#present")).to_be_focused()


def test_search_as_you_type_asks_the_server(page: Page, pages: Pages) -> None:
    page.keyboard.press("/")
    expect(page.get_by_label("Search schools")).to_be_focused()
    with page.expect_response(re.compile(r"/rows\?q=alder$")):
        page.keyboard.type("alder")
    expect(page.locator("#rows")).to_have_text("Found alder")
    assert pages.heard[-1] == {"q": "alder"}


def test_single_keys_open_their_list_and_can_be_switched_off(page: Page) -> None:
    dialog = page.get_by_role("dialog", name="Keyboard")
    page.keyboard.press("?")
    expect(dialog).to_be_visible()
    page.get_by_label("Turn single-key shortcuts off").check()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Search schools")).not_to_be_focused()


def test_keys_typed_into_a_field_stay_text(page: Page) -> None:
    page.locator("#plan").press_sequentially("and/or?")
    expect(page.locator("#plan")).to_have_value("and/or?")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_appearance_is_remembered(page: Page) -> None:
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_label("Appearance").select_option("dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != light
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    page.get_by_label("Appearance").select_option("")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == light


def test_a_filter_menu_searches_selects_and_applies(page: Page) -> None:
    page.locator("summary", has_text="Region").click()
    search = page.get_by_label("Search Region")
    expect(search).to_be_focused()
    search.fill("sou")
    expect(page.get_by_label("North")).to_be_hidden()
    page.get_by_label("South").check()
    page.get_by_role("button", name="Apply").first.click()
    expect(page).to_have_url(re.compile(r"/\?group=students&sort=region&region=S$"))


def test_all_ticked_is_no_filter(page: Page) -> None:
    page.locator("summary", has_text="Region").click()
    page.get_by_label("Select all").first.check()
    expect(page.get_by_label("West")).to_be_checked()
    page.get_by_role("button", name="Apply").first.click()
    expect(page).to_have_url(re.compile(r"/\?group=students&sort=region$"))


def test_sorting_from_a_menu_replaces_the_sort(page: Page) -> None:
    page.locator("summary", has_text="Region").click()
    page.get_by_role("button", name="Sort Z to A").click()
    expect(page).to_have_url(re.compile(r"\?group=students&sort=-region&region=N$"))


def test_escape_closes_a_menu_and_gives_the_focus_back(page: Page) -> None:
    summary = page.locator("summary", has_text="Region")
    summary.click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(summary).to_be_focused()
    expect(page.get_by_label("Search Region")).to_be_hidden()


def test_a_click_outside_or_another_menu_closes_a_menu(page: Page) -> None:
    page.locator("summary", has_text="Region").click()
    page.locator(".user summary").click()
    expect(page.get_by_label("Search Region")).to_be_hidden()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.locator("h1").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


def test_a_long_filter_menu_stays_inside_the_window(page: Page) -> None:
    page.set_viewport_size({"width": 1024, "height": 600})
    page.locator("summary", has_text="Tier").click()
    box = page.locator(".filter-menu[open] .popover").bounding_box()
    assert box is not None
    assert box["x"] >= 0 and box["x"] + box["width"] <= 1024
    assert box["y"] >= 0 and box["y"] + box["height"] <= 600


def test_requests_of_htmx_carry_the_form_token_and_toasts_appear(page: Page, pages: Pages) -> None:
    page.locator("#ask-toast").click()
    expect(page.locator("#toasts")).to_have_text("Saved.")
    assert pages.heard[-1] == {"csrf": "t'o\"k<en"}


def test_a_refusal_is_told_and_leaves_the_page_as_it_is(page: Page) -> None:
    page.locator("#ask-refusal").click()
    toast = page.locator(".toast", has_text="The incident is closed. Ask the desk to open it.")
    expect(toast).to_be_visible()
    expect(page.locator("h1")).to_have_text("Response rates")
    toast.get_by_role("button", name="Close").click()
    expect(toast).to_have_count(0)


def test_an_upload_shows_progress_and_leads_on(page: Page, pages: Pages, tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_bytes(b"x" * 3_000_000)
    page.get_by_label("Drop the file here").set_input_files(file)
    page.get_by_role("button", name="Check only").click()
    expect(page).to_have_url(re.compile("loaded=1$"))
    assert pages.heard[-1] == {"name": "rates.csv", "size": 3_000_000, "dry_run": "1"}


def test_a_refused_upload_says_where_and_what(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(b"bad")
    page.get_by_label("Drop the file here").set_input_files(file)
    page.get_by_role("button", name="Upload", exact=True).last.click()
    problem = page.locator("[data-upload-problem] .error-summary")
    expect(problem).to_be_focused()
    expect(problem).to_contain_text("Students, row 14, I: 12.5 is not a whole number.")


def test_a_running_upload_can_be_canceled(page: Page, tmp_path: Path) -> None:
    page.route("**/uploads", lambda route: None)
    file = tmp_path / "rates.csv"
    file.write_bytes(b"x")
    page.get_by_label("Drop the file here").set_input_files(file)
    page.get_by_role("button", name="Check only").click()
    expect(page.get_by_role("button", name="Check only")).to_be_disabled()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    expect(page.get_by_role("button", name="Check only")).to_be_enabled()


def test_pages_work_without_script(browser: Browser, site: str, pages: Pages, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(site)
    expect(opened.get_by_label("Appearance")).to_be_hidden()
    opened.locator("summary", has_text="Region").click()
    opened.get_by_label("South").check()
    opened.get_by_role("button", name="Apply").first.click()
    expect(opened).to_have_url(re.compile("region=N&region=S$"))
    file = tmp_path / "plain.csv"
    file.write_text("x")
    opened.get_by_label("Drop the file here").set_input_files(file)
    opened.get_by_role("button", name="Check only").click()
    expect(opened).to_have_url(re.compile("loaded=1$"))
    assert pages.heard[-1]["name"] == "plain.csv"
    context.close()
