"""A school's items through the API: what follows from what is entered, who may, and what is refused."""

import pytest
from sqlalchemy import text

from shared.db import transaction
from tests.people import api_of
from tests.tracker.district import ALDER, CEDAR, SCHOOLS, school, tell_directory, tell_results

ITEM = f"/tracker/api/v1/schools/{ALDER[1:5]}/items/1b-happy"
HAPPY = "I am happy to be at this school."
pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture(autouse=True)
def district(clean: None) -> None:
    tell_directory()


def test_the_worked_row_comes_out_of_put_and_get() -> None:
    principal = api_of("principal")
    sent = {"baseline": "74.0", "results": [75.3, 79, "82.0", "84.5"]}
    answer = principal.put(ITEM, json=sent)
    assert answer.status_code == 200
    found = answer.json()
    assert found["shown"]["targets"] == ["76.5", "78.2", "81.5", "84.0"]
    assert found["shown"]["differences"] == ["-1.2", "0.8", "0.5", "0.5"]
    assert (found["goal"], found["status"]) == ("84.0", "met")
    assert principal.get(ITEM).json() == found


def test_a_field_that_is_absent_stays_and_null_clears() -> None:
    principal = api_of("principal")
    principal.put(ITEM, json={"baseline": 74, "results": [75.3]})
    principal.put(ITEM, json={"results": [None, 79]})
    found = principal.get(ITEM).json()
    assert (found["baseline"], found["results"]) == ("74.0", [None, "79.0", None, None])
    assert found["targets"][:3] == ["76.5", None, "81.5"]


@pytest.mark.parametrize(
    ("sent", "field", "code"),
    [
        ({"baseline": "0.74"}, "baseline", "percent_as_fraction"),
        ({"results": [75, "101"]}, "results.1", "percent_out_of_range"),
        ({"results": ["n/a"]}, "results.0", "percent_not_a_number"),
    ],
)
def test_what_is_no_percent_is_refused_and_nothing_is_saved(sent: dict[str, object], field: str, code: str) -> None:
    principal = api_of("principal")
    answer = principal.put(ITEM, json=sent)
    assert answer.status_code == 422
    assert [(problem["field"], problem["code"]) for problem in answer.json()["problems"]] == [(field, code)]
    assert principal.get(ITEM).json()["results"] == [None] * 4


def test_everybody_reads_and_writes_only_what_is_theirs() -> None:
    foreign = f"/tracker/api/v1/schools/{CEDAR[1:5]}/items/1b-happy"
    birch = "/tracker/api/v1/schools/4002/items/2a-safe"
    statuses = {
        role: (
            api_of(role).get(ITEM).status_code,
            api_of(role).get(birch).status_code,
            api_of(role).get(foreign).status_code,
        )
        for role in ("central", "director", "principal", "designee", "desk", "ops")
    }
    assert statuses == {
        "central": (200, 200, 200),
        "director": (200, 200, 404),
        "principal": (200, 404, 404),
        "designee": (200, 404, 404),
        "desk": (200, 200, 404),
        "ops": (403, 403, 403),
    }
    written = {role: api_of(role).put(ITEM, json={"baseline": 70}).status_code for role in statuses}
    assert written == {"central": 200, "director": 403, "principal": 200, "designee": 200, "desk": 403, "ops": 403}
    assert api_of("principal").put(foreign, json={"baseline": 70}).status_code == 404
    assert api_of(None).get(ITEM).status_code == 401


def test_schools_that_share_a_ploc_are_told_apart_by_their_code() -> None:
    tell_directory([*SCHOOLS, school("1400102", "Alder El Mag")], revision=2)
    central = api_of("central")
    answer = central.get(ITEM)
    assert (answer.status_code, answer.json()["code"]) == (409, "ploc_shared")
    assert central.get(ITEM.replace("/4001/", "/1400102/")).json()["school"] == "Alder El Mag"


def test_a_ploc_that_another_school_has_taken_over_names_that_school_alone() -> None:
    central = api_of("central")
    central.put(ITEM, json={"baseline": 74})
    tell_directory([school("1400102", "Alder El Mag"), *SCHOOLS[1:]], revision=2)
    assert central.put(ITEM, json={"baseline": 60}).json()["school"] == "Alder El Mag"
    assert central.get(ITEM.replace("/4001/", f"/{ALDER}/")).status_code == 404
    tell_directory(revision=3)
    assert central.get(ITEM).json()["baseline"] == "74.0"


def test_who_entered_what_is_kept() -> None:
    api_of("principal").put(ITEM, json={"baseline": 74})
    api_of("designee").put(ITEM, json={"baseline": 75})
    changes = api_of("director").get(f"/tracker/api/v1/schools/{ALDER}/history").json()["changes"]
    assert [(row["was"], row["now"], row["by"]) for row in changes] == [
        ("74.0", "75.0", "designee@lausd.example as designee"),
        (None, "74.0", "principal@lausd.example as principal"),
    ]
    with transaction("tracker") as session:
        assert session.execute(text("select count(*) from audit where action = 'entries.saved'")).scalar_one() == 2


def test_loaded_results_fill_blanks_and_renew_themselves_but_not_what_was_typed() -> None:
    api_of("principal").put(ITEM, json={"baseline": 74})
    tell_results([(ALDER, HAPPY, "Fall 2021", "60.0"), (ALDER, HAPPY, "Fall 2022", "70.0")], revision=5)
    tell_results([(ALDER, HAPPY, "Fall 2022", "71.0")], revision=4)
    tell_results([(ALDER, HAPPY, "Fall 2022", "75.3"), (ALDER, HAPPY, "Fall 2023", None)], revision=6)
    found = api_of("principal").get(ITEM).json()
    assert (found["baseline"], found["results"]) == ("74.0", ["75.3", None, None, None])
    with transaction("tracker") as session:
        status = session.execute(text("select status from item_progress where item_id = '1b-happy'")).scalar_one()
    assert status == "off track"


def test_the_levels_have_their_own_goals() -> None:
    central = api_of("central")
    found = central.get("/tracker/api/v1/items", params={"level": "Middle"}).json()
    assert [item["item_id"] for item in found["items"] if item["increase"] is None] == [
        "1b-happy",
        "3a-customer-service",
        "3d-leadership",
    ]
    birch = central.put("/tracker/api/v1/schools/4002/items/1b-happy", json={"baseline": 74}).json()
    assert (birch["level"], birch["goal"], birch["status"]) == ("Middle", None, "awaiting")
