"""LCAP tables heard from ingest and read over the API."""

from uuid import uuid4

import pytest

from tests.people import api_of, browser_of
from tests.tracker.lcap_tables import Rows, Table, demo, load, loaded_events, published

ACTIONS, MEASURES, LOADS = (f"/tracker/api/v1/lcap/{name}" for name in ("actions", "measures", "loads"))


@pytest.mark.usefixtures("clean")
def test_the_demo_tables_are_read_whole() -> None:
    load(*loaded_events("actions", demo("actions"), parts=3), *loaded_events("measures", demo("measures"), parts=2))
    actions = api_of("central").get(ACTIONS).json()
    assert len(actions["rows"]) == 86
    assert sum(goal["planned_next"] for goal in actions["totals"]) == 8_317_011_844
    missing = api_of("central").get(ACTIONS, params={"show": "missing"}).json()["rows"]
    assert [row["goal_action"] for row in missing] == ["1.18", "1.19", "3.03"]
    measures = api_of("central").get(MEASURES, params={"limit": 1000}).json()
    assert (len(measures["rows"]), measures["next"]) == (296, None)
    page = api_of("central").get(MEASURES, params={"goal": 8, "limit": 2}).json()
    assert (len(page["rows"]), page["next"]) == (2, 2)


@pytest.mark.usefixtures("clean")
def test_parts_in_any_order_and_twice_give_the_same_table() -> None:
    parts = loaded_events("actions", published(), parts=4)
    load(*reversed(parts))
    load(*parts)
    rows = api_of("central").get(ACTIONS).json()["rows"]
    assert [row["goal_action"] for row in rows][:3] == ["1.01", "1.02", "1.10"]
    assert len(rows) == 18


@pytest.mark.usefixtures("clean")
def test_nothing_is_shown_until_the_last_part_has_come() -> None:
    first, second = loaded_events("actions", demo("actions"), parts=2)
    load(first)
    assert api_of("central").get(ACTIONS).json()["rows"] == []
    load(second)
    assert len(api_of("central").get(ACTIONS).json()["rows"]) == 86


@pytest.mark.usefixtures("clean")
def test_a_load_that_lacks_rows_waits_for_a_person_and_an_older_one_that_is_late_is_history() -> None:
    load(*loaded_events("actions", demo("actions"), revision=2))
    load(*loaded_events("actions", published(), revision=1, upload_id=uuid4()))
    assert len(api_of("central").get(ACTIONS).json()["rows"]) == 86
    load(*loaded_events("actions", published(), revision=3))
    assert len(api_of("central").get(ACTIONS).json()["rows"]) == 86
    assert states() == ["waiting", "replaced", "standing"]
    take_waiting()
    assert len(api_of("central").get(ACTIONS).json()["rows"]) == 18


def states() -> list[str]:
    return [row["state"] for row in api_of("central").get(LOADS).json()["rows"]]


def take_waiting(**more: object) -> None:
    (waiting,) = [row for row in api_of("central").get(LOADS).json()["rows"] if row["state"] == "waiting"]
    sent = {"decision": "take", "gone_is_meant": True, **more}
    answer = api_of("central").post(f"{LOADS}/{waiting['version_id']}", json=sent)
    assert answer.status_code == 200, answer.text


@pytest.mark.usefixtures("clean")
def test_actions_sort_by_gap_and_filter_by_contributing() -> None:
    load(*loaded_events("actions", demo("actions")))
    rows = api_of("central").get(ACTIONS, params={"sort": "gap", "contributing": True, "limit": 2}).json()["rows"]
    assert [row["contributing"] for row in rows] == [True, True]
    assert rows[0]["gap"] <= rows[1]["gap"] < 0


@pytest.mark.usefixtures("clean")
def test_a_measure_tells_its_values_as_written() -> None:
    load(*loaded_events("measures", published()))
    rows = api_of("central").get(MEASURES, params={"q": "dashboard"}).json()["rows"]
    assert [value["now"] for value in rows[0]["values"]] == ["Orange", "No Performance Color", "Red"]
    absent = api_of("central").get(MEASURES, params={"q": "absence"}).json()["rows"][0]
    assert absent["values"][0] | {"group": "", "words": ""} == {
        "group": "", "now": "18.2", "before": "21.7", "unit": "%", "period_now": "2023-24",
        "period_now_inferred": True, "period_before": "2022-23", "as_of": "January 2024", "delta": "-3.5",
        "direction": "down", "part_year": True, "favor": "not comparable", "doubtful": True, "doubt": "", "words": "",
    }  # fmt: skip


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("role", ["director", "principal", "designee", "desk", "ops"])
def test_only_the_central_office_reads_the_lcap(role: str) -> None:
    assert api_of(role).get(ACTIONS).status_code == 403
    assert api_of(role).get(MEASURES).status_code == 403


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize(("table", "path", "of_demo", "of_published"),
                         [("actions", ACTIONS, 86, 18), ("measures", MEASURES, 296, 13)])  # fmt: skip
def test_a_load_of_which_no_row_can_be_read_replaces_nothing_and_the_page_says_so(
    table: Table, path: str, of_demo: int, of_published: int
) -> None:
    def rows() -> int:
        return len(api_of("central").get(path, params={"limit": 1000}).json()["rows"])

    def shown() -> str:
        return browser_of("central").get("/tracker/lcap/" if table == "actions" else "/tracker/lcap/measures").text

    load(*loaded_events(table, demo(table)))
    nothing: list[Rows] = [[], [{"line": 1, "text": "A letter to the board"}]]
    for revision, empty in enumerate(nothing, 3):
        load(*loaded_events(table, empty, revision=revision))
        assert rows() == of_demo
        assert "The newest file was not taken" in shown() and f"{of_demo} {table} of" in shown()
    load(*loaded_events(table, published(), revision=5))
    take_waiting()
    assert rows() == of_published
    assert "The newest file was not taken" not in shown()
