"""The plan's data: the known items, a thirteenth, goals per level, years; every change with its trail and its effect."""

import re

import pytest
from sqlalchemy import text

from services.tracker.queries.plan import untaken_results
from shared.db import transaction
from tests.people import api_of, browser_of
from tests.tracker.district import ALDER, CEDAR, school, tell_directory, tell_results

ITEM = f"/tracker/api/v1/schools/{ALDER}/items"
CONFIRMED = {"confirmed": "yes"}
THIRTEENTH = {
    "pillar": "Pillar 2, Priority 2A",
    "respondents": "STUDENTS",
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
    found = api_of("principal").get(f"{ITEM}/2a-adults-here-know-my-name").json()
    assert (found["baseline"], found["goal"]) == ("60.0", "65.0")


def test_loaded_results_that_stand_nowhere_are_listed_until_the_plan_knows_them() -> None:
    known, unknown = "I am happy to be at this school.", "Adults here know MY name"
    tell_results([(ALDER, known, "Fall 2021", "60.0"), (ALDER, unknown, "Fall 2031", "70.0")])
    with transaction("tracker") as session:
        assert untaken_results(session) == [("Elementary", unknown, "Fall 2031", 1, "item and year")]
    central = browser_of("central")
    assert "Loaded results that match no item" in central.get("/tracker/items").text
    assert "Loaded results that match no item" not in browser_of("principal").get("/tracker/items").text
    central.post("/tracker/items/new", data={**THIRTEENTH, "aliases": unknown})
    with transaction("tracker") as session:
        assert [row.unknown for row in untaken_results(session)] == ["year"]
    central.post("/tracker/periods", data={"label": "Fall 2031", **CONFIRMED})
    assert "Loaded results that match no item" not in central.get("/tracker/items").text


def test_results_that_came_before_their_year_are_taken_over() -> None:
    happy = "I am happy to be at this school."
    tell_results([(ALDER, happy, "Fall 2021", "60.0"), (ALDER, happy, "Fall 2026", "64.0")])
    central = browser_of("central")
    central.post("/tracker/periods", data={"label": "Autumn 2026", **CONFIRMED})
    assert api_of("principal").get(f"{ITEM}/1b-happy").json()["results"][-1] is None
    central.post("/tracker/periods/5", data={"label": "Fall 2026", **CONFIRMED})
    found = api_of("principal").get(f"{ITEM}/1b-happy").json()
    assert (found["results"][-1], found["status"]) == ("64.0", "not met")


def test_a_year_with_values_keeps_them_when_it_is_renamed_and_files_may_use_either_label() -> None:
    happy = "I am happy to be at this school."
    tell_results([(ALDER, happy, "Fall 2025", "60.0")])
    seen_first = browser_of("central").post("/tracker/periods/4", data={"label": "Spring 2026"})
    assert "1 value stands in this year" in seen_first.text
    assert api_of("principal").get(f"{ITEM}/1b-happy").json()["periods"][-1] == "Fall 2025"
    browser_of("central").post("/tracker/periods/4", data={"label": "Spring 2026", **CONFIRMED})
    line = api_of("principal").get(f"{ITEM}/1b-happy").json()
    assert (line["periods"][-1], line["results"]) == ("Spring 2026", [None, None, None, "60.0"])
    tell_results([(ALDER, happy, "Fall 2025", "61.0")], revision=2)
    tell_results([(ALDER, happy, "Spring 2026", "62.0")], revision=3)
    assert api_of("principal").get(f"{ITEM}/1b-happy").json()["results"][-1] == "62.0"


def test_an_edit_of_the_years_says_first_what_it_changes_for_how_many_schools() -> None:
    values = ("74.0", "75.3", "79.0", "82.0", "84.5")
    happy = "I am happy to be at this school."
    tell_results([(ALDER, happy, f"Fall {2021 + year}", percent) for year, percent in enumerate(values)])
    central = browser_of("central")
    shown = central.post("/tracker/periods", data={"label": "Fall 2026"})
    assert shown.status_code == 200
    assert "Targets or statuses of 1 school would change" in shown.text
    assert re.search(r"Met</th><td[^>]*>Above path</td><td[^>]*>1<", shown.text)
    line = api_of("principal").get(f"{ITEM}/1b-happy").json()
    assert (line["status"], len(line["periods"])) == ("met", 5)
    assert audited() == []
    assert central.post("/tracker/periods", data={"label": "Fall 2026", **CONFIRMED}).status_code == 303
    assert api_of("principal").get(f"{ITEM}/1b-happy").json()["status"] == "above path"


def test_a_changed_goal_recomputes_the_targets_of_all_schools_once_that_was_seen() -> None:
    tell_results([(ALDER, "I am happy to be at this school.", "Fall 2021", "74.0")])
    page = browser_of("central").get("/tracker/items/1b-happy").text
    assert 'value="10.0"' in page
    sent = {"pillar": "P", "respondents": "STUDENTS", "item": "I am happy to be at this school.", "category": "C"}
    assert (
        "of 1 school would change"
        in browser_of("central").post("/tracker/items/1b-happy", data={**sent, "increase-0": "4"}).text
    )
    browser_of("central").post("/tracker/items/1b-happy", data={**sent, "increase-0": "4", **CONFIRMED})
    with transaction("tracker") as session:
        assert session.execute(text("select targets[1] from item_progress")).scalar_one() == 75
        detail = session.execute(text("select detail from audit where action = 'item.changed'")).scalar_one()
    assert detail["was"]["increases"]["Elementary"] == "10.0"
    assert detail["now"]["increases"] == {"Elementary": "4.0", "Middle": None, "High School": None}
    assert "increases: {" in browser_of("central").get("/tracker/items").text


def test_a_new_plan_stands_beside_the_one_before_which_stays_as_it_was() -> None:
    happy = "I am happy to be at this school."
    tell_results([(ALDER, happy, "Fall 2025", "60.0"), (ALDER, happy, "Fall 2021", "50.0")])
    before = api_of("principal").get(ITEM).json()
    sent = {
        "name": "Plan 2026-2030",
        "final_label": "2030",
        "years": "Fall 2025\nFall 2026\nFall 2027",
        "copied": "2022-2026",
    }
    assert browser_of("central").post("/tracker/plans", data=sent).status_code == 303
    assert api_of("principal").get(ITEM).json() == before
    draft = api_of("principal").get(ITEM, params={"plan": "plan-2026-2030"}).json()
    assert [line["baseline"] for line in draft["items"]][:2] == ["60.0", None]
    browser_of("central").post("/tracker/plans/plan-2026-2030/begin")
    now = api_of("principal").get(ITEM).json()
    assert (now["plan"], now["items"][0]["periods"]) == ("plan-2026-2030", ["Fall 2025", "Fall 2026", "Fall 2027"])
    tell_results([(ALDER, happy, "Fall 2026", "66.0")], revision=2)
    assert api_of("principal").get(ITEM).json()["items"][0]["results"] == ["66.0", None]
    assert api_of("principal").get(ITEM, params={"plan": "2022-2026"}).json() == before
    assert "Plan 2026-2030" in browser_of("principal").get(f"/tracker/schools/{ALDER}").text
    assert "2022-2026" in browser_of("principal").get(f"/tracker/schools/{ALDER}?plan=2022-2026").text


def test_items_are_ordered_retired_with_their_history_and_owned() -> None:
    central = browser_of("central")
    api_of("principal").put(f"{ITEM}/2a-safe", json={"baseline": 74})

    def order() -> list[str]:
        return [line["item_id"] for line in api_of("principal").get(ITEM).json()["items"]]

    central.post("/tracker/items/2a-safe/move", data={"steps": "-1"})
    assert order()[:2] == ["2a-safe", "1b-happy"]
    central.post("/tracker/items/2a-safe/retire", data={"retired": "true"})
    assert "2a-safe" not in order()
    assert "2a-safe" not in [
        row["item_id"] for row in api_of("central").get("/tracker/api/v1/district").json()["items"]
    ]
    central.post("/tracker/items/2a-safe/retire", data={"retired": "false"})
    assert api_of("principal").get(f"{ITEM}/2a-safe").json()["baseline"] == "74.0"
    assert audited() == ["item.moved 2a-safe", "item.retired 2a-safe", "item.restored 2a-safe"]


def test_a_former_wording_is_kept_so_that_files_that_are_out_come_in() -> None:
    happy = "I am happy to be at this school."
    sent = {
        "pillar": "P",
        "respondents": "STUDENTS",
        "item": "I am glad to be here.",
        "category": "C",
        "increase-0": "10",
    }
    browser_of("central").post("/tracker/items/1b-happy", data={**sent, **CONFIRMED})
    tell_results([(ALDER, happy, "Fall 2021", "74.0")])
    assert api_of("principal").get(f"{ITEM}/1b-happy").json()["baseline"] == "74.0"


def test_schools_of_every_kind_are_expected_and_central_staff_say_where() -> None:
    tell_directory([school(ALDER, "Alder Span", level="Span"), school(CEDAR, "Cedar Home", level="Home")], revision=2)

    def expected(level: str) -> int:
        rows = api_of("central").get("/tracker/api/v1/district", params={"level": level}).json()["items"]
        found: int = rows[0]["expected"]
        return found

    assert [expected(level) for level in ("Elementary", "Middle", "High School")] == [1, 1, 0]
    central = browser_of("central")
    assert "expected nowhere" in central.get("/tracker/levels").text
    assert central.post("/tracker/levels", data={"kind": "Home", "level-High School": "on"}).status_code == 303
    assert expected("High School") == 1
    central.post(f"/tracker/schools/{CEDAR}/levels", data={"level-Middle": "on"})
    assert [expected("Middle"), expected("High School")] == [2, 0]
    tell_directory([school(ALDER, "Alder Span", level="Span"), school(CEDAR, "Cedar Home", level="Home")], revision=3)
    assert expected("Middle") == 2
    central.post(f"/tracker/schools/{CEDAR}/levels", data={"as_kind": "on"})
    assert expected("High School") == 1
    assert browser_of("principal").post(f"/tracker/schools/{ALDER}/levels", data={}).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"item": ""}, "Enter the survey item."),
        ({"increase-0": "ten"}, "is not a number"),
        ({"respondents": "CATS"}, "Choose one of the groups."),
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
    central.post("/tracker/periods/1", data={"label": "Spring 2023", **CONFIRMED})
    central.post("/tracker/periods", data={"label": "Fall 2026", **CONFIRMED})
    found = api_of("principal").get(f"{ITEM}/1b-happy").json()
    assert found["periods"] == ["Fall 2021", "Spring 2023", "Fall 2023", "Fall 2024", "Fall 2025", "Fall 2026"]
    assert found["targets"][0] == "76.0"
    central.post("/tracker/periods/drop-last", data=CONFIRMED)
    assert api_of("principal").get(f"{ITEM}/1b-happy").json()["targets"][0] == "76.5"
    assert audited() == [
        "period.renamed 2022-2026/1",
        "period.added 2022-2026/5",
        "period.removed 2022-2026/5",
    ]
    assert central.post("/tracker/periods", data={"label": "fall 2025"}).status_code == 422
    api_of("principal").put(f"{ITEM}/1b-happy", json={"results": [None, None, None, 80]})
    assert central.post("/tracker/periods/drop-last").status_code == 409


def test_only_central_edits_the_plan() -> None:
    for role in ("principal", "director", "desk", "designee"):
        assert browser_of(role).get("/tracker/items").status_code == 200
        assert browser_of(role).post("/tracker/items/new", data=THIRTEENTH).status_code == 403
