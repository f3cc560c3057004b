"""The plan's data: the known items, a thirteenth, goals per level, years; every change with its trail and its effect."""

import pytest
from sqlalchemy import text

from services.tracker.queries.plan import untaken_results
from shared.db import transaction
from tests.people import api_of, browser_of
from tests.tracker.district import ALDER, tell_directory, tell_results

ITEM = f"/tracker/api/v1/schools/{ALDER}/items"
THIRTEENTH = {
    "pillar": "Pillar 2, Priority 2A",
    "group": "STUDENTS",
    "item": "Adults here know my name.",
    "category": "School Climate",
    "increase-0": "5",
    "increase-1": "",
    "increase-2": "0.5",
}
pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture(autouse=True)
def district(clean: None) -> None:
    tell_directory()


def audited() -> list[str]:
    with transaction("tracker") as session:
        rows = session.execute(text("select action || ' ' || object from audit where action !~ '^entries' order by id"))
        return list(rows.scalars())


def increases(item_id: str) -> dict[str, str | None]:
    central = api_of("central")
    found: dict[str, str | None] = {}
    for level in ("Elementary", "Middle", "High School"):
        items = central.get("/tracker/api/v1/items", params={"level": level}).json()["items"]
        found[level] = next(item["increase"] for item in items if item["item_id"] == item_id)
    return found


def test_a_thirteenth_item_is_added_with_goals_of_its_own_per_level() -> None:
    central = browser_of("central")
    assert central.post("/tracker/items/new", data=THIRTEENTH).status_code == 303
    assert increases("2a-adults-here-know-my-name") == {"Elementary": "5.0", "Middle": None, "High School": "0.5"}
    assert len(api_of("principal").get(ITEM).json()["items"]) == 13
    assert audited() == ["item.added 2a-adults-here-know-my-name"]
    assert "item.added" in central.get("/tracker/items").text


def test_results_that_came_before_their_item_are_taken_over() -> None:
    tell_results([(ALDER, "Adults here know MY name", "Fall 2021", "60.0")])
    browser_of("central").post("/tracker/items/new", data={**THIRTEENTH, "aliases": "Adults here know my name"})
    told = api_of("principal").get(f"{ITEM}/2a-adults-here-know-my-name").json()
    assert (told["baseline"], told["goal"]) == ("60.0", "65.0")


def test_loaded_results_that_stand_nowhere_are_listed_until_the_plan_knows_them() -> None:
    known, unknown = "I am happy to be at this school.", "Adults here know MY name"
    tell_results([(ALDER, known, "Fall 2021", "60.0"), (ALDER, unknown, "Fall 2031", "70.0")])
    with transaction("tracker") as session:
        assert untaken_results(session) == [("Elementary", unknown, "Fall 2031", 1, "item and year")]
    central = browser_of("central")
    assert "Loaded results that stand nowhere" in central.get("/tracker/items").text
    assert "Loaded results that stand nowhere" not in browser_of("principal").get("/tracker/items").text
    central.post("/tracker/items/new", data={**THIRTEENTH, "aliases": unknown})
    with transaction("tracker") as session:
        assert [row.unknown for row in untaken_results(session)] == ["year"]
    central.post("/tracker/periods", data={"label": "Fall 2031"})
    assert "Loaded results that stand nowhere" not in central.get("/tracker/items").text


def test_results_that_came_before_their_year_are_taken_over() -> None:
    happy = "I am happy to be at this school."
    tell_results([(ALDER, happy, "Fall 2021", "60.0"), (ALDER, happy, "Fall 2026", "64.0")])
    central = browser_of("central")
    central.post("/tracker/periods", data={"label": "Autumn 2026"})
    assert api_of("principal").get(f"{ITEM}/1b-happy").json()["results"][-1] is None
    central.post("/tracker/periods/5", data={"label": "Fall 2026"})
    told = api_of("principal").get(f"{ITEM}/1b-happy").json()
    assert (told["results"][-1], told["status"]) == ("64.0", "not met")


def test_a_year_with_values_keeps_them_when_it_is_renamed() -> None:
    happy = "I am happy to be at this school."
    tell_results([(ALDER, happy, "Fall 2025", "60.0")])
    tell_results([(ALDER, happy, "Fall 2026", "64.0")], revision=2)
    browser_of("central").post("/tracker/periods/4", data={"label": "Fall 2026"})
    assert api_of("principal").get(f"{ITEM}/1b-happy").json()["results"] == [None, None, None, "60.0"]
    assert browser_of("central").post("/tracker/periods", data={"label": "Fall 2025"}).status_code == 303
    assert api_of("principal").get(f"{ITEM}/1b-happy").json()["results"][-1] == "60.0"


def test_a_changed_goal_recomputes_the_targets_of_all_schools() -> None:
    tell_results([(ALDER, "I am happy to be at this school.", "Fall 2021", "74.0")])
    page = browser_of("central").get("/tracker/items/1b-happy").text
    assert 'value="10.0"' in page
    sent = {"pillar": "P", "group": "STUDENTS", "item": "I am happy to be at this school.", "category": "C"}
    browser_of("central").post("/tracker/items/1b-happy", data={**sent, "increase-0": "4"})
    with transaction("tracker") as session:
        assert session.execute(text("select targets[1] from standing")).scalar_one() == 75
        detail = session.execute(text("select detail from audit where action = 'item.changed'")).scalar_one()
    assert detail["before"]["increases"]["Elementary"] == "10.0"
    assert detail["after"]["increases"] == {"Elementary": "4.0", "Middle": None, "High School": None}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"item": ""}, "Enter the survey item."),
        ({"increase-0": "ten"}, "is not a number"),
        ({"group": "CATS"}, "Choose one of the groups."),
        ({"pillar": "P" * 61}, "Use at most 60 characters."),
        ({"item": "i am HAPPY to be at this school"}, "has this wording already"),
    ],
)
def test_an_item_that_cannot_be_is_refused(wrong: dict[str, str], words: str) -> None:
    answer = browser_of("central").post("/tracker/items/new", data={**THIRTEENTH, **wrong})
    assert answer.status_code == 422
    assert words in answer.text
    assert audited() == []


def test_years_are_renamed_added_and_taken_away_while_they_hold_nothing() -> None:
    central = browser_of("central")
    api_of("principal").put(f"{ITEM}/1b-happy", json={"baseline": 74, "results": [75]})
    central.post("/tracker/periods/1", data={"label": "Spring 2023"})
    central.post("/tracker/periods", data={"label": "Fall 2026"})
    told = api_of("principal").get(f"{ITEM}/1b-happy").json()
    assert told["periods"] == ["Fall 2021", "Spring 2023", "Fall 2023", "Fall 2024", "Fall 2025", "Fall 2026"]
    assert told["targets"][0] == "76.0"
    central.post("/tracker/periods/drop-last")
    assert api_of("principal").get(f"{ITEM}/1b-happy").json()["targets"][0] == "76.5"
    assert audited() == ["period.renamed 1", "period.added 5", "period.removed 5"]
    assert central.post("/tracker/periods", data={"label": "fall 2025"}).status_code == 422
    api_of("principal").put(f"{ITEM}/1b-happy", json={"results": [None, None, None, 80]})
    assert central.post("/tracker/periods/drop-last").status_code == 409


def test_only_central_edits_the_plan() -> None:
    for role in ("principal", "director", "desk", "designee"):
        assert browser_of(role).get("/tracker/items").status_code == 200
        assert browser_of(role).post("/tracker/items/new", data=THIRTEENTH).status_code == 403
