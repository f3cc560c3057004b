"""The rates pages in a real browser: filter menus, keyboard, no script, phone, dark, and what axe finds."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from tests.browser.axe import axe
from tests.browser.site import opened, served
from tests.rates.world import FEB_14, FEB_21, GUIDE, counts, load

COS = ("Fremont CoS", "Venice CoS", "Downtown CoS")
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def site(clean: None) -> Iterator[str]:
    """The guide's six schools of its menu in three CoS, and one that the newest extraction lacks."""
    names = GUIDE["filter_menu_order"]
    rows = [counts(name, 7 * n, cos=COS[n % 3], region="NSE"[n % 3]) for n, name in enumerate(names)]
    load(FEB_14, *rows, counts("Gone El", 9))
    load(FEB_21, *rows, counts("Zelzah El", 80))
    load(FEB_21, counts("Periwinkle Boulevard Performing Arts Magnet", 9), group="staff")
    with served() as address:
        yield address


def schools(page: Page) -> list[str]:
    return page.locator("#results tbody th a").all_inner_texts()


def menu(page: Page, column: str) -> None:
    """Opens the menu of a column and waits for its list."""
    page.locator("thead summary", has_text=column).first.click()
    expect(page.locator("details[open] .count").first).to_be_visible()


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_the_school_menu_lists_the_guides_six_names_in_its_order(browser: Browser, site: str) -> None:
    with opened(browser, site, "central", "/rates/?group=parents&school.not=Gone El&school.not=Zelzah El") as page:
        menu(page, "School")
        listed = page.locator("details[open] ul li").all_inner_texts()
        assert [line.split("\n")[0] for line in listed][:6] == GUIDE["filter_menu_order"]


def test_unticking_select_all_and_ticking_one_shows_that_school(browser: Browser, site: str) -> None:
    with opened(browser, site, "central", "/rates/?group=parents") as page:
        menu(page, "School")
        page.get_by_label("Select all").locator("visible=true").uncheck()
        page.get_by_label("107th St El").check()
        page.get_by_role("button", name="Apply").locator("visible=true").click()
        expect(page.locator("#results tbody tr")).to_have_count(1)
        assert query(page)["school"] == ["107th St El"]
        page.locator("thead summary", has_text="School").click()
        page.get_by_role("link", name="Clear filter from School").click()
        expect(page.locator("#results tbody tr")).to_have_count(8)


def test_unticking_one_of_many_sends_only_that_one(browser: Browser, site: str) -> None:
    with opened(browser, site, "central", "/rates/?group=parents") as page:
        menu(page, "School")
        page.get_by_label("Gone El").uncheck()
        page.get_by_role("button", name="Apply").locator("visible=true").click()
        expect(page.locator("#results tbody tr")).to_have_count(7)
        assert query(page)["school.not"] == ["Gone El"] and "school" not in query(page)


def test_enter_in_a_text_filter_filters_and_does_not_sort(browser: Browser, site: str) -> None:
    with opened(browser, site, "central", "/rates/?group=parents") as page:
        menu(page, "School")
        page.get_by_text("Text filters").locator("visible=true").click()
        page.get_by_label("School begins with").fill("112th")
        page.keyboard.press("Enter")
        expect(page.locator("#results tbody tr")).to_have_count(2)
        assert query(page) == {"group": ["parents"], "school.starts": ["112th"]}


def test_with_nothing_ticked_there_is_nothing_to_apply(browser: Browser, site: str) -> None:
    with opened(browser, site, "central", "/rates/?group=parents") as page:
        menu(page, "CoS")
        page.get_by_label("Select all").locator("visible=true").uncheck()
        expect(page.get_by_role("button", name="Apply").locator("visible=true")).to_be_disabled()
        page.get_by_label("Venice CoS").check()
        expect(page.get_by_role("button", name="Apply").locator("visible=true")).to_be_enabled()


def test_a_filter_stays_when_its_column_is_sorted_before_the_list_is_there(browser: Browser, site: str) -> None:
    for kept in ({"cos": ["Venice CoS"]}, {"cos.not": ["Venice CoS"]}):
        with opened(browser, site, "central", f"/rates/?group=parents&{urlencode(kept, doseq=True)}") as page:
            page.route("**/rates/values**", lambda route: None)
            page.locator("thead summary", has_text="CoS").click()
            page.get_by_role("button", name="Sort Z to A").locator("visible=true").click()
            page.wait_for_url("**sort=**")
            assert query(page) == {"group": ["parents"], "sort": ["-cos"], **kept}


def test_the_menu_sorts_and_what_was_sorted_before_breaks_ties(browser: Browser, site: str) -> None:
    with opened(browser, site, "central", "/rates/?group=parents&tier=1") as page:
        for column, words in (("School", "Sort Z to A"), ("CoS", "Sort A to Z")):
            page.locator("thead summary", has_text=column).first.click()
            page.get_by_role("button", name=words).locator("visible=true").click()
            page.wait_for_url("**sort=**")
        assert schools(page) == ["109th St El", "10th St El", "102nd St EEC", "107th St El"]


def test_search_as_you_type_filters_and_keeps_the_address(browser: Browser, site: str) -> None:
    with opened(browser, site, "central", "/rates/?group=parents") as page:
        page.keyboard.press("/")
        page.keyboard.type("venice")
        expect(page.locator("#results tbody tr")).to_have_count(2)
        expect(page.locator("[data-search]")).to_be_focused()
        assert query(page) == {"group": ["parents"], "q": ["venice"]}
        page.reload()
        expect(page.locator("#results tbody tr")).to_have_count(2)


def test_what_was_typed_goes_along_to_the_other_groups_and_extractions(browser: Browser, site: str) -> None:
    with opened(browser, site, "central", "/rates/?group=parents") as page:
        page.locator("[data-search]").fill("venice")
        expect(page.locator("#results tbody tr")).to_have_count(2)
        page.get_by_label("Extraction", exact=True).select_option("2025-02-14")
        page.get_by_role("button", name="Show", exact=True).click()
        expect(page.get_by_text("data as of Feb 14, 2025")).to_be_visible()
        assert query(page) == {"group": ["parents"], "on": ["2025-02-14"], "q": ["venice"]}
        page.locator("[data-search]").fill("fremont")
        expect(page.get_by_role("link", name="Staff")).to_have_attribute("href", re.compile("q=fremont"))
        page.get_by_role("link", name="Staff").click()
        page.wait_for_url("**group=staff**")
        assert query(page)["q"] == ["fremont"]


def test_what_was_typed_before_the_scripts_were_there_is_searched_for(browser: Browser, site: str) -> None:
    held: list[Route] = []
    with opened(browser, site, "central", "/") as page:
        page.route("**/htmx.min.js", lambda route: held.append(route))
        page.goto(site + "/rates/?group=parents", wait_until="commit")
        page.locator("[data-search]").fill("venice")
        expect(page.locator("#results tbody tr")).not_to_have_count(2)
        assert len(held) == 1
        held[0].continue_()
        expect(page.locator("#results tbody tr")).to_have_count(2)


def test_a_menu_works_by_keyboard_alone(browser: Browser, site: str) -> None:
    with opened(browser, site, "central", "/rates/?group=parents") as page:
        page.locator("thead summary", has_text="CoS").focus()
        page.keyboard.press("Enter")
        expect(page.locator("details[open] .count").first).to_be_visible()
        expect(page.get_by_label("Search CoS")).to_be_focused()
        page.keyboard.type("down")
        page.keyboard.press("Enter")
        expect(page.locator("#results tbody tr")).to_have_count(2)
        assert query(page) == {"group": ["parents"], "cos": ["Downtown CoS"]}
        page.locator("thead summary", has_text="CoS").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
        expect(page.locator("thead summary", has_text="CoS")).to_be_focused()


def test_all_of_it_works_without_script(browser: Browser, site: str) -> None:
    with opened(browser, site, "central", "/rates/?group=parents", java_script_enabled=False) as page:
        page.locator("thead summary", has_text="Response Rate").click()
        page.get_by_role("button", name="Sort largest to smallest").locator("visible=true").click()
        assert schools(page)[0] == "Zelzah El"
        page.locator("thead summary", has_text="CoS").click()
        page.get_by_role("link", name="Choose from the list").locator("visible=true").click()
        page.get_by_label("Venice CoS").check()
        page.get_by_role("button", name="Apply").click()
        assert (len(schools(page)), query(page)["cos"]) == (2, ["Venice CoS"])
        page.get_by_label("Search school, PLOC, CoS or director").fill("112th")
        page.get_by_role("button", name="Search").click()
        assert schools(page) == ["112th St EEC"]


def test_a_view_is_saved_and_opened_again(browser: Browser, site: str) -> None:
    with opened(browser, site, "director", "/rates/?group=parents&tier=1&sort=needed") as page:
        page.get_by_label("Save this view as").fill("Closest")
        page.get_by_role("button", name="Save view").click()
        page.goto(site + "/rates/")
        page.get_by_role("link", name="Closest", exact=True).click()
        assert query(page)["sort"] == ["needed"]


PATHS = (
    "/rates/?group=parents&sort=school",
    "/rates/schools/k-107th%20St%20El",
    "/rates/rollup?group=parents",
    "/rates/heatmap",
    "/rates/settings",
    "/rates/values?column=cos&group=parents",
)


def test_axe_finds_nothing_in_light_on_a_desk_and_in_dark_on_a_phone(browser: Browser, site: str) -> None:
    desk = {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}}
    for look in (desk, {"color_scheme": "dark", "viewport": PHONE}):
        for path in PATHS:
            with opened(browser, site, "central", path, bypass_csp=True, **look) as page:
                assert axe(page) == [], f"{path} {look}"


def test_axe_finds_nothing_in_an_open_menu(browser: Browser, site: str) -> None:
    with opened(browser, site, "central", "/rates/?group=parents", bypass_csp=True) as page:
        menu(page, "CoS")
        # To show the menu the table scrolls sideways: a column that slid half under the sticky first one looks small.
        half_under = "target-size: th[aria-label="
        assert [line for line in axe(page) if not (line.startswith(half_under) and ".filter-menu" in line)] == []
        page.locator(".table-region").evaluate("region => region.scrollTo({ left: 0 })")
        assert axe(page) == []


def test_a_phone_shows_cards_without_scrolling_sideways(browser: Browser, site: str) -> None:
    for path in (*PATHS, "/rates/?group=staff"):
        with opened(browser, site, "central", path, viewport={"width": 320, "height": 640}) as page:
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


@pytest.mark.parametrize("width", [1280, 1366])
def test_on_a_laptop_all_that_decides_is_in_view(browser: Browser, site: str, width: int) -> None:
    with opened(browser, site, "central", "/rates/?group=parents", viewport={"width": width, "height": 800}) as page:
        region = page.locator(".table-region").bounding_box()
        assert region is not None
        for name in ("Response Tier NR", "Response Rate", "Needed", "Change", "Points", "Movement"):
            header = page.get_by_role("columnheader", name=name, exact=True).bounding_box()
            assert header is not None
            assert header["x"] + header["width"] <= region["x"] + region["width"] + 1, name


def test_columns_are_hidden_moved_and_kept_with_the_view(browser: Browser, site: str) -> None:
    with opened(browser, site, "director", "/rates/?group=parents&tier=1") as page:
        page.get_by_text("Columns", exact=True).click()
        page.get_by_role("checkbox", name="Region", exact=True).uncheck()
        page.get_by_role("button", name="Move Needed left").click()
        page.wait_for_url("**columns=**")
        shown = query(page)["columns"][0].split(",")
        assert (shown[0], "region" in shown, shown.index("needed")) == ("school", False, shown.index("total") - 1)
        headers = page.locator("thead th").evaluate_all("all => all.map(each => each.getAttribute('aria-label'))")
        assert headers[:4] == ["School", "PLOC", "Response Tier NR", "Response Rate"]
        page.get_by_label("Save this view as").fill("Short")
        page.get_by_role("button", name="Save view").click()
        page.goto(site + "/rates/")
        page.get_by_role("link", name="Short", exact=True).click()
        assert query(page)["columns"] == [",".join(shown)]


def test_a_school_on_a_phone_is_two_lines_with_a_fold(browser: Browser, site: str) -> None:
    with opened(browser, site, "central", "/rates/?group=parents", viewport={"width": 390, "height": 844}) as page:
        row = page.locator("#results tbody tr", has_text="102nd St EEC")
        folded = row.bounding_box()
        assert folded is not None and folded["height"] < 110
        expect(row.get_by_text("Fremont CoS")).to_be_hidden()
        row.get_by_label("More").click()
        expect(row.get_by_text("Fremont CoS")).to_be_visible()


def test_filter_by_color_shows_the_rows_of_that_color(browser: Browser, site: str) -> None:
    with opened(browser, site, "central", "/rates/?group=parents") as page:
        page.locator("thead summary", has_text="Response Tier NR").click()
        page.get_by_role("group", name="Filter by color").locator("visible=true").get_by_role(
            "link", name="Tier-4"
        ).click()
        expect(page.locator("#results tbody tr")).to_have_count(1)
        assert query(page)["tier"] == ["4"]


def test_the_header_and_the_first_column_stay_in_sight(browser: Browser, site: str) -> None:
    with opened(browser, site, "central", "/rates/?group=parents", viewport={"width": 700, "height": 300}) as page:
        page.locator(".table-region").evaluate("e => e.scrollTo(400, 120)")
        region = page.locator(".table-region").bounding_box()
        head = page.locator("thead th").first.bounding_box()
        first = page.locator("tbody th").last.bounding_box()
        assert region is not None and head is not None and first is not None
        assert (abs(head["y"] - region["y"]) < 3, abs(first["x"] - region["x"]) < 3) == (True, True)


# Letter paper without its margins, at 96 dots an inch.
ACROSS, UPRIGHT = {"width": 988, "height": 700}, {"width": 725, "height": 950}


@pytest.mark.parametrize(
    ("path", "paper", "last"),
    [
        ("/rates/?group=parents", ACROSS, "Date of Extraction"),
        ("/rates/rollup?group=parents&by=cos", ACROSS, "History"),
        ("/rates/schools/k-107th%20St%20El", UPRIGHT, "Change"),
        ("/rates/heatmap", UPRIGHT, "Parents"),
    ],
)
def test_all_columns_fit_on_a_printed_page(
    browser: Browser, site: str, path: str, paper: ViewportSize, last: str
) -> None:
    with opened(browser, site, "central", path, viewport=paper) as page:
        page.emulate_media(media="print")
        table = page.locator("table").first.bounding_box()
        assert table is not None
        assert table["x"] >= 0
        assert table["x"] + table["width"] <= paper["width"]
        expect(page.locator("table").first.locator("thead th").last).to_contain_text(last)


def test_a_wide_window_shows_the_rates_without_scrolling_sideways(browser: Browser, site: str) -> None:
    with opened(browser, site, "central", "/rates/?group=parents", viewport={"width": 1600, "height": 900}) as page:
        rate = page.locator("thead th", has_text="Response Rate").bounding_box()
        assert rate is not None
        assert rate["x"] + rate["width"] <= 1600
