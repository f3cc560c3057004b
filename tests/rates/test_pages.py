"""School page, roll-ups, heat map, settings and saved views."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from services.rates.actions.intake import store_directory
from shared.days import date_words
from shared.db import transaction
from shared.events import DirectoryLoaded, DirectorySchool
from shared.web.clock import today
from tests.people import browser_of
from tests.rates.world import FEB_7, FEB_14, FEB_21, counts, load

pytestmark = pytest.mark.usefixtures("clean")


def plain(html: str) -> str:
    """The page's text with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def seen(path: str, role: str = "central") -> str:
    page = browser_of(role).get(path)
    assert page.status_code == 200, page.text
    return plain(page.text)


def test_a_schools_page_shows_history_forecast_and_needs() -> None:
    now = today()
    closes = now + timedelta(days=21)
    for days_ago, submitted in ((14, 5), (7, 10), (0, 20)):
        load(now - timedelta(days=days_ago), counts("Alder El", submitted, key="1400101"), closes=closes)
    shown = seen("/rates/schools/1400101")
    assert "20 of 100 surveys" in shown
    assert f"Needed for Tier 2 5 0.4 per school day until {date_words(closes)}" in shown
    assert "Actual pace 2.0 surveys per school day between" in shown
    assert "No rows of students or staff so far" in shown


def test_what_is_needed_each_day_counts_from_today_and_not_from_the_last_extraction() -> None:
    now = today()
    # Seven days with today hold five school days, whichever day today is.
    closes = now + timedelta(days=6)
    load(now - timedelta(days=7), counts("Alder El", 20, key="1"), closes=closes)
    assert f"Needed for Tier 2 5 1.0 per school day until {date_words(closes)}" in seen("/rates/schools/1")


def test_when_the_window_is_over_there_is_no_forecast_and_nothing_left_per_day() -> None:
    now = today()
    for days_ago, submitted in ((15, 10), (8, 20)):
        load(now - timedelta(days=days_ago), counts("Alder El", submitted, key="1"), closes=now - timedelta(days=1))
    browser_of("central").post("/rates/settings/goal", data={"group": "parents", "percent": "60"})
    shown = seen("/rates/schools/1")
    assert "Needed for Tier 2 5 The survey window has closed Goal 60% 40 The survey window has closed" in shown
    assert "Actual pace 2.0" in shown and "If nothing changes" not in shown
    assert "chart-forecast" not in browser_of("central").get("/rates/schools/1").text


def test_a_schools_page_says_where_it_is_likely_to_end_and_how_sure_that_is() -> None:
    now = today()
    closes = now + timedelta(days=21)
    for days_ago, part in ((14, 1), (7, 2), (0, 3)):
        rows = [counts(f"School {n}", part * (2 + n // 2), key=str(n)) for n in range(1, 13)]
        load(now - timedelta(days=days_ago), *rows, closes=closes)
    shown = seen("/rates/schools/1")
    assert re.search(r"If nothing changes: \d+%, Tier 1 when the window closes on", shown)
    assert "for 80 of 100 schools like this one" in shown and "end in Tier 1." in shown
    page = browser_of("central").get("/rates/schools/1").text
    assert page.count('class="chart-band') == 4 and "chart-forecast" in page


def test_the_charts_say_how_many_left_tier_1_and_break_where_an_extraction_lacks_a_school() -> None:
    load(FEB_7, counts("A", 10, region="E"), counts("B", 60, region="W"))
    load(FEB_14, counts("B", 60, region="W"))
    load(FEB_21, counts("A", 60, region="E"), counts("B", 60, region="W"))
    page = browser_of("central").get("/rates/schools/k-A").text
    assert "Feb 14, 2025: not in this extraction" in page and "chart-line chart-first" not in page
    district = browser_of("central").get("/rates/rollup?group=parents&by=region").text
    assert "Feb 14, 2025: 0 in Tier 1, 0 in Tier 2, 1 in Tier 3, 0 in Tier 4, 1 without a rate or not in it" in district
    assert "Feb 21, 2025: 0 in Tier 1, 0 in Tier 2, 2 in Tier 3, 0 in Tier 4; 1 left Tier 1" in district
    assert district.count('class="chart"') == 3
    assert 'class="shade-6"' in browser_of("central").get("/rates/heatmap").text


def test_one_extraction_is_no_forecast() -> None:
    load(today(), counts("Alder El", 20, key="1400101"), closes=today() + timedelta(days=7))
    shown = seen("/rates/schools/1400101")
    assert "If nothing changes" not in shown and "Actual pace" not in shown


def test_a_schools_page_says_what_the_file_said_where_it_differs() -> None:
    load(FEB_14, counts("Alder El", 270, 314, key="1", file_tier="Tier-4", file_rate="86%"))
    load(FEB_21, counts("Alder El", 270, 374, key="1", file_tier="Tier-4", file_rate="80%"))
    assert "Tier-4, 80%" in seen("/rates/schools/1")
    assert "Tier-4, 86%" not in seen("/rates/schools/1")


def test_a_changed_total_is_said_with_its_part_of_the_change() -> None:
    load(FEB_14, counts("Alder El", 20, 100, key="1"))
    load(FEB_21, counts("Alder El", 30, 120, key="1"))
    assert "+10 +5.0 points. Total was 100, -3.3 points of the change" in seen("/rates/schools/1")


def test_an_absent_schools_page_says_that_its_state_is_unknown() -> None:
    now = today()
    first, second, closes = now - timedelta(days=14), now - timedelta(days=7), now + timedelta(days=7)
    load(first, counts("A", 5), counts("B", 10), closes=closes)
    load(second, counts("A", 10), counts("B", 10), closes=closes)
    load(now, counts("B", 10), closes=closes)
    shown = seen("/rates/schools/k-A")
    assert "Parents Unknown" in shown
    assert f"Its current rate is unknown; below is what was last seen on {date_words(second)}" in shown
    assert [word for word in ("At this pace", "Actual pace", "Since", "Needed for") if word in shown] == []


def test_a_school_that_a_new_term_lacks_is_unknown_and_not_as_it_was_last_year() -> None:
    new_term = date(2026, 2, 20)
    load(FEB_21, counts("A", 10), counts("B", 10))
    load(new_term, counts("B", 10), term="Sp26")
    shown = seen("/rates/schools/k-A")
    assert "Parents Unknown" in shown
    assert f"The extraction of {date_words(new_term)} does not include this school" in shown
    assert f"below is what was last seen on {date_words(FEB_21)}" in shown
    assert "Needed for" not in shown
    assert "Not in the newest extraction" not in seen("/rates/schools/k-B")


def test_a_row_with_far_more_surveys_than_expected_is_on_every_page_and_in_every_file() -> None:
    load(FEB_14, counts("Alder El", 1, 1, key="1"))
    load(FEB_21, counts("Alder El", 100_000_000, 1, key="1"))
    central = browser_of("central")
    assert central.post("/rates/settings/goal", data={"group": "parents", "percent": "60"}).status_code == 303
    assert "At the goal 1 60% or more" in seen("/rates/")
    for path in ("?show=all", "values?column=rate", "rollup", "heatmap", "schools/1", "export.csv", "export.xlsx"):
        assert central.get(f"/rates/{path}").status_code == 200, path
    assert "Parents Tier-4" in seen("/rates/schools/1")


def test_units_that_share_a_ploc_are_named_and_not_summed() -> None:
    load(FEB_21, counts("Alder El", 10, key="1", ploc="5857"), counts("Alder Mag", 20, key="2", ploc="5857"))
    shown = seen("/rates/schools/1")
    assert "Other schools at PLOC 5857, counted separately: Alder Mag" in shown
    assert "10 of 100 surveys" in shown


def test_a_school_that_nobody_knows_is_not_found_and_a_known_one_without_rows_is() -> None:
    assert browser_of("central").get("/rates/schools/none").status_code == 404
    fields = ("1400301", "4003", "1400301", "Cedar HS", "High", "N", "N CoS", "ORTIZ, LEO", *[None] * 5, "", "")
    entry = DirectorySchool(*fields)  # type: ignore[arg-type]
    with transaction("rates") as session:
        store_directory(session, DirectoryLoaded(revision=1, part=1, parts=1, schools=[entry], people=[]))
    assert "No extraction has this school yet" in seen("/rates/schools/1400301")


def test_roll_ups_sum_with_their_coverage_and_lead_to_the_rows() -> None:
    load(FEB_14, counts("A", 10, region="N"), counts("B", 10, region="N"), counts("C", 50, region="W"))
    load(FEB_21, counts("A", 30, region="N"), counts("C", 60, region="W"))
    shown = seen("/rates/rollup?by=region&group=parents")
    assert "District 0 1 1 0 90 200 45% Tier-2 +15.0 1 left 2 of 3 schools, 1 unknown" in shown
    assert "N 0 1 0 0 30 100 30% Tier-2 +20.0 1 left 1 of 2 schools, 1 unknown" in shown
    link = re.search(r'<a href="([^"]*)">1 unknown', browser_of("central").get("/rates/rollup?group=parents").text)
    assert link is not None
    assert ">B</a>" in browser_of("central").get(link[1].replace("&amp;", "&")).text


def test_sums_hold_the_schools_with_a_rate_alone_and_say_how_many() -> None:
    blank, no_total = counts("B", None, region="N"), counts("C", 30, None, region="N")
    load(FEB_14, counts("A", 50, region="N"), blank, no_total)
    load(FEB_21, counts("A", 50, region="N"), counts("B", 90, region="N"), no_total)
    before = seen("/rates/rollup?by=region&group=parents&on=2025-02-14")
    assert "N 0 1 0 0 50 100 50% Tier-2 1 of 3 schools, 2 without a rate" in before
    address = "/rates/rollup?by=region&group=parents"
    assert "N 0 1 0 1 140 200 70% Tier-3 0.0 2 of 3 schools, 1 without a rate" in seen(address)
    page = browser_of("central").get(address).text
    assert 'aria-label="From 50% to 70% in 2 extractions"' in page
    link = re.search(r'<a href="([^"]*)">1 without a rate', page)
    assert link is not None
    assert re.findall(r">([ABC])</a>", browser_of("central").get(link[1].replace("&amp;", "&")).text) == ["C"]
    assert "Tier-2 · 50% 0 in Tier 1, 1 of 3 schools" in seen("/rates/heatmap?on=2025-02-14")
    caption = "Parents: 3 of 3 schools. 50 of 100 surveys submitted in 1 school with a rate."
    assert caption in seen("/rates/?group=parents&on=2025-02-14")
    assert "Parents: 1 of 3 schools. 50 of 100 surveys submitted." in seen("/rates/?group=parents&school=A")


@pytest.mark.parametrize("by", ["region", "cos", "director", "level", "district"])
def test_every_roll_up_starts_with_the_district(by: str) -> None:
    load(FEB_21, counts("A", 10))
    assert "District" in seen(f"/rates/rollup?by={by}&sort=tier1")


def test_the_heat_map_has_each_group_at_its_newest_extraction() -> None:
    load(FEB_21, counts("A", 10, region="N"))
    load(FEB_14, counts("A", 80, region="N"), group="students")
    shown = seen("/rates/heatmap")
    assert "N Tier-4 · 80% 0 in Tier 1, 1 of 1 school Tier-1 · 10% 1 in Tier 1, 1 of 1 school" in shown
    assert "Staff: no extraction" in shown


def test_a_director_spelled_in_two_ways_is_one_row_of_the_heat_map() -> None:
    load(FEB_21, counts("A", 10, director="VEGA, MARTA"))
    load(FEB_21, counts("A", 80, director="Vega, Marta"), group="staff")
    text_seen = browser_of("central").get("/rates/heatmap?by=director").text
    assert len(re.findall(r'<th scope="row"', text_seen)) == 2


def test_the_extraction_goes_along_from_page_to_page() -> None:
    load(FEB_14, counts("A", 10))
    load(FEB_21, counts("A", 30))
    place = "group=parents&amp;on=2025-02-14&amp;term=Sp25"
    client = browser_of("central")
    for path in ("", "rollup", "heatmap"):
        text_seen = client.get(f"/rates/{path}?group=parents&on=2025-02-14&term=Sp25").text
        kept = place if path != "heatmap" else place.removeprefix("group=parents&amp;")
        for href in ("/rates/", "/rates/rollup", "/rates/heatmap"):
            assert f'href="{href}?{kept}"' in text_seen, (path, href)
    shown = seen("/rates/rollup?group=parents&on=2025-02-14&sort=rate")
    assert "as of Feb 14, 2025" in shown and "10 100 10% Tier-1" in shown


def test_the_history_leaves_out_what_would_be_the_same_in_each_row() -> None:
    for day, name in ((FEB_14, "VEGA, MARTA"), (FEB_21, "Vega, Marta")):
        load(day, counts("A", 10, key="1", director=name), counts("B", 10, key="2"))
    load(FEB_21, counts("B", 10, key="2", director="ORTIZ, LEO"), revision=2)
    same, moved = seen("/rates/schools/1"), seen("/rates/schools/2")
    assert (
        f"all extractions of Sp25, newest first Extraction Tier Rate Submitted Total Change {date_words(FEB_21)}"
        in same
    )
    assert f"Change Director {date_words(FEB_21)}" in moved


def test_settings_change_what_is_needed_each_day_and_leave_an_audit_row_each() -> None:
    now = today()
    opens, closes = now - timedelta(days=28), now + timedelta(days=7)
    holiday = next(day for day in (now + timedelta(days=n) for n in range(1, 4)) if day.weekday() < 5)
    for day, submitted in ((now - timedelta(days=7), 10), (now, 20)):
        load(day, counts("Alder El", submitted, key="1"), counts("B", 70))
    central = browser_of("central")
    posts = (
        ("window", {"term": "Sp25", "opens": str(opens), "closes": str(closes)}),
        ("days-off", {"day": str(holiday), "name": "Holiday"}),
        ("goal", {"group": "parents", "percent": "60%"}),
    )
    for path, form in posts:
        assert central.post(f"/rates/settings/{path}", data=form).status_code == 303
    shown = seen("/rates/schools/1")
    assert f"Goal 60% 40 10.0 per school day until {date_words(closes)}" in shown
    assert "At the goal 1 60% or more" in seen("/rates/?group=parents")
    page = seen("/rates/settings")
    assert "set goal parents to 60 (was nothing)" in page
    with transaction("rates") as session:
        assert session.execute(text("select count(*) from audit where action like 'settings.%'")).scalar_one() == 3


def test_settings_refuse_what_cannot_be_and_are_central_offices_alone() -> None:
    load(FEB_21, counts("A", 10))
    central = browser_of("central")
    wrong = (
        ("window", {"term": "Sp25", "opens": "2025-03-01", "closes": "2025-02-01"}),
        ("window", {"term": "Sp99", "opens": "2025-01-01", "closes": "2025-02-01"}),
        ("days-off", {"day": "2025-02-22"}),
        ("days-off", {"day": "2025-02-24", "last": "2025-02-20"}),
        ("days-off", {"day": "2025-02-24", "last": "2026-02-20"}),
        ("days-off/list", {"days": "2025-02-24 Holiday\nnext Monday"}),
        ("days-off/list", {"days": " \n "}),
        ("days-off/remove", {"day": "2025-02-24"}),
        ("goal", {"group": "parents", "percent": "101"}),
        ("goal", {"group": "parents", "percent": "most"}),
    )
    assert [central.post(f"/rates/settings/{path}", data=form).status_code for path, form in wrong] == [
        422, 404, 422, 422, 422, 422, 422, 404, 422, 422,
    ]  # fmt: skip
    page = central.post("/rates/settings/goal", data={"group": "parents", "percent": "most of them"}).text
    assert "Not saved" in page
    assert "A goal is a whole percentage from 1 to 100." in page
    assert "Days without school" in page
    for role in ("director", "principal", "designee", "desk", "ops"):
        assert browser_of(role).get("/rates/settings").status_code == 403


def test_days_off_are_added_by_range_or_by_list_without_their_weekends() -> None:
    central = browser_of("central")
    form = {"day": "2026-11-20", "last": "2026-11-24", "name": "Thanksgiving"}
    assert central.post("/rates/settings/days-off", data=form).status_code == 303
    lines = "2026-12-21 to 2026-12-23, Winter\r\n\r\n2027-01-18: King Day\n2027-02-15"
    assert central.post("/rates/settings/days-off/list", data={"days": lines}).status_code == 303
    with transaction("rates") as session:
        off = {row.day.isoformat(): row.name for row in session.execute(text("select * from day_off"))}
    winter = dict.fromkeys(("2026-12-21", "2026-12-22", "2026-12-23"), "Winter")
    fall = dict.fromkeys(("2026-11-20", "2026-11-23", "2026-11-24"), "Thanksgiving")
    assert off == {**fall, **winter, "2027-01-18": "King Day", "2027-02-15": ""}
    page = central.post("/rates/settings/days-off/list", data={"days": "2027-03-01 A\n2027-13-01 B\n2027-03-06"}).text
    assert "Line 2, “2027-13-01 B”: write it as 2026-11-23 to 2026-11-27 Name." in page
    assert "Line 3, “2027-03-06”: Enter a weekday" in page
    with transaction("rates") as session:
        assert session.execute(text("select count(*) from day_off where day >= '2027-03-01'")).scalar_one() == 0


def test_a_goal_and_a_day_off_can_be_taken_away_again() -> None:
    central = browser_of("central")
    day = {"day": date(2025, 2, 24).isoformat()}
    for path, form in (("days-off", day), ("days-off/remove", day)):
        assert central.post(f"/rates/settings/{path}", data=form).status_code == 303
    for percent in ("60", ""):
        assert central.post("/rates/settings/goal", data={"group": "staff", "percent": percent}).status_code == 303
    with transaction("rates") as session:
        left = session.execute(text("select (select count(*) from goal) + (select count(*) from day_off)")).scalar_one()
    assert left == 0


def test_a_saved_view_is_its_owners_alone_and_holds_only_the_tables_state() -> None:
    load(FEB_21, counts("A", 10))
    director = browser_of("director")
    form = {"name": "  Mine,  Tier 1 ", "query": "tier=1&mine=1&sort=needed&evil=<script>"}
    assert director.post("/rates/views", data=form).status_code == 303
    text_seen = director.get("/rates/").text
    assert '<a class="chip" href="/rates/?tier=1&amp;mine=1&amp;sort=needed">Mine, Tier 1</a>' in text_seen
    assert "Mine, Tier 1" not in browser_of("central").get("/rates/").text
    found = re.search(r"/rates/views/(\d+)/remove", text_seen)
    assert found is not None
    assert browser_of("central").post(found[0], data={}).status_code == 404
    assert director.post(found[0], data={}).status_code == 303
    assert "The view Mine, Tier 1 was removed." in director.get("/rates/").text
    assert "Mine, Tier 1" not in director.get("/rates/").text
    assert director.post("/rates/views", data={"name": " ", "query": ""}).status_code == 422


def test_a_view_saved_under_the_same_name_replaces_it() -> None:
    load(FEB_21, counts("A", 10))
    client = browser_of("principal")
    for query in ("tier=1", "tier=2"):
        client.post("/rates/views", data={"name": "V", "query": query})
    page = client.get("/rates/").text
    assert 'href="/rates/?tier=2">V</a>' in page and 'href="/rates/?tier=1">V</a>' not in page
