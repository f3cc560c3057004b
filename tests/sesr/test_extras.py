"""Optional fields that an incident switches on: school status, meals, grade spans; their totals, coverage and exports."""

import io
import re
from typing import Any

import openpyxl
import pytest

from services.sesr.rules.counts import SPANS, read_counts, warnings
from tests.people import api_of, browser_of
from tests.sesr.test_pages import filled
from tests.sesr.world import ALDER, BIRCH, load_schools, open_incident, send
from tests.stack import deliver

ALL = ["status", "meals", "spans"]
STATUS, MEALS = 'name="status"', 'name="meals_served"'


@pytest.fixture
def incident(clean: None) -> str:
    load_schools()
    return open_incident(extras=ALL)


def schools_sheet(incident: str) -> dict[str, dict[str, Any]]:
    content = browser_of("central").get(f"/sesr/board.xlsx?incident={incident}").content
    header, *rows = openpyxl.load_workbook(io.BytesIO(content))["Schools"].values
    named = [dict(zip(map(str, header), row, strict=True)) for row in rows]
    return {str(row["Code"]): row for row in named}


def test_the_form_has_them_only_where_the_incident_switches_them_on(clean: None) -> None:
    load_schools()
    incident = open_incident()
    assert STATUS not in browser_of("principal").get("/sesr/report").text
    central = api_of("central")
    assert central.patch(f"/sesr/api/v1/incidents/{incident}", json={"extras": ["meals"]}).json()["extras"] == ["meals"]
    shown = browser_of("principal").get("/sesr/report").text
    assert MEALS in shown and STATUS not in shown and 'name="students_9_12"' not in shown
    unknown = central.patch(f"/sesr/api/v1/incidents/{incident}", json={"extras": ["buses"]})
    assert unknown.status_code == 422 and "there are status, meals, spans" in unknown.text


def test_what_was_given_stands_in_the_form_the_history_the_board_and_the_workbook(incident: str) -> None:
    principal = browser_of("principal")
    form = principal.get("/sesr/report").text
    given = {"students_present": "310", "meals_served": "280", "students_tk_3": "200", "status": "restricted"}
    assert principal.post("/sesr/report", data=filled(form, **given)).status_code == 303
    deliver()
    again = principal.get("/sesr/report").text
    assert 'value="280"' in again and '<option value="restricted" selected>' in again
    [number] = re.findall(r"/sesr/report\?correct=([-0-9a-f]+)", principal.get(f"/sesr/schools/{ALDER}").text)
    assert '<option value="restricted" selected>' in principal.get(f"/sesr/report?correct={number}").text
    history = principal.get(f"/sesr/schools/{ALDER}").text
    assert "Meals served 280." in history and "School status: restricted." in history
    board = browser_of("central").get("/sesr/board").text
    assert "Status of 1 school that reported" in board and "Also in this incident" in board
    row = schools_sheet(incident)[ALDER]
    assert (row["School status"], row["Meals served"]) == ("Restricted", 280)
    assert row["Students present, TK to grade 3"] == 200 and row["Students present, grades 4 to 6"] is None


def test_sums_say_how_many_schools_gave_them_and_blank_is_not_zero(incident: str) -> None:
    send(counts={"students_present": 310, "meals_served": 0})
    send("desk", school_key=BIRCH, counts={"students_present": 200})
    deliver()
    total = api_of("central").get("/sesr/api/v1/board").json()["total"]
    assert (total["totals"]["meals_served"], total["given"]["meals_served"]) == (0, 1)
    assert total["given"]["students_9_12"] == 0


def test_a_status_holds_until_a_report_says_otherwise(incident: str) -> None:
    for given in ({"status": "closed"}, {}):
        assert send(**given).status_code == 201
    deliver()
    assert schools_sheet(incident)[ALDER]["School status"] == "Closed"
    send(status="open")
    deliver()
    assert schools_sheet(incident)[ALDER]["School status"] == "Open"
    wrong = send(status="half open")
    assert wrong.status_code == 422 and wrong.json()["problems"][0]["field"] == "status"


def test_a_number_that_is_none_is_told_and_the_spans_are_held_against_the_students_present() -> None:
    _, problems = read_counts({"students_present": "310", "meals_served": "2.5"})
    assert [problem["field"] for problem in problems] == ["meals_served"]
    spans = dict.fromkeys(SPANS, 50)
    assert warnings({"students_present": 200, **spans}) == []
    assert warnings({"students_present": 210, **spans}) == [
        "The grade spans together are 200 students, and 210 are present."
    ]
    assert warnings({"students_present": 210, SPANS[0]: 50}) == []


def test_the_form_of_an_incident_ticks_what_is_switched_on(incident: str) -> None:
    shown = browser_of("central").get(f"/sesr/incidents/{incident}").text
    assert all(f'name="extras" value="{name}" checked' in shown for name in ALL)
    changed = {"lists": "true", "extras": ["spans"], "weekends": "true"}
    browser_of("central").post(f"/sesr/incidents/{incident}/change", data=changed)
    assert browser_of("principal").get("/sesr/report").text.count('name="students_') == 5
