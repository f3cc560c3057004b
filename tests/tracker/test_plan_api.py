"""Plans edited through the API: the same effects, questions, permissions and trail as on the pages."""

from typing import Any

import pytest
from sqlalchemy import text

from shared.db import transaction
from tests.people import api_of
from tests.security.routes import SURFACES
from tests.tracker.district import ALDER, CEDAR, school, tell_directory, tell_results

API = "/tracker/api/v1"
PLAN = f"{API}/plans/2022-2026"
HAPPY = "I am happy to be at this school."
LINE = f"{API}/schools/{ALDER}/items/1b-happy"
THIRTEENTH = {
    "pillar": "Pillar 2, Priority 2A",
    "group": "STUDENTS",
    "item": "Adults here know my name.",
    "category": "School Climate",
    "goals": {"Elementary": {"increase": "5"}, "High School": {"increase": 0.5, "district_goal": "Half a point."}},
}
# Each edit of the pages, and the operation that makes it.
TWINS = {
    "/tracker/items/new": f"POST {API}/plans/{{plan_id}}/items",
    "/tracker/items/{item_id}": f"PATCH {API}/items/{{item_id}}",
    "/tracker/items/{item_id}/move": f"POST {API}/items/{{item_id}}/move",
    "/tracker/items/{item_id}/retire": f"POST {API}/items/{{item_id}}/retire",
    "/tracker/periods": f"POST {API}/plans/{{plan_id}}/periods",
    "/tracker/periods/drop-last": f"DELETE {API}/plans/{{plan_id}}/periods/{{position}}",
    "/tracker/periods/{position}": f"PATCH {API}/plans/{{plan_id}}/periods/{{position}}",
    "/tracker/periods/{position}/terms": f"PATCH {API}/plans/{{plan_id}}/periods/{{position}}",
    "/tracker/plans": f"POST {API}/plans",
    "/tracker/plans/{plan_id}/begin": f"POST {API}/plans/{{plan_id}}/begin",
    "/tracker/levels": f"PUT {API}/levels",
    "/tracker/schools/{key}/levels": f"PUT {API}/schools/{{ploc}}/levels",
}
pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture(autouse=True)
def district(clean: None) -> None:
    tell_directory()


def audited() -> list[str]:
    with transaction("tracker") as session:
        rows = session.execute(text("select action || ' ' || object from audit where action !~ '^entries' order by id"))
        return list(rows.scalars())


def line() -> dict[str, Any]:
    found: dict[str, Any] = api_of("principal").get(LINE).json()
    return found


def test_every_edit_of_a_plan_on_the_pages_can_be_made_by_a_program_with_the_same_permission() -> None:
    edits = [found for found in SURFACES if found.permission == "plan.write" and found.method == "POST"]
    on_pages = {found.path for found in edits if "/api/" not in found.path}
    assert on_pages == set(TWINS), "an edit of a plan on a page needs its operation in services/tracker/api"
    permissions = {str(found): found.permission for found in SURFACES}
    assert {twin: permissions.get(twin) for twin in TWINS.values() if permissions.get(twin) != "plan.write"} == {}


def test_an_item_is_added_changed_ordered_retired_and_owned() -> None:
    central = api_of("central")
    added = central.post(f"{PLAN}/items", json=THIRTEENTH)
    assert added.status_code == 201
    item = f"{API}/items/{added.json()['item_id']}"
    assert added.json()["goals"] == {
        "Elementary": {"increase": "5.0", "district_goal": ""},
        "Middle": {"increase": None, "district_goal": ""},
        "High School": {"increase": "0.5", "district_goal": "Half a point."},
    }
    changed = central.patch(item, json={"owner": "Okafor", "goals": {"High School": {"increase": 2}}}).json()
    assert changed["is_made"]
    assert changed["item"] == central.get(item).json()
    assert (changed["item"]["owner"], changed["item"]["item"]) == ("Okafor", THIRTEENTH["item"])
    assert changed["item"]["goals"]["High School"] == {"increase": "2.0", "district_goal": "Half a point."}
    order = central.post(f"{item}/move", json={"steps": -12}).json()["items"]
    assert order[:2] == [added.json()["item_id"], "1b-happy"]
    assert central.post(f"{item}/move", json={"steps": -1}).status_code == 409
    assert central.post(f"{item}/retire", json={"is_retired": True}).json()["is_retired"]
    assert len(api_of("principal").get(f"{API}/schools/{ALDER}/items").json()["items"]) == 12
    assert len(central.get(PLAN).json()["items"]) == 13
    assert [words.partition(" ")[0] for words in audited()] == [
        "item.added", "item.changed", "item.moved", "item.retired",
    ]  # fmt: skip


def test_a_goal_that_changes_targets_is_changed_once_its_effect_was_confirmed() -> None:
    tell_results([(ALDER, HAPPY, "Fall 2021", "74.0")])
    central, item = api_of("central"), f"{API}/items/1b-happy"
    edit = {"goals": {"Elementary": {"increase": 4}}}
    before = central.get(item).json()
    rehearsed = central.patch(item, params={"dry_run": True}, json=edit).json()
    assert (rehearsed["is_made"], rehearsed["effect"]["schools"], rehearsed["item"]) == (False, 1, before)
    refused = central.patch(item, json=edit)
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_effect_unconfirmed")
    assert refused.json()["problems"][0]["schools"] == 1
    assert (central.get(item).json(), audited()) == (before, [])
    made = central.patch(item, params={"confirmed": True}, json=edit).json()
    assert (made["is_made"], made["effect"]) == (True, rehearsed["effect"])
    assert (line()["goal"], audited()) == ("78.0", ["item.changed 1b-happy"])
    assert central.patch(item, json={"owner": "Okafor"}).json()["effect"]["schools"] == 0


def test_a_year_is_added_renamed_and_removed_with_a_look_at_what_that_changes() -> None:
    values = ("74.0", "75.3", "79.0", "82.0", "84.5")
    tell_results([(ALDER, HAPPY, f"Fall {2021 + year}", percent) for year, percent in enumerate(values)])
    central, years = api_of("central"), f"{PLAN}/periods"
    refused = central.post(years, json={"label": "Fall 2026"})
    assert refused.status_code == 409
    assert refused.json()["problems"][0]["changes"] == [{"was": "met", "now": "above path", "items": 1, "schools": 1}]
    assert (line()["status"], len(line()["periods"])) == ("met", 5)
    assert central.post(years, params={"confirmed": True}, json={"label": "Fall 2026"}).status_code == 201
    assert line()["status"] == "above path"
    refused = central.patch(f"{years}/4", json={"label": "Spring 2026"})
    assert (refused.status_code, refused.json()["problems"][0]["values"]) == (409, 1)
    assert "1 value stands in this year" in refused.json()["detail"]
    renamed = central.patch(f"{years}/4", params={"confirmed": True}, json={"label": "Spring 2026", "terms": ["Sp26"]})
    assert renamed.json()["periods"][4] == {
        "position": 4, "label": "Spring 2026", "aliases": ["Fall 2025"], "terms": ["Sp26"],
    }  # fmt: skip
    assert central.delete(f"{years}/4").status_code == 409
    assert central.delete(f"{years}/5", params={"dry_run": True}).json()["effect"]["schools"] == 1
    assert central.delete(f"{years}/5", params={"confirmed": True}).status_code == 200
    assert (line()["status"], line()["results"][-1]) == ("met", "84.5")
    assert audited() == [
        "period.added 2022-2026/5",
        "period.terms 2022-2026/4",
        "period.renamed 2022-2026/4",
        "period.removed 2022-2026/5",
    ]


def test_a_plan_is_a_draft_until_it_is_begun() -> None:
    sent = {"name": "Plan 2026-2030", "final_label": "2030", "periods": ["Fall 2025", "Fall 2026"]}
    central = api_of("central")
    added = central.post(f"{API}/plans", json={**sent, "copied": "2022-2026"})
    assert (added.status_code, added.json()["is_draft"], len(added.json()["items"])) == (201, True, 12)
    assert central.post(f"{API}/plans", json=sent).json()["code"] == "plan_known"
    assert api_of("principal").get(f"{API}/items").json()["plan"] == "2022-2026"
    for _ in range(2):
        assert not central.post(f"{API}/plans/plan-2026-2030/begin").json()["is_draft"]
    assert api_of("principal").get(f"{API}/items").json()["plan"] == "plan-2026-2030"
    assert audited() == ["plan.added plan-2026-2030", "plan.begun plan-2026-2030"]


def test_levels_are_set_by_the_kind_of_school_and_for_one_school() -> None:
    tell_directory([school(ALDER, "Alder Span", level="Span"), school(CEDAR, "Cedar Home", level="Home")], revision=2)
    central = api_of("central")
    assert {"kind": "Home", "schools": 1, "levels": []} in central.get(f"{API}/levels").json()["kinds"]
    kinds = central.put(f"{API}/levels", json={"kind": "Home", "levels": ["High School"]}).json()["kinds"]
    assert {"kind": "Home", "schools": 1, "levels": ["High School"]} in kinds
    own = f"{API}/schools/{CEDAR}/levels"
    assert central.put(own, json={"levels": ["Middle"]}).json()["levels"] == ["Middle"]
    assert central.put(own, json={"levels": None}).json() == {
        "school_key": CEDAR, "levels": ["High School"], "is_as_kind": True,
    }  # fmt: skip
    assert central.put(f"{API}/levels", json={"kind": "Hime", "levels": []}).status_code == 404
    assert central.put(own, json={"levels": ["Kindergarten"]}).json()["code"] == "level_unknown"


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"item": " "}, "item", "Enter the survey item."),
        ({"group": "CATS"}, "group", "Choose one of the groups. They are STUDENTS, PARENTS, STAFF."),
        ({"pillar": "P" * 61}, "pillar", "Use at most 60 characters."),
        ({"aliases": ["a" * 201]}, "aliases", "Use at most 200 characters in each wording."),
        ({"aliases": [f"wording {n}" for n in range(21)]}, "aliases", "Name at most 20 other wordings; there are 21."),
        ({"goals": {"Middle": {"increase": "ten"}}}, "goals.Middle.increase", "is not a number"),
        (
            {"goals": {"Middle": {"district_goal": "w" * 401}}},
            "goals.Middle.district_goal",
            "Use at most 400 characters.",
        ),
    ],
)
def test_what_an_item_cannot_be_is_said_field_by_field(wrong: dict[str, Any], field: str, words: str) -> None:
    answer = api_of("central").post(f"{PLAN}/items", json={**THIRTEENTH, **wrong})
    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert problem["field"] == field
    assert words in problem["message"]
    assert audited() == []


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("post", f"{PLAN}/items", {**THIRTEENTH, "ownr": "Okafor"}, 422),
        ("post", f"{PLAN}/items", {**THIRTEENTH, "item": "i am HAPPY to be at this school"}, 422),
        ("post", f"{PLAN}/items", {**THIRTEENTH, "goals": {"Kindergarten": {}}}, 422),
        ("post", f"{API}/plans/none/items", THIRTEENTH, 404),
        ("patch", f"{API}/items/none", {"owner": "Okafor"}, 404),
        ("post", f"{API}/items/none/retire", {"is_retired": True}, 404),
        ("patch", f"{PLAN}/periods/1", {}, 422),
        ("patch", f"{PLAN}/periods/1", {"label": "fall 2025"}, 422),
        ("patch", f"{PLAN}/periods/1", {"label": "F" * 21}, 422),
        ("patch", f"{PLAN}/periods/1", {"terms": ["Fa1", "Fa2", "Fa3", "Fa4", "Fa5", "Fa6"]}, 422),
        ("patch", f"{PLAN}/periods/99", {"label": "Fall 2099"}, 404),
        ("post", f"{API}/plans", {"name": "N", "final_label": "2030", "periods": ["Fall 2025"]}, 422),
        ("post", f"{API}/plans", {"name": "N" * 81, "final_label": "2030", "periods": ["Fall 1", "Fall 2"]}, 422),
        ("post", f"{API}/plans", {"name": "N", "final_label": "1", "periods": ["A", "B"], "copied": "none"}, 404),
        ("post", f"{API}/plans/none/begin", {}, 404),
    ],
)
def test_an_edit_that_cannot_be_is_refused_and_changes_nothing(
    method: str, path: str, sent: dict[str, Any], status: int
) -> None:
    before = api_of("central").get(PLAN).json()
    answer = api_of("central").request(method, path, json=sent, params={"confirmed": True})
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]
    assert (api_of("central").get(PLAN).json(), audited()) == (before, [])
