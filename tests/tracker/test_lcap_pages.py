"""The LCAP's pages, a person's checks, the limits of what is material, and the workbook."""

import io
import re
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from services.tracker.rules.lcap.actions import AMOUNTS, read_actions
from services.tracker.rules.lcap.spending import OVER, UNDER
from shared.db import transaction
from tests.people import api_of, browser_of
from tests.tracker.district import ALDER, SCHOOLS, tell_directory, tell_results
from tests.tracker.lcap_tables import clean, demo, load, loaded_events, published

ROOT = "/tracker/lcap/"
DOCS = Path(__file__).parents[2] / "docs"
CELLS = ("group", "now", "before", "period_now", "period_before", "as_of")
PAGES = (ROOT, f"{ROOT}measures", f"{ROOT}ses", f"{ROOT}settings", f"{ROOT}unread")


def key_of(words: str) -> str:
    rows = api_of("central").get("/tracker/api/v1/lcap/measures", params={"q": words}).json()["rows"]
    assert len(rows) == 1, rows
    return str(rows[0]["key"])


def audited() -> list[str]:
    with transaction("tracker") as session:
        return list(session.execute(text("select action from audit order by id")).scalars())


@pytest.mark.usefixtures("clean")
def test_pages_say_what_to_do_before_the_first_load() -> None:
    browser = browser_of("central")
    for path in PAGES:
        assert browser.get(path).status_code == 200, path
    assert "No actions yet" in browser.get(ROOT).text


@pytest.mark.usefixtures("clean")
def test_the_demo_is_seen_on_every_page() -> None:
    load(*loaded_events("actions", demo("actions")), *loaded_events("measures", demo("measures")))
    browser = browser_of("central")
    overview = browser.get(ROOT).text
    assert "$8,317,011,844" in overview and "-$7,320,670" in overview
    assert "3 material differences without an explanation" in overview
    assert re.search(r"86 actions of 2024-25, from lcap.csv, read", overview)
    one = browser.get(f"{ROOT}actions/1.01").text
    assert "$101,489,839 less than planned" in one and "14.9% of the plan" in one
    assert "Number of teachers who complete required series" in one
    assert "One paragraph covers 1.31-1.33" in browser.get(f"{ROOT}actions/1.32").text
    assert "whose explanation it shares" in browser.get(f"{ROOT}actions/6.02").text
    survey = browser.get(f"{ROOT}ses").text
    assert "91 values" in survey and "70 fell, 21 rose" in survey
    for show in ("doubts", "damaged", "pending", "part-year", "checked"):
        assert browser.get(f"{ROOT}measures", params={"show": show}).status_code == 200
    assert "From value 361 of " in browser.get(f"{ROOT}measures", params={"after": 360}).text


@pytest.mark.usefixtures("clean")
def test_percent_spent_tells_of_how_many_actions_it_is() -> None:
    rows = demo("actions")
    rows[0]["estimated_actual"] = "n/a"
    load(*loaded_events("actions", rows))
    overview = browser_of("central").get(ROOT).text
    assert "77.5%" in overview and "79 of 86 actions have amounts" in overview
    assert "what was planned, 78 of 79 actions" in overview and "(32 of 33 actions)" in overview
    first = api_of("central").get("/tracker/api/v1/lcap/actions").json()["totals"][0]
    assert (first["with_amounts"], first["with_both_amounts"], first["percent_spent"]) == (33, 32, "76.3")
    book = load_workbook(io.BytesIO(browser_of("central").get(f"{ROOT}export.xlsx").content))
    assert [cell.value for cell in book["Totals"][3]][-2:] == [76.3, 32]


@pytest.mark.usefixtures("clean")
def test_survey_measures_stand_beside_the_tracker_s_like_items() -> None:
    tell_directory()
    safe = "I feel safe in this school or in online school sessions."
    tell_results([(ALDER, safe, "Fall 2021", "70.0"), (ALDER, safe, "Fall 2022", "71.5")])
    load(*loaded_events("actions", demo("actions")), *loaded_events("measures", demo("measures")))
    shown = browser_of("central").get(f"{ROOT}ses").text
    assert shown.count('<a href="#beside">Pillar 2, Priority 2A: I feel safe') == 4
    beside = shown.partition('id="beside"')[2]
    assert re.search(r"Priority 2A.*?Elementary.*?9\.3.*?>1<.*?71\.5%", beside, re.DOTALL)
    assert "awaiting" in beside
    tell_directory(SCHOOLS[1:], revision=2)
    beside = browser_of("central").get(f"{ROOT}ses").text.partition('id="beside"')[2]
    assert re.search(r"Priority 2A.*?Elementary.*?9\.3.*?>0<.*?awaiting", beside, re.DOTALL)
    assert "71.5" not in beside


@pytest.mark.usefixtures("clean")
def test_a_part_of_a_year_carries_its_badge_and_no_color() -> None:
    load(*loaded_events("measures", published()))
    shown = browser_of("central").get(f"{ROOT}measures/{key_of('absence')}").text
    assert '<span class="badge">Part year, not comparable</span>' in shown
    assert "badge-error" not in shown and "Better" not in shown


@pytest.mark.usefixtures("clean")
def test_an_unknown_action_or_measure_is_not_found() -> None:
    browser = browser_of("central")
    for path in ("actions/9.99", "actions/abc", "measures/nothing"):
        assert browser.get(ROOT + path).status_code == 404, path


@pytest.mark.usefixtures("clean")
def test_lines_that_could_not_be_read_are_shown() -> None:
    load(*loaded_events("measures", published()))
    shown = browser_of("central").get(f"{ROOT}unread").text
    assert "no row of four cells; misread page" in shown and "Elrn Day School" in shown


@pytest.mark.usefixtures("clean")
def test_a_confirmed_measure_leaves_the_list_and_stays_confirmed_when_loaded_again() -> None:
    load(*loaded_events("measures", published()))
    key = key_of("depth of wells")
    sent = browser_of("central").post(f"{ROOT}measures/{key}/confirm", data={"note": "as printed"})
    assert sent.status_code == 303
    load(*loaded_events("measures", published(), revision=2))
    doubts = api_of("central").get("/tracker/api/v1/lcap/measures", params={"show": "doubts"}).json()["rows"]
    assert key not in [row["key"] for row in doubts]
    assert audited() == ["lcap measure confirmed"]


@pytest.mark.usefixtures("clean")
def test_a_person_s_values_take_the_place_of_read_ones_now_and_after_the_next_load() -> None:
    load(*loaded_events("measures", published()))
    key = key_of("depth of wells")
    cells = {
        "group": "",
        "now": "-151.8",
        "before": "-152.1",
        "period_now": "2022-23",
        "period_before": "2021-22",
        "as_of": "",
    }
    assert browser_of("central").post(f"{ROOT}measures/{key}/correct", data=cells).status_code == 303
    load(*loaded_events("measures", published(), revision=2))
    row = api_of("central").get("/tracker/api/v1/lcap/measures", params={"q": "depth of wells"}).json()["rows"][0]
    assert (row["values"][0]["now"], row["values"][0]["delta"]) == ("-151.8", "0.3")
    assert row["checked_by"]
    browser_of("central").post(f"{ROOT}measures/{key}/confirm", data={})
    row = api_of("central").get("/tracker/api/v1/lcap/measures", params={"q": "depth of wells"}).json()["rows"][0]
    assert row["values"][0]["now"] == "-7151.8"


@pytest.mark.usefixtures("clean")
def test_results_that_a_person_has_filled_in_are_pending_no_more_until_the_reading_is_confirmed() -> None:
    load(*loaded_events("measures", published()))
    key, browser = key_of("harvest days"), browser_of("central")
    path = f"{ROOT}measures/{key}"

    def pending() -> tuple[object, ...]:
        found = api_of("central").get("/tracker/api/v1/lcap/measures", params={"q": "harvest days"}).json()["rows"]
        listed = browser.get(f"{ROOT}measures", params={"show": "pending"}).text
        counted = re.findall(r'Results pending</span>\s*<span class="stat-value">(\d+)', listed)
        book = load_workbook(io.BytesIO(browser.get(f"{ROOT}export.xlsx").content))
        rows = book["Measures"].iter_rows(min_row=3, values_only=True)
        exported = [row[18] for row in rows if row[3] == "Harvest days"]
        marked = "Results pending</span>" in browser.get(path).text
        return found[0]["pending"], marked, listed.count('<th scope="row">'), counted, exported

    assert pending() == (True, True, 1, ["1"], ["Yes"])
    cells = {"group": "", "now": "36", "before": "35", "period_now": "2023-24", "period_before": "2022-23", "as_of": ""}
    assert browser.post(f"{path}/correct", data=cells).status_code == 303
    assert pending() == (False, False, 0, ["0"], ["No"])
    browser.post(f"{path}/confirm", data={})
    assert pending() == (True, True, 1, ["1"], ["Yes"])


@pytest.mark.usefixtures("clean")
def test_colors_can_be_corrected_and_stay_when_loaded_again() -> None:
    load(*loaded_events("measures", published()))
    key, browser = key_of("dashboard"), browser_of("central")
    form = browser.get(f"{ROOT}measures/{key}").text
    given = {name: re.findall(rf'value="([^"]*)" id="{name}-\d+"', form)[:3] for name in CELLS}
    assert given["now"] == ["Orange", "No Performance Color", "Red"]
    given["now"][2] = "yellow"
    assert browser.post(f"{ROOT}measures/{key}/correct", data=given).status_code == 303
    load(*loaded_events("measures", published(), revision=2))
    row = api_of("central").get("/tracker/api/v1/lcap/measures", params={"q": "dashboard"}).json()["rows"][0]
    assert [(value["group"], value["now"], value["unit"]) for value in row["values"]] == [
        ("LA Unified", "Orange", "level"),
        ("Elm Day School", "No Performance Color", "level"),
        ("Oak Magnet", "Yellow", "level"),
    ]
    given["now"][2], given["before"][2] = "", "Red"
    assert "is not a number" in browser.post(f"{ROOT}measures/{key}/correct", data=given).text


@pytest.mark.usefixtures("clean")
def test_a_value_that_is_no_number_is_refused_at_its_field_and_nothing_is_saved() -> None:
    load(*loaded_events("measures", published()))
    key = key_of("depth of wells")
    cells = {"group": "", "now": "many", "before": "", "period_now": "", "period_before": "", "as_of": ""}
    sent = browser_of("central").post(f"{ROOT}measures/{key}/correct", data=cells)
    assert sent.status_code == 422
    assert "is not a number" in sent.text and 'href="#now-0"' in sent.text
    assert audited() == []


@pytest.mark.usefixtures("clean")
def test_the_limits_of_what_is_material_change_the_list() -> None:
    load(*loaded_events("actions", demo("actions")))
    browser = browser_of("central")
    assert browser.post(f"{ROOT}settings", data={"under": "50", "over": "150"}).status_code == 303
    missing = api_of("central").get("/tracker/api/v1/lcap/actions", params={"show": "missing"}).json()
    assert (missing["rows"], missing["material"]) == ([], {"under": "50.0", "over": "150.0"})
    for under, over in (("90", "80"), ("abc", "110"), ("-1", "110"), ("80", "1000"), ("80.55", "110")):
        assert browser.post(f"{ROOT}settings", data={"under": under, "over": over}).status_code == 422, (under, over)
    assert audited() == ["lcap material set"]


@pytest.mark.usefixtures("clean")
def test_the_workbook_holds_numbers_as_numbers_and_all_rows() -> None:
    load(*loaded_events("actions", demo("actions")), *loaded_events("measures", demo("measures")))
    book = load_workbook(io.BytesIO(browser_of("central").get(f"{ROOT}export.xlsx").content))
    assert book.sheetnames == ["Actions", "Totals", "Measures", "Survey measures"]
    actions = list(book["Actions"].iter_rows(min_row=3, values_only=True))
    assert len(actions) == 86
    assert sum(int(str(row[4])) for row in actions if row[4] is not None) == 8_317_011_844
    assert actions[0][0] == "1.01" and actions[0][7] == -43384004
    totals = {row[0]: row for row in book["Totals"].iter_rows(min_row=3, values_only=True)}
    assert totals["All"][3] == 8_317_011_844 and totals["Contributing = Yes"][1] == 36
    assert book["Survey measures"].max_row == 93


@pytest.mark.usefixtures("clean")
def test_the_actions_of_the_workbook_are_read_back_with_all_their_amounts() -> None:
    load(*loaded_events("actions", demo("actions")))
    book = load_workbook(io.BytesIO(browser_of("central").get(f"{ROOT}export.xlsx").content))
    _, *lines = book["Actions"].iter_rows(values_only=True)
    back = clean("actions", [["" if cell is None else str(cell) for cell in line] for line in lines])
    (before,), (after,) = read_actions(demo("actions")), read_actions(back)
    assert after.year == "2024-25"
    assert [[getattr(one, name) for name in ("number", "title", *AMOUNTS)] for one in after.actions] == [
        [getattr(one, name) for name in ("number", "title", *AMOUNTS)] for one in before.actions
    ]


@pytest.mark.parametrize("role", ["director", "principal", "designee", "desk", "ops"])
def test_others_see_neither_pages_nor_the_way_to_them(role: str) -> None:
    browser = browser_of(role)
    assert browser.get(ROOT).status_code == 403
    assert browser.get(f"{ROOT}export.xlsx").status_code == 403
    assert browser.post(f"{ROOT}settings", data={"under": "1", "over": "2"}).status_code == 403
    assert ROOT not in browser.get("/rates/").text


@pytest.mark.usefixtures("clean")
def test_the_guide_names_the_limits_and_the_addresses_that_hold() -> None:
    guide = (DOCS / "lcap.md").read_text(encoding="utf-8")
    assert f"under {UNDER}% or over {OVER}% of the plan" in guide
    for address in re.findall(r"`(?:GET )?(/[a-z0-9/-]+)`", guide):
        path = address if address.startswith("/tracker") else f"/tracker/api/v1{address}"
        assert browser_of(None).get(path).status_code in (303, 401), path
