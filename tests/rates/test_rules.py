"""The rules: tiers, shown rates, surveys needed, changes, names, pace and forecast."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.rates.rules.movement import change
from services.rates.rules.outlook import FinalCounts, outlook
from services.rates.rules.pace import needed_for_goal, pace, per_day
from services.rates.rules.tiers import file_differs, tier_result
from shared.school_days import school_days
from shared.tiers import shown_rate, tier
from tests.rates.world import GUIDE

COUNTS = st.integers(0, 1200), st.integers(1, 1000)


@pytest.mark.parametrize("case", GUIDE["tier_boundaries"], ids=lambda case: f"{case['submitted']}/{case['total']}")
def test_tiers_at_their_boundaries(case: dict[str, int]) -> None:
    assert tier(case["submitted"], case["total"]) == case["tier"]


@pytest.mark.parametrize("row", GUIDE["participation_rows"], ids=lambda row: row["school"])
def test_the_guides_rates_and_tiers(row: dict[str, Any]) -> None:
    assert f"Tier-{tier(row['submitted'], row['total'])}" == row["tier_nr"]
    assert shown_rate(row["submitted"], row["total"]) == row["rate_shown"]


def test_a_shown_rate_takes_decimals_where_whole_percents_would_contradict_its_tier() -> None:
    assert [shown_rate(*counts) for counts in ((649, 2600), (249, 1000), (501, 1000), (1, 200))] == [
        "24.96%",
        "24.9%",
        "50.1%",
        "1%",
    ]


@settings(max_examples=60)
@given(*COUNTS)
def test_the_surveys_needed_are_the_least_that_reach_the_next_tier(submitted: int, total: int) -> None:
    own, _, needed = tier_result(submitted, total)
    assert own == tier(submitted, total)
    if needed is None:
        assert own == 4
    else:
        assert own is not None
        assert (tier(submitted + needed, total) or 0) > own
        assert tier(submitted + needed - 1, total) == own


@settings(max_examples=60)
@given(*COUNTS)
def test_a_shown_rate_lies_in_its_own_tier(submitted: int, total: int) -> None:
    shown = Fraction(shown_rate(submitted, total).rstrip("%"))
    assert tier(shown.numerator, 100 * shown.denominator) == tier(submitted, total)


def test_nothing_expected_is_no_rate_no_tier_and_nothing_needed() -> None:
    for counts in ((0, 0), (5, None), (None, 10)):
        assert (tier_result(*counts), shown_rate(*counts)) == ((None, None, None), "")


def test_a_change_is_parted_into_surveys_and_changed_total() -> None:
    found = change((20, 100), (30, 120))
    assert found is not None
    assert found.points == found.by_surveys + found.by_total
    assert (found.points, found.by_total) == (Decimal("5.0000"), Decimal("-3.3333"))


def test_a_files_own_tier_and_rate_are_compared_with_its_counts() -> None:
    told = [("Tier-4", "86%"), ("4", "0.86"), ("Tier 3", "86%"), ("", "80%"), ("", ""), ("", "#DIV/0!"), ("", "85")]
    assert [file_differs(*each, 270, 314) for each in told] == [False, False, True, True, False, False, False]


def test_a_files_rate_without_a_sign_may_be_a_small_percent_or_a_fraction() -> None:
    told = [("1", 1, 154), ("0.61", 2, 327), ("1", 154, 154), ("0.61", 61, 100), ("1", 50, 100), ("1%", 154, 154)]
    assert [file_differs("", *each) for each in told] == [False, False, False, False, True, True]


@pytest.mark.parametrize("odd", ["NaN", "sNaN%", "-Infinity", "inf%"])
def test_a_files_rate_that_is_no_number_contradicts_nothing(odd: str) -> None:
    assert not file_differs("", odd, 270, 314)


def test_a_files_rate_beyond_all_numbers_is_compared_too() -> None:
    assert [file_differs("", odd, 270, 314) for odd in ("1e9999999", "-1e9999999%", "1e-9999999")] == [True] * 3


FRIDAY, MONDAY, NEXT_FRIDAY = date(2025, 2, 14), date(2025, 2, 17), date(2025, 2, 21)


def test_school_days_are_weekdays_that_are_not_days_off() -> None:
    assert school_days(FRIDAY, NEXT_FRIDAY) == 5
    assert school_days(FRIDAY, NEXT_FRIDAY, {MONDAY}) == 4
    assert school_days(FRIDAY, MONDAY) == 1
    assert school_days(NEXT_FRIDAY, FRIDAY) == 0


def test_a_pace_is_of_the_last_two_extractions_and_a_cleanup_is_none() -> None:
    counts = [(date(2025, 2, 7), 0), (FRIDAY, 5), (NEXT_FRIDAY, 20)]
    assert [pace(counts[:known]) for known in (1, 2, 3)] == [None, Fraction(1), Fraction(3)]
    assert pace([(FRIDAY, 50), (NEXT_FRIDAY, 40)]) == 0


def test_an_outlook_is_of_tier_1_alone_and_by_the_whole_range() -> None:
    ends = [FinalCounts(10, 15, 24), FinalCounts(24, 25, 26), FinalCounts(25, 30, 40)]
    assert [outlook(10, 100, end) for end in ends] == ["stays", "may", "leaves"]
    assert [outlook(25, 100, ends[2]), outlook(10, 100, None), outlook(None, 100, ends[0]), outlook(0, 0, ends[0])] == [
        ""
    ] * 4


def test_needs_per_day_round_up_and_vanish_when_nothing_is_needed_or_no_day_is_left() -> None:
    assert [per_day(10, 3), per_day(0, 3), per_day(None, 3), per_day(10, 0)] == [Decimal("3.4"), None, None, None]


def test_needs_for_a_goal() -> None:
    assert [needed_for_goal(10, 33, 60), needed_for_goal(30, 33, 60), needed_for_goal(0, 0, 60)] == [10, 0, None]
