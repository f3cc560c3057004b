"""The progress tracker's rules against the district's own worked rows, and what they say at the edges."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tracker.rules import known
from services.tracker.rules.progress import STATUSES, feasibility, progress, projected
from services.tracker.rules.values import BadPercent, read_percent, same_term, shown_difference, shown_percent
from shared.names import name_key

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent.parent / "data" / "tracker_vectors.json").read_text())
WORKED = [row for row in VECTORS["tracker_worked"] if "compat" not in row]
tenths = st.integers(0, 1000).map(lambda n: Decimal(n) / 10)


def some(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@pytest.mark.parametrize("row", WORKED, ids=lambda row: f"{row['baseline']}+{row['goal']}")
def test_the_worked_rows_of_the_district_come_out(row: dict[str, Any]) -> None:
    found = progress(Decimal(row["baseline"]), Decimal(row["goal"]), [some(value) for value in row["results"]])
    targets = row["targets" if "targets" in row else "targets_shown"]
    differences = row["diffs" if "diffs" in row else "diffs_shown"]
    assert [shown_percent(value) for value in found.targets][: len(targets)] == targets
    assert [shown_percent(value) for value in found.differences][: len(differences)] == differences
    if "status" in row:
        assert found.status.upper() == row["status"]
        assert shown_percent(found.goal) == row["target_2026"]


def test_targets_keep_their_full_precision() -> None:
    found = progress(Decimal(68), Decimal("9.3"), [Decimal(71), None, None, None])
    assert found.targets[0] == Decimal("70.325")
    assert found.differences[0] == Decimal("0.675")
    assert found.targets[1] == Decimal("73.1")


def test_the_known_items_are_those_of_the_elementary_sheet() -> None:
    sheet = VECTORS["tracker_items"]
    assert len(known.ITEMS) == 12
    for ours, theirs in zip(known.ITEMS, sheet, strict=True):
        assert (ours.pillar, ours.metric, ours.district_goal) == (
            theirs["pillar_priority"],
            theirs["metric"],
            theirs["district_goal"],
        )
        assert (ours.respondents, ours.item, ours.increase) == (theirs["group"], theirs["item"], theirs["goal_pp"])
        assert " / ".join(part for part in (ours.category, ours.area) if part) == theirs["category_area"]
        assert ours.is_of_level == theirs["level_specific"]


def test_other_levels_begin_with_three_goals_to_be_set() -> None:
    for level in ("Middle", "High School"):
        unset = [item.item_id for item in known.ITEMS if known.goal_of(item, level)[0] is None]
        assert unset == ["1b-happy", "3a-customer-service", "3d-leadership"]


@pytest.mark.parametrize(
    ("baseline", "increase", "results", "status"),
    [
        (None, "10", [None] * 4, "awaiting"),
        ("74", None, ["75", None, None, None], "awaiting"),
        ("74", "10", [None] * 4, "awaiting"),
        ("74", "10", ["76.5", None, None, None], "on track"),
        ("74", "10", ["76.4", None, None, None], "off track"),
        ("74", "10", ["90", None, None, None], "above path"),
        ("74", "10", [None, None, None, "84"], "met"),
        ("74", "10", [None, None, None, "83.9"], "not met"),
        ("95", "10", ["96", None, None, None], "off track"),
        ("95", "10", ["96", "97", "98", "100"], "not met"),
        ("74", "10", ["75", None, "80", None], "off track"),
    ],
)
def test_a_status_says_where_a_school_stands(
    baseline: str | None, increase: str | None, results: list[str | None], status: str
) -> None:
    found = progress(some(baseline), some(increase), [some(value) for value in results])
    assert found.status == status


def test_a_result_above_the_goal_makes_the_next_target_lower_than_the_result() -> None:
    found = progress(Decimal(74), Decimal(10), [Decimal(90), None, None, None])
    assert found.targets[1] == Decimal(88)


def test_a_goal_over_100_stays_as_it_is() -> None:
    assert progress(Decimal(95), Decimal(10), [None] * 4).goal == Decimal(105)


def test_a_missing_result_leaves_the_next_target_open_and_projects_it() -> None:
    results = [Decimal("75.3"), None, Decimal(80), None]
    found = progress(Decimal(74), Decimal(10), results)
    assert found.targets[2] is None
    assert found.targets[3] == Decimal(84)
    ahead = projected(Decimal(74), Decimal(10), results)
    assert shown_percent(ahead[2]) == "81.1"
    assert (ahead[0], ahead[1], ahead[3]) == (None, None, None)


@given(st.none() | tenths, st.none() | tenths, st.lists(st.none() | tenths, min_size=1, max_size=6))
def test_a_blank_is_never_taken_as_zero(
    baseline: Decimal | None, increase: Decimal | None, results: list[Decimal | None]
) -> None:
    found = progress(baseline, increase, results)
    before = [baseline, *results]
    for place, target in enumerate(found.targets):
        assert (target is None) == (before[place] is None or found.goal is None)
        assert (found.differences[place] is None) == (target is None or results[place] is None)
    assert found.status in STATUSES


@given(tenths, tenths, st.lists(tenths, min_size=2, max_size=6))
def test_a_school_that_hits_every_target_reaches_its_goal(
    baseline: Decimal, increase: Decimal, results: list[Decimal]
) -> None:
    reached: list[Decimal | None] = []
    for _ in results:
        found = progress(baseline, increase, [*reached, *[None] * (len(results) - len(reached))])
        reached.append(found.targets[len(reached)])
    last = reached[-1]
    assert last is not None and abs(last - (baseline + increase)) < Decimal("1e-20")


@pytest.mark.parametrize(
    ("typed", "value"),
    [("74", "74.0"), (" 74.5 % ", "74.5"), ("74,5", "74.5"), (0, "0.0"), (100, "100.0"), ("", None), (None, None)],
)
def test_a_percent_is_read_as_people_type_it(typed: object, value: str | None) -> None:
    assert read_percent(typed) == some(value)


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        ("0.74", "percent_as_fraction", "74%?"),
        ("0.5", "percent_as_fraction", "50%?"),
        ("abc", "percent_not_a_number", "abc"),
        ("=1+1", "percent_not_a_number", "not a number"),
        ("100.1", "percent_out_of_range", "between 0 and 100"),
        ("-1", "percent_out_of_range", "between 0 and 100"),
        ("74.55", "percent_decimals", "Enter 74.6"),
        ("1e2", "percent_not_a_number", "74.5"),
    ],
)
def test_what_is_no_percent_is_refused_with_what_to_do(typed: str, code: str, words: str) -> None:
    with pytest.raises(BadPercent, match=words.replace("?", r"\?")) as refused:
        read_percent(typed)
    assert refused.value.code == code


def test_a_percent_below_one_is_taken_when_it_is_meant() -> None:
    assert read_percent("0.7", small_is_meant=True) == Decimal("0.7")


@pytest.mark.parametrize(
    ("value", "percent", "difference"),
    [
        ("2.25", "2.3", "+2.3"),
        ("-2.25", "-2.3", "\N{MINUS SIGN}2.3"),
        ("-0.04", "0.0", "0.0"),
        ("0", "0.0", "0.0"),
        (None, "", ""),
    ],
)
def test_numbers_are_shown_with_one_decimal_half_away_from_zero(
    value: str | None, percent: str, difference: str
) -> None:
    assert (shown_percent(some(value)), shown_difference(some(value))) == (percent, difference)


@pytest.mark.parametrize(
    ("needed", "best", "median", "words"),
    [
        (None, None, None, "awaiting"),
        ("-1", None, None, "goal reached"),
        ("2", "1", "2", "within a usual year"),
        ("3", "4", "1", "within its best year"),
        ("5", "4", "1", "more than ever gained"),
        ("5", None, "1", "no yearly gain known"),
    ],
)
def test_feasibility_compares_the_needed_gain(
    needed: str | None, best: str | None, median: str | None, words: str
) -> None:
    assert feasibility(some(needed), some(best), some(median)) == words


@pytest.mark.parametrize(
    ("level", "tab"),
    [("Elementary", "Elementary"), ("MS", "Middle"), ("Senior High", "High School"), ("Span", None), ("", None)],
)
def test_a_school_belongs_to_the_tab_of_its_level(level: str, tab: str | None) -> None:
    assert known.level_of(level) == tab


def test_a_difference_is_that_of_the_last_result_or_none() -> None:
    facts = progress(Decimal(74), Decimal(10), [Decimal(80), None, Decimal(75), None])
    assert (facts.latest, facts.difference, facts.differences[0]) == (Decimal(75), None, Decimal("3.5"))


@given(tenths, tenths, st.lists(st.none() | tenths, min_size=1, max_size=6))
def test_a_difference_is_never_older_than_the_result_beside_it(
    baseline: Decimal, increase: Decimal, results: list[Decimal | None]
) -> None:
    facts = progress(baseline, increase, results)
    if facts.difference is not None:
        assert facts.latest_period is not None
        assert facts.difference == facts.differences[facts.latest_period - 1]


def test_a_goal_over_100_is_a_note_and_no_status() -> None:
    facts = progress(Decimal(95), Decimal(10), [Decimal(98), None, None, None])
    assert (facts.is_over_hundred, facts.status) == (True, "on track")
    assert feasibility(Decimal(5), None, None, facts.goal) == "goal over 100%"


@pytest.mark.parametrize(
    ("kind", "levels"),
    [
        ("Elementary", ["Elementary"]),
        ("Span", ["Elementary", "Middle"]),
        ("OPTIONS", ["High School"]),
        ("Early Education", ["Elementary"]),
        ("Home", []),
    ],
)
def test_every_kind_of_school_has_its_levels(kind: str, levels: list[str]) -> None:
    kinds = {name_key(name): expected for name, expected in known.KINDS.items()}
    assert known.levels_of(kind, kinds) == levels


@pytest.mark.parametrize("term", ["Fa26", "FALL 2026", "fall 26", "F26", "Fall2026"])
def test_a_term_is_known_in_any_spelling(term: str) -> None:
    assert same_term(term, ["Fall 2026"])
    assert not same_term(term, ["Fall 2025", "Spring 2026"])
