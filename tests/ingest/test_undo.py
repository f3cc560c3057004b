"""Undo of survey results and of a directory: what was there before is back everywhere, and said before it is done."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from services.tracker.actions.words import plan_wordings
from shared.db import transaction
from tests.files import directory
from tests.ingest.test_listings import PEOPLE, SCHOOL, codes, result, results, send
from tests.people import api_of, browser_of
from tests.stack import deliver, failures

HAPPY = "I am happy to be at this school."
SAFE = "I feel safe in this school or in online school sessions."
WORDS = {"category": "School Climate", "increase-0": "5"}
BIRCH = ("1400201", "4002", "Birch El", "Elementary", "N", "South CoS", "AMES, JOY")
AMES = ("Ames, Joy", "director", "ames@lausd.example", "1400201", "")


@pytest.fixture
def central(clean: None) -> Iterator[TestClient]:
    with api_of("central") as client:
        assert send(client, "directory", directory(PEOPLE, [SCHOOL])).status_code == 201
        deliver()
        yield client


def undo(client: TestClient, upload: Any) -> Any:
    return client.post(f"{upload.headers['location']}/undo")


def in_tracker() -> dict[str, Decimal]:
    """Item -> percent of the entries that stand in the tracker."""
    with transaction("tracker") as session:
        query = text("select i.item, e.percent from entry e join item i using (item_id) where e.percent is not null")
        return {row.item: row.percent for row in session.execute(query)}


def rows_in(schema: str, query: str) -> list[Any]:
    with transaction(schema) as session:
        return list(session.execute(text(query)).scalars())


def test_results_get_back_what_they_were_and_what_the_file_brought_goes(central: TestClient) -> None:
    assert send(central, "survey-results", results(result(HAPPY, 70))).status_code == 201
    wrong = send(central, "survey-results", results(result(HAPPY.upper(), 17), result(SAFE, 50)))
    deliver()
    assert in_tracker() == {HAPPY: 17, SAFE: 50}
    said = "1 result gets back the percent from before this file, and 1 result that came with it is removed."
    assert said in central.get(wrong.headers["location"]).json()["undo_returns"]
    assert said in browser_of("central").get(wrong.headers["location"].replace("/api/v1", "")).text
    undone = undo(central, wrong)
    assert (undone.status_code, undone.json()["counts"]["changed"]) == (201, 2), undone.text
    deliver()
    assert in_tracker() == {HAPPY: 70}
    assert rows_in("tracker", "select item from result") == [HAPPY]
    assert central.get(wrong.headers["location"]).json()["state"] == "undone"
    assert send(central, "survey-results", results(result(HAPPY, 17), result(SAFE, 50))).status_code == 201
    deliver()
    assert in_tracker() == {HAPPY: 17, SAFE: 50}
    assert failures() == []


def test_an_undo_of_results_leaves_what_a_person_typed_and_is_refused_once_a_newer_file_came(
    central: TestClient,
) -> None:
    first = send(central, "survey-results", results(result(HAPPY, 70), result(SAFE, 60)))
    deliver()
    with transaction("tracker") as session:
        session.execute(text("update entry set percent = 71, source = 'page' where percent = 70"))
    newer = send(central, "survey-results", results(result(SAFE, 61)))
    deliver()
    refused = undo(central, first)
    assert (refused.status_code, refused.json()["code"]) == (409, "undo_too_late")
    assert central.get(first.headers["location"]).json()["undo_returns"] == ""
    assert undo(central, newer).status_code == 201
    deliver()
    assert in_tracker() == {HAPPY: 71, SAFE: 60}


def test_a_directory_is_undone_with_the_access_that_it_gave_and_took(central: TestClient) -> None:
    new = send(central, "directory", directory((PEOPLE[1], AMES), [SCHOOL, BIRCH]))
    place = new.headers["location"]
    deliver()
    in_access = "select person_id from access.role_grant where source = 'directory' and role = 'director' order by 1"
    assert rows_in("ingest", in_access) == ["ames@lausd.example"]
    said = central.get(place).json()["undo_returns"]
    assert said == "2 schools as they were: 0 come back, 1 go. 2 people as they were: 1 come back, 1 go."
    assert undo(central, new).status_code == 201
    deliver()
    assert rows_in("ingest", in_access) == ["vega@lausd.example"]
    for service in ("rates", "tracker"):
        assert "Birch El" not in rows_in(service, "select name from school"), service
    assert rows_in("notify", "select name from director") == ["Vega, Marta"]
    assert rows_in("ingest", "select count(*) from replaced_directory") == [0]
    assert undo(central, new).status_code == 409
    assert failures() == []


def test_a_directory_that_was_corrected_since_is_not_undone(central: TestClient) -> None:
    loaded = send(central, "directory", directory(PEOPLE, [SCHOOL, BIRCH]))
    assert central.patch("/ingest/api/v1/directory/schools/1400101", json={"enrolled": 410}).status_code == 200
    answer = undo(central, loaded)
    assert (answer.status_code, "changed since" in answer.json()["detail"]) == (409, True)


def test_a_result_of_no_known_item_or_year_is_a_finding_of_its_row(central: TestClient) -> None:
    rows = [result(HAPPY, 70), result("I like the lunch.", 60), ("Fall 2031", *result(SAFE, 50)[1:])]
    answer = send(central, "survey-results", results(*rows))
    assert (answer.status_code, codes(answer)) == (201, {"result_item_unknown": 1, "result_period_unknown": 1})
    found = {
        problem["code"]: (problem["row"], problem["column"], problem["value"]) for problem in answer.json()["problems"]
    }
    assert found["result_item_unknown"] == (3, "Item", "I like the lunch.")
    assert found["result_period_unknown"] == (4, "Period", "Fall 2031")


def test_whatever_changes_a_plan_tells_its_words(central: TestClient) -> None:
    page = browser_of("central")
    edits: list[tuple[str, dict[str, str]]] = [
        ("periods", {"label": "Fall 2031"}),
        ("periods/5", {"label": "Fall 2032"}),
        ("periods", {"label": "Fall 2033"}),
        ("periods/drop-last", {}),
        ("items/new", {"pillar": "Pillar 1", "respondents": "STUDENTS", "item": "I like the lunch.", **WORDS}),
        ("items/1b-happy", {"pillar": "Pillar 1", "respondents": "STUDENTS", "item": "I am glad to be here.", **WORDS}),
        ("plans", {"name": "Plan B", "final_label": "2040", "years": "Fall 2036\nFall 2037", "copied": ""}),
    ]
    seen = rows_in("ingest", "select plans from plan_words")
    for path, form in edits:
        answer = page.post(f"/tracker/{path}", data={**form, "confirmed": "1"})
        assert answer.status_code == 303, (path, answer.text)
        deliver()
        with transaction("tracker") as session:
            now = [wording._asdict() for wording in plan_wordings(session)]
        assert rows_in("ingest", "select plans from plan_words") == [now], path
        assert seen != [now], path
        seen = [now]
