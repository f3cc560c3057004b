"""Incidents: which one a board opens, days without school, changes through the API, and how heavy the form is."""

import gzip
import re
from datetime import date, timedelta
from typing import Any

import pytest

from shared.web.clock import today
from tests.people import api_of, browser_of
from tests.sesr.world import ALDER, load_schools, open_incident, send
from tests.stack import deliver

pytestmark = pytest.mark.usefixtures("clean")
MOST_BYTES = 60_000


@pytest.fixture(autouse=True)
def schools(clean: None) -> None:
    load_schools()


def board(role: str = "central", **query: str) -> dict[str, Any]:
    answer = api_of(role).get("/sesr/api/v1/board", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_of_parallel_incidents_the_board_opens_the_one_of_its_own_region() -> None:
    east = open_incident(name="East", regions=["E"])
    west = open_incident(name="West", regions=["W"])
    assert board("desk")["incident_id"] == east
    assert board("central")["incident_id"] in (east, west)
    assert "East" in browser_of("desk").get("/sesr/board").text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_an_incident_of_a_year_that_cannot_be_meant_is_not_opened(day: str) -> None:
    plan = {"name": "X", "first_day": day, "last_day": day, "windows": "8:30"}
    answer = api_of("central").post("/sesr/api/v1/incidents", json=plan)
    assert (answer.status_code, [each["field"] for each in answer.json()["problems"]]) == (422, ["first_day"])


def last_saturday() -> date:
    return today() - timedelta(days=(today().weekday() + 2) % 7 or 7)


def test_nobody_is_expected_on_a_day_without_school() -> None:
    saturday = last_saturday()
    assert saturday.weekday() == 5
    friday = saturday - timedelta(days=1)
    days = {
        "first_day": str(friday - timedelta(days=7)),
        "last_day": str(today()),
        "windows": "00:00",
        "grace_minutes": 0,
    }
    incident = open_incident(**days, weekends=False, days_off=str(friday - timedelta(days=7)))
    shown = {day: board(day=str(day)) for day in (friday, saturday, friday - timedelta(days=7))}
    assert [(each["school_day"], each["total"]["expected"]) for each in shown.values()] == [
        (True, 3),
        (False, 0),
        (False, 0),
    ]
    assert [row["state"] for row in shown[friday]["rows"]] == ["overdue"] * 3
    page = browser_of("central").get(f"/sesr/board?day={saturday}").text
    assert "is not a school day of this incident" in page
    assert "None of your schools is expected to report." in page
    all_days = api_of("central").patch(f"/sesr/api/v1/incidents/{incident}", json={"weekends": True})
    assert all_days.status_code == 200
    assert board(day=str(saturday))["school_day"] is True


def test_an_incident_is_changed_closed_and_opened_again_through_the_api() -> None:
    incident = open_incident()
    central = api_of("central")
    address = f"/sesr/api/v1/incidents/{incident}"
    changed = central.patch(address, json={"name": "Strike of March", "regions": ["W"], "grace_minutes": 15}).json()
    assert (changed["name"], changed["regions"], changed["grace_minutes"]) == ("Strike of March", ["W"], 15)
    assert board()["total"]["expected"] == 1
    assert central.patch(address, json={"regions": []}).status_code == 200
    assert board()["total"]["expected"] == 3
    assert central.patch(address, json={"windows": "8:30 am, 1 pm"}).json()["windows"] == ["08:30", "13:00"]
    assert central.patch(address, json={"windows": "noon"}).status_code == 422
    assert central.patch(address, json={"drill": True}).status_code == 422
    assert api_of("desk").patch(address, json={"name": "x"}).status_code == 403
    assert central.post(f"{address}/close").json()["closed"] is True
    assert central.patch(address, json={"name": "x"}).status_code == 409
    assert central.post(f"{address}/reopen").json()["closed"] is False


def test_the_feed_says_what_each_report_changed() -> None:
    open_incident()
    send(counts={"students_present": 310, "volunteers": 31}, flags={"media": True})
    send(counts={"students_present": 290, "volunteers": 12}, flags={"media": False})
    deliver()
    page = browser_of("central").get("/sesr/board").text
    assert "290 present, was 310; 12 staff, was 31; media on site is over" in page
    assert "310 present; 31 staff; media on site" in page
    assert "1 school needs a look" not in page


def test_the_form_and_its_look_weigh_little() -> None:
    open_incident()
    principal = browser_of("principal")
    page = principal.get(f"/sesr/report?school={ALDER}")
    names = set(re.findall(r'(?:src|href)="(/static/[^"]+\.(?:js|css|svg|webmanifest))"', page.text))
    files = {name: len(gzip.compress(principal.get(name).content)) for name in names}
    weight = len(gzip.compress(page.content)) + sum(files.values())
    assert len(names) > 10
    assert weight <= MOST_BYTES, sorted(files.items(), key=lambda item: -item[1])
