"""The directory: loaded whole or not at all, looked up, corrected, told to every service."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from shared.db import transaction
from tests.files import directory
from tests.people import api_of, browser_of
from tests.stack import deliver, failures

SCHOOL = ("1400101", "4001", "Alder El", "Elementary", "E", "North CoS", "VEGA, MARTA")
PEOPLE = (
    ("Vega, Marta", "director", "vega@lausd.example", "1400101", ""),
    ("Okafor, Ines", "central", "central@lausd.example", "", ""),
)


@pytest.fixture
def central(clean: None) -> Iterator[TestClient]:
    with api_of("central") as client:
        assert load(client, directory(PEOPLE, [SCHOOL])).status_code == 201
    with browser_of("central") as browser:
        yield browser


def load(client: TestClient, content: bytes, **params: Any) -> Any:
    given = {"kind": "directory", **params}
    return client.post("/ingest/api/v1/uploads", params=given, files={"file": ("directory.xlsx", content)})


def in_notify(column: str) -> list[Any]:
    """What notify knows of its directors."""
    with transaction("notify") as session:
        return list(session.execute(text(f"select {column} from director order by 1")).scalars())


def test_a_spelling_that_was_added_is_told_and_stays_when_a_directory_is_loaded(central: TestClient) -> None:
    page = "/ingest/directory/people/director:vega@lausd.example"
    changed = central.post(page, data={"aliases": "VEGA, M.; Wega, Marta"})
    assert changed.status_code == 303
    deliver()
    assert "Wega, Marta" in in_notify("aliases")[0]
    load(api_of("central"), directory((*PEOPLE, ("New, Ann", "director", "new@lausd.example", "", "")), [SCHOOL]))
    deliver()
    assert any("Wega, Marta" in aliases for aliases in in_notify("aliases"))
    assert "Wega, Marta" in central.get(page).text
    assert failures() == []


def test_a_spelling_of_somebody_else_is_refused(central: TestClient) -> None:
    load(api_of("central"), directory((*PEOPLE, ("New, Ann", "director", "new@lausd.example", "", "")), [SCHOOL]))
    answer = central.post("/ingest/directory/people/director:new@lausd.example", data={"aliases": "Vega, Marta"})
    assert answer.status_code == 409


def test_a_corrected_school_is_told_and_its_history_kept(central: TestClient) -> None:
    page = "/ingest/directory/schools/1400101"
    fields = {"name": "Alder Elementary", "region": "N", "enrolled": "410", "cos": "South CoS"}
    assert central.post(page, data=fields).status_code == 303
    deliver()
    with transaction("rates") as session:
        found = session.execute(text("select name, region from school where school_key = '1400101'")).one()
    assert tuple(found) == ("Alder Elementary", "N")
    assert "from “Alder El” to “Alder Elementary”" in central.get(page).text
    for count in ("many", "5,000,000,000"):
        assert central.post(page, data={**fields, "enrolled": count}).status_code == 422, count


def test_a_school_of_no_known_region_is_corrected_without_giving_it_one(central: TestClient) -> None:
    lost = ("1400201", "4002", "Birch El", "Elementary", "F", "North CoS", "VEGA, MARTA")
    assert load(api_of("central"), directory(PEOPLE, [SCHOOL, lost])).status_code == 201
    page = "/ingest/directory/schools/1400201"
    assert '<option value="" selected>Choose the region</option>' in central.get(page).text
    fields = {"name": "Birch El", "region": "", "enrolled": "410"}
    assert central.post(page, data=fields).status_code == 303
    place = "/ingest/api/v1/directory/schools/1400201"
    told = api_of("central").get(place).json()
    assert (told["region"], told["enrolled"]) == ("", 410)
    assert central.post(page, data={**fields, "region": "F"}).status_code == 422
    assert central.post(page, data={**fields, "region": "W"}).status_code == 303
    assert central.post(page, data=fields).status_code == 422
    assert api_of("central").get(place).json()["region"] == "W"


def test_schools_and_people_are_found_by_what_one_knows_of_them(central: TestClient) -> None:
    for query in ("alder", "4001", "1400101", "vega"):
        assert "Alder El" in central.get("/ingest/directory", params={"q": query}).text, query
    assert "Alder El" not in central.get("/ingest/directory", params={"q": "birch"}).text
    for query in ("marta", "VEGA@"):
        assert "Vega, Marta" in central.get("/ingest/directory/people", params={"q": query}).text, query


def test_a_directory_with_an_error_changes_nothing_and_says_where(central: TestClient) -> None:
    people = (*PEOPLE, ("Odd, Person", "king", "odd@lausd.example", "", ""))
    answer = load(api_of("central"), directory(people, [SCHOOL]))
    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (422, "role_unknown")
    assert answer.json()["problems"][0]["row"] == 4


def test_a_dry_run_of_a_directory_counts_who_comes_and_goes(central: TestClient) -> None:
    told = load(api_of("central"), directory(PEOPLE[1:], ()), dry_run=True).json()
    assert told["difference"] == {
        "people": {"new": 0, "kept": 1, "missing": 1},
        "schools": {"new": 0, "kept": 1, "missing": 1},
    }


def test_only_central_staff_see_the_directory(clean: None) -> None:
    for role in ("director", "principal", "desk", "ops"):
        assert browser_of(role).get("/ingest/directory").status_code == 403, role
        assert api_of(role).get("/ingest/api/v1/directory/people").status_code == 403, role


def test_only_who_may_see_the_directory_gets_its_file_and_the_places_in_it(central: TestClient) -> None:
    ops = ("Sato, Ren", "ops", "ops@lausd.example", "", "")
    ames = ("Ames, Joy", "director", "ames@lausd.example", "", "Vega, Marta")
    taken = load(api_of("central"), directory((*PEOPLE, ops, ames), [SCHOOL]))
    assert [problem["became"] for problem in taken.json()["problems"]] == ["vega@lausd.example"]
    place = taken.headers["location"]
    page = place.replace("/api/v1", "")
    assert central.get(f"{page}/file").status_code == 200
    assert "vega@lausd.example" in central.get(page).text
    told = api_of("ops").get(place).json()
    assert (told["problems"], told["found"][0]["code"]) == ([], "spelling_shared")
    desk = browser_of("ops")
    shown = desk.get(page)
    assert (shown.status_code, "Download the file" in shown.text, "vega@" in shown.text) == (200, False, False)
    assert [desk.get(f"{page}/{name}").status_code for name in ("file", "rejected.xlsx")] == [403, 403]


def test_the_api_looks_up_corrects_and_keeps_spellings(central: TestClient) -> None:
    api = api_of("central")
    base = "/ingest/api/v1/directory"
    assert [each["name"] for each in api.get(f"{base}/schools", params={"q": "4001"}).json()["schools"]] == ["Alder El"]
    changed = api.patch(f"{base}/schools/1400101", json={"enrolled": 410}).json()
    assert (changed["name"], changed["enrolled"], changed["region"]) == ("Alder El", 410, "E")
    marta = f"{base}/people/director:vega@lausd.example"
    assert api.put(f"{marta}/aliases/VEGA, M.").json()["resolved_aliases"] == ["VEGA, M."]
    assert api.patch(marta, json={"name": "Vega, Marta A"}).json()["resolved_aliases"] == ["VEGA, M."]
    deliver()
    assert "VEGA, M." in in_notify("aliases")[0]
    assert api.delete(f"{marta}/aliases/VEGA, M.").json()["resolved_aliases"] == []
    assert api.delete(f"{marta}/aliases/VEGA, M.").status_code == 404
    assert failures() == []


def test_the_api_refuses_what_cannot_be_and_pages_by_cursor(central: TestClient) -> None:
    api = api_of("central")
    base = "/ingest/api/v1/directory"
    assert api.patch(f"{base}/schools/1400101", json={"region": "Q"}).status_code == 422
    assert api.patch(f"{base}/schools/nobody", json={"region": "N"}).status_code == 404
    assert api.patch(f"{base}/schools/1400101", json={"school_key": "x"}).status_code == 422
    first = api.get(f"{base}/people", params={"limit": 1}).json()
    second = api.get(f"{base}/people", params={"limit": 1, "cursor": first["next"]}).json()
    assert first["people"][0]["person_id"] < second["people"][0]["person_id"]
