"""Each school's history at an extraction: movement, absence, late and repeated extractions."""

from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import text

from services.rates.actions.forecasts import fit_forecasts
from services.rates.actions.histories import fill_histories
from shared.db import transaction
from tests.rates.world import FEB_7, FEB_14, FEB_21, counts, load

pytestmark = pytest.mark.usefixtures("clean")


def histories(day: object = FEB_21) -> dict[str, Any]:
    """school -> its history at an extraction of parents."""
    with transaction("rates") as session:
        statement = text("select * from school_history where extraction_date = :day order by school")
        found = session.execute(statement, {"day": day})
        return {row.school: row for row in found}


def test_movement_marks_say_what_changed_since_the_row_before() -> None:
    load(FEB_14, counts("A", 20), counts("B", 30), counts("C", 10), counts("D", 40))
    load(FEB_21, counts("A", 25), counts("B", 20), counts("D", 41), counts("E", 3))
    found = histories()
    marks = {school: row.movement for school, row in found.items()}
    assert marks == {"A": "left", "B": "newly_in", "C": "missing", "D": "", "E": "first_seen"}
    assert (found["A"].change_surveys, found["A"].change_points, found["A"].previous_date) == (5, 5, FEB_14)


def test_an_absent_school_is_unknown_and_keeps_when_it_was_last_seen() -> None:
    load(FEB_7, counts("A", 10), counts("B", 10))
    load(FEB_14, counts("B", 11))
    load(FEB_21, counts("B", 12))
    absent = histories()["A"]
    assert (absent.present, absent.tier, absent.submitted, absent.last_seen) == (False, None, None, FEB_7)


def test_a_school_that_comes_back_is_compared_with_its_own_last_row() -> None:
    load(FEB_7, counts("A", 10), counts("B", 10))
    load(FEB_14, counts("B", 11))
    load(FEB_21, counts("A", 30), counts("B", 12))
    back = histories()["A"]
    assert (back.previous_date, back.change_surveys, back.movement, back.first_seen) == (FEB_7, 20, "left", FEB_7)
    assert back.trail == [10, None, 30]


def test_a_school_without_new_surveys_in_two_extractions_is_stalled() -> None:
    load(FEB_7, counts("A", 10))
    load(FEB_14, counts("A", 10))
    load(FEB_21, counts("A", 10))
    assert (histories(FEB_14)["A"].stalled, histories(FEB_14)["A"].movement) == (1, "")
    assert (histories()["A"].stalled, histories()["A"].movement) == (2, "stalled")


def test_an_older_extraction_that_arrives_late_moves_all_after_it() -> None:
    load(FEB_7, counts("A", 10))
    load(FEB_21, counts("A", 40))
    load(FEB_14, counts("A", 30), counts("Z", 1))
    found = histories()
    assert (found["A"].previous_date, found["A"].change_surveys, found["A"].movement) == (FEB_14, 10, "")
    assert (found["Z"].movement, found["Z"].last_seen) == ("missing", FEB_14)


def test_a_repeated_extraction_changes_nothing_and_a_correction_only_its_rows() -> None:
    load(FEB_14, counts("A", 10), counts("B", 10))
    load(FEB_21, counts("A", 12), counts("B", 12))
    before = histories()
    load(FEB_21, counts("A", 12), counts("B", 12))
    assert histories() == before
    load(FEB_21, counts("A", 13), revision=2)
    assert (histories()["A"].submitted, histories()["B"]) == (13, before["B"])


REVISIONS: list[dict[str, Any]] = [
    {"revision": 1, "rows": (counts("A", 10), counts("B", 10))},
    {"revision": 2, "rows": (counts("A", 12), counts("C", 5))},
    {"revision": 3, "rows": (counts("A", 10),), "removed": ("k-C",)},
]


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=lambda order: "".join(str(at + 1) for at in order))
def test_an_undo_stands_in_whatever_order_the_revisions_come(order: tuple[int, ...]) -> None:
    for at in order:
        given = REVISIONS[at]
        load(FEB_21, *given["rows"], revision=given["revision"], removed=given.get("removed", ()))
    assert {school: row.submitted for school, row in histories().items()} == {"A": 10, "B": 10}


def test_an_undone_extraction_is_no_extraction() -> None:
    load(FEB_14, counts("A", 10))
    load(FEB_21, counts("A", 12))
    load(FEB_21, revision=2, removed=("k-A",))
    assert histories() == {}
    assert histories(FEB_14)["A"].present


def test_a_school_keeps_its_history_when_name_director_and_region_change() -> None:
    load(FEB_14, counts("Alder El", 10, key="1", region="E", director="VEGA, MARTA"))
    load(FEB_21, counts("Alder Acad", 30, key="1", region="W", director="ORTIZ, LEO"))
    found = histories()["Alder Acad"]
    assert (found.movement, found.previous_submitted, found.director) == ("left", 10, "ORTIZ, LEO")


def test_histories_that_were_never_computed_are_filled_in() -> None:
    load(FEB_7, counts("A", 10), counts("B", 10))
    load(FEB_14, counts("A", 20))
    load(FEB_21, counts("A", 30), counts("B", 12))
    whole = {day: histories(day) for day in (FEB_7, FEB_14, FEB_21)}
    with transaction("rates") as session:
        session.execute(text("delete from school_history where extraction_date >= :day"), {"day": FEB_14})
    with transaction("rates") as session:
        fill_histories(session, fit_forecasts)
    assert {day: histories(day) for day in (FEB_7, FEB_14, FEB_21)} == whole


def test_a_row_with_far_more_surveys_than_expected_is_stored_with_its_group() -> None:
    load(FEB_7, counts("A", 10), counts("B", 1, 1))
    load(FEB_14, counts("A", 11), counts("B", 1_500, 1))
    for revision, submitted in ((1, 1_600), (2, 100_000_000)):
        load(FEB_21, counts("A", 12), counts("B", submitted, 1), revision=revision)
    found = histories()
    far = found["B"]
    assert (far.tier, far.rate, far.previous_rate, far.change_points) == (4, 10_000_000_000, 150_000, 9_999_850_000)
    assert far.trail == [100, 150_000, 10_000_000_000]
    assert found["A"].submitted == 12
