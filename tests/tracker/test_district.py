"""The district's view: counts with coverage, the heat map, feasibility, filters and files, each in a person's scope."""

import csv
import io
from decimal import Decimal

import openpyxl
import pytest
from sqlalchemy import text

from services.tracker.queries.district import differences, median_gain
from services.tracker.queries.schools import SchoolFilter
from shared.access import Who
from shared.db import transaction
from tests.people import api_of, browser_of
from tests.tracker.district import ALDER, BIRCH, CEDAR, SCHOOLS, school, tell_directory, tell_results

DOGWOOD, ELM = "1400301", "1400401"
HAPPY = "I am happy to be at this school."
VALUES = {
    ALDER: ("74.0", "75.3", "79.0", "82.0", "84.5"),
    CEDAR: ("68.0", "67.0", None, None, None),
    DOGWOOD: ("95.0", "96.0", None, None, None),
}
CENTRAL = Who("c", "Central", "c@lausd.example", "central", (), ("central",), "session")
pytestmark = pytest.mark.usefixtures("clean")


ALL = (*SCHOOLS, school(DOGWOOD, "Dogwood El"), school(ELM, "Elm El"))


@pytest.fixture(autouse=True)
def district(clean: None) -> None:
    tell_directory(ALL)
    tell_results(
        [
            (key, HAPPY, f"Fall {2021 + year}", percent)
            for key, percents in VALUES.items()
            for year, percent in enumerate(percents)
        ]
    )


def test_each_item_counts_the_schools_in_each_status_with_coverage() -> None:
    items = api_of("central").get("/tracker/api/v1/district").json()["items"]
    happy = items[0]
    assert (happy["expected"], happy["known"], happy["behind"]) == (4, 3, 2)
    assert {status: count for status, count in happy["statuses"].items() if count} == {
        "met": 1,
        "off track": 2,
        "awaiting": 1,
    }
    assert (items[1]["known"], items[1]["statuses"]["awaiting"]) == (0, 4)


def test_filters_and_scope_narrow_the_counts() -> None:
    def expected(role: str, **filters: str) -> int:
        found: int = api_of(role).get("/tracker/api/v1/district", params=filters).json()["items"][0]["expected"]
        return found

    assert expected("central", region="W") == 1
    assert expected("central", director="NOBODY") == 0
    assert expected("central", level="Middle") == 1
    assert (expected("desk"), expected("director"), expected("principal")) == (3, 1, 1)


def test_the_page_names_the_hardest_item_and_the_spread() -> None:
    text = browser_of("central").get("/tracker/district").text
    assert f"{HAPPY} (2 of 3 behind)" in text
    assert "3 of 4" in text
    with transaction("tracker") as session:
        bars = differences(session, CENTRAL, SchoolFilter(), "Elementary", ["1b-happy"])
    assert [(bar.low, bar.high, bar.schools) for bar in bars if bar.schools] == [(-4, -2, 1), (-2, 0, 1), (0, 2, 1)]


def test_the_heat_map_shows_sign_and_word() -> None:
    text = browser_of("central").get("/tracker/heat-map").text
    assert "<strong>\N{MINUS SIGN}3.5</strong> off track" in text
    assert "<strong>+0.5</strong> met" in text
    assert "Elm El" in text
    assert "Cedar El" not in browser_of("desk").get("/tracker/heat-map").text


def test_feasibility_compares_with_the_best_year_and_the_districts_median() -> None:
    with transaction("tracker") as session:
        assert median_gain(session, "Elementary", "1b-happy") == Decimal("1.9")
    text = browser_of("central").get("/tracker/feasibility").text
    assert "+1.9" in text
    row = text[text.index("Cedar El") : text.index("</tr>", text.index("Cedar El"))]
    assert "+3.7" in row
    assert "more than ever gained" in row


def test_the_files_hold_what_the_pages_show() -> None:
    answer = browser_of("central").get("/tracker/district.csv")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[1][:5] == ["STUDENTS", HAPPY, "10.0", "4", "3"]
    book = openpyxl.load_workbook(io.BytesIO(browser_of("central").get("/tracker/district.xlsx").content))
    assert [cell.value for cell in book["Items"][2]][:5] == ["STUDENTS", HAPPY, 10, 4, 3]
    schools = [[cell.value for cell in row] for row in book["Schools"].iter_rows(min_row=2)]
    assert [(row[4], row[6], row[-1]) for row in schools] == [
        ("Alder El", 84.5, "met"),
        ("Cedar El", 67, "off track"),
        ("Dogwood El", 96, "off track"),
    ]


def known_schools() -> list[str]:
    with transaction("tracker") as session:
        return list(session.execute(text("select school_key from school order by school_key")).scalars())


def test_a_school_that_the_directory_no_longer_has_is_neither_expected_nor_listed_until_it_is_back() -> None:
    tell_directory(ALL[1:], revision=2)
    central = browser_of("central")
    happy = api_of("central").get("/tracker/api/v1/district").json()["items"][0]
    assert (happy["expected"], happy["known"], happy["statuses"]["awaiting"]) == (3, 2, 1)
    for path in ("/tracker/heat-map", "/tracker/feasibility", "/tracker/"):
        assert "Alder El" not in central.get(path).text, path
    book = openpyxl.load_workbook(io.BytesIO(central.get("/tracker/district.xlsx").content))
    assert [cell.value for cell in book["Schools"]["E"]] == ["School", "Cedar El", "Dogwood El"]
    with transaction("tracker") as session:
        assert median_gain(session, "Elementary", "1b-happy") == 0
    tell_directory(ALL, revision=3)
    assert "<strong>+0.5</strong> met" in central.get("/tracker/heat-map").text


def test_a_directory_drops_schools_once_it_is_whole_however_its_parts_and_older_ones_come() -> None:
    alder, birch, cedar, *_ = ALL
    for _ in range(2):
        tell_directory([cedar], revision=2, part=2, parts=2)
    tell_directory(ALL, revision=1)
    assert known_schools() == [ALDER, BIRCH, DOGWOOD, ELM, CEDAR]
    tell_directory([birch], revision=2, part=1, parts=2)
    assert known_schools() == [BIRCH, CEDAR]
    tell_directory([alder, birch, cedar], revision=1)
    tell_directory([birch], revision=2, part=1, parts=2)
    assert known_schools() == [BIRCH, CEDAR]
