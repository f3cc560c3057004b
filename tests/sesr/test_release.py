"""Figures for the public: released by hand, with their coverage, and never a school's own numbers."""

import html
import itertools
import re
from typing import Any

import pytest

from services.sesr.rules.board import SchoolLine, grouped, summed
from services.sesr.rules.counts import ADULTS
from services.sesr.rules.release import FEWEST_SCHOOLS, public_figures
from shared.events import DirectorySchool
from tests.people import api_of, browser_of
from tests.sesr.test_rules import at, line, report
from tests.sesr.world import SCHOOLS, load_schools, open_incident, send
from tests.stack import deliver

KEYS = [f"15000{number:02}" for number in range(6)]


def figures_of(*reported: int) -> dict[str, Any]:
    """The public figures of regions of eight schools, of which so many reported."""
    lines = [
        line(f"{region}{number}", "Middle", 100, *[report(number, at(8))][: number < count])._replace(region=region)
        for region, count in zip("ABC", reported, strict=True)
        for number in range(8)
    ]
    groups = grouped(lines, lambda each: each.region)
    return public_figures(summed("All", groups), groups)


def test_nobody_can_subtract_the_numbers_of_few_schools() -> None:
    for reported in itertools.product((0, 1, 4, 5, 7), repeat=3):
        figures = figures_of(*reported)
        total, shown = sum(reported), [region["reported"] for region in figures["regions"]]
        assert (figures["expected"], figures["reported"]) == (24, total)
        assert ("students_present" in figures) == (total >= FEWEST_SCHOOLS) != figures["too_few"]
        assert all(count >= FEWEST_SCHOOLS for count in shown)
        assert not shown or total - sum(shown) == 0 or total - sum(shown) >= FEWEST_SCHOOLS, reported


FIGURES = {"adults": "with_adults", "enrolled": "with_enrolled", "percent": "with_enrolled"}


def without_gaps(region: str, gave: int) -> list[SchoolLine]:
    """Eight schools of a region that all reported; so many of them gave their enrollment and their adults."""
    lines = []
    for number in range(8):
        counts: dict[str, int | None] = {"students_present": 100, **({ADULTS[0]: 20} if number < gave else {})}
        sent = report(number, at(8))._replace(counts=counts)
        lines.append(line(f"{region}{number}", "Middle", 400 if number < gave else None, sent)._replace(region=region))
    return lines


def test_no_figure_is_that_of_the_few_schools_which_gave_it() -> None:
    for gave in itertools.product((0, 1, 4, 5, 8), repeat=3):
        lines = [each for region, count in zip("ABC", gave, strict=True) for each in without_gaps(region, count)]
        groups = grouped(lines, lambda each: each.region)
        figures = public_figures(summed("All", groups), groups)
        assert [region["reported"] for region in figures["regions"]] == [8, 8, 8]
        for figure, count in FIGURES.items():
            shown = [region[count] for region in figures["regions"] if region[figure] is not None]
            assert (figures[figure] is not None) == (figures[count] >= FEWEST_SCHOOLS), (figure, gave)
            assert all(each >= FEWEST_SCHOOLS for each in shown), (figure, gave)
            left = sum(gave) - sum(shown)
            assert not shown or left == 0 or left >= FEWEST_SCHOOLS, (figure, gave)


@pytest.fixture
def incident(clean: None) -> str:
    east = SCHOOLS[0]
    load_schools([DirectorySchool(*(key, key[1:5], key, f"School {key}", *east[4:])) for key in KEYS])
    return open_incident(name="Strike of the north")


def release(incident: str) -> str:
    """Releases the figures that the central office looks at; answers what it saw."""
    central = browser_of("central")
    seen = central.get(f"/sesr/release?incident={incident}").text
    [moment] = re.findall(r'name="as_of" value="([^"]+)"', seen)
    done = central.post("/sesr/release", data={"incident_id": incident, "as_of": html.unescape(moment)})
    assert done.headers["location"] == "/sesr/public"
    return seen


def test_figures_are_public_as_they_were_released_until_they_are_taken_back(incident: str) -> None:
    for key in KEYS[:5]:
        assert send("central", school_key=key).status_code == 201
    deliver()
    anybody = browser_of(None)
    assert "has not released figures" in anybody.get("/sesr/public").text
    release(incident)
    shown = anybody.get("/sesr/public").text
    assert "Strike of the north" in shown and "1,550" in shown and "School 15000" not in shown
    send("central", school_key=KEYS[5])
    deliver()
    assert "1,860" not in anybody.get("/sesr/public").text
    release(incident)
    assert "1,860" in anybody.get("/sesr/public").text
    browser_of("central").post("/sesr/release/withdraw")
    assert "has not released figures" in anybody.get("/sesr/public").text


def test_what_is_released_is_what_was_looked_at(incident: str) -> None:
    for key in KEYS[:5]:
        send("central", school_key=key)
    deliver()
    central = browser_of("central")
    [moment] = re.findall(r'name="as_of" value="([^"]+)"', central.get("/sesr/release").text)
    send("central", school_key=KEYS[5])
    deliver()
    central.post("/sesr/release", data={"incident_id": incident, "as_of": html.unescape(moment)})
    shown = browser_of(None).get("/sesr/public").text
    assert "1,550" in shown and "1,860" not in shown


def test_the_numbers_of_fewer_than_five_schools_stay_with_the_district(incident: str) -> None:
    send("central", school_key=KEYS[0])
    deliver()
    assert "Fewer than 5 schools have reported" in release(incident)
    assert "310" not in browser_of(None).get("/sesr/public").text


def test_a_drill_is_not_released_nor_by_others_than_the_central_office(incident: str) -> None:
    central = api_of("central")
    drill = open_incident(name="Exercise", drill=True)
    now = {"incident_id": drill, "as_of": "2026-01-05T18:00:00+00:00"}
    assert central.post("/sesr/release", data=now).status_code == 409
    assert central.post("/sesr/release", data={**now, "as_of": "2199-01-05T18:00:00+00:00"}).status_code == 422
    assert api_of("desk").post("/sesr/release", data={**now, "incident_id": incident}).status_code == 403
    assert "has not released figures" in browser_of(None).get("/sesr/public").text
