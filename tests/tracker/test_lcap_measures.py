"""The LCAP measures table: growth texts, doubts, comparability and survey items, without a database."""

from collections import Counter
from decimal import Decimal

import pytest

from services.tracker.rules.lcap.growth import Value, read_growth
from services.tracker.rules.lcap.measures import Measure, MeasuresReading, is_part_year, read_measures
from services.tracker.rules.lcap.polarity import favor, polarity_of
from services.tracker.rules.lcap.survey import plain_group, survey_of, tracker_item
from tests.tracker.lcap_tables import Rows, demo, published


def only_reading(rows: Rows) -> MeasuresReading:
    (reading,) = read_measures(rows)
    return reading


@pytest.fixture(scope="module")
def shown() -> dict[int, Measure]:
    return {measure.line: measure for measure in only_reading(published()).measures}


@pytest.fixture(scope="module")
def loaded() -> dict[int, Measure]:
    return {measure.line: measure for measure in only_reading(demo("measures")).measures}


def only(text: str) -> Value:
    values = read_growth(text, "2023-24").values
    assert len(values) == 1, values
    return values[0]


@pytest.mark.parametrize(
    ("text", "now", "before", "unit", "period_now", "period_before", "as_of"),
    [
        ("57 clubs in 2023-24, compared to 51 in 2022-23", "57", "51", "", "2023-24", "2022-23", ""),
        ("Increased number of gardens to 157 from 151 in 2022-23", "157", "151", "", "2023-24", "2022-23", ""),
        ("Decreased to 997 in fall 2023 from 1,251 in fall 2022", "997", "1251", "", "2023-24", "fall 2022", "fall 2023"),
        ("1.5% increase to 81.1% of seats through March 2024 from 79.6% of seats in 2022-23", "81.1", "79.6", "%", "2023-24", "2022-23", "March 2024"),
        ("As of March 9, 2024, 37.7% (1,198) sang, compared to 79.0% (2,791) in 2022-23", "37.7", "79.0", "%", "2023-24", "2022-23", "March 9, 2024"),
        ("86.0% (a bit down from 86.4% in 2022-23).", "86.0", "86.4", "%", "2023-24", "2022-23", ""),
        ("Nine choirs sing in 2023-24 from six choirs in 2022-23.", "9", "6", "", "2023-24", "2022-23", ""),
        ("- 2022-23: -33.9 - 2021-22: -34.1", "-33.9", "-34.1", "", "2022-23", "2021-22", ""),
        ("2023-24: 48% (420 of 867), as of March 2024, sang 2022-23: 19% sang", "48", "19", "%", "2023-24", "2022-23", "March 2024"),
        ("2023-24: Data is pending. 2022-23: 35% came, compared to 42.5% in 2021-22.", "35", "42.5", "%", "2022-23", "2021-22", ""),
        ("12.5% in 2022- 23, compared to 11% in 2021-22", "12.5", "11", "%", "2022-23", "2021-22", ""),
    ],
)  # fmt: skip
def test_a_growth_text_gives_now_and_before(
    text: str, now: str, before: str, unit: str, period_now: str, period_before: str, as_of: str
) -> None:
    value = only(text)
    assert (value.now, value.before, value.unit) == (Decimal(now), Decimal(before), unit)
    assert (value.period_now, value.period_before, value.as_of) == (period_now, period_before, as_of)


def test_each_group_has_its_own_values() -> None:
    text = "- Grade 3: 61.5% read in 2022-23, compared to 60.1% in 2021-22 All Pupils (Overall): 50% compared to 51% in 2022-23"
    found = [(value.group, value.now, value.before, value.direction) for value in read_growth(text).values]
    assert found == [
        ("Grade 3", Decimal("61.5"), Decimal("60.1"), "up"),
        ("All Pupils (Overall)", Decimal(50), Decimal(51), "down"),
    ]


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("Every choir of the town", "no value found in the text"),
        ("21% at level, 14% below", "the text holds more numbers than were read"),
        ("70% compared to 71 in 2022-23", "one value is a percentage and the other is not"),
        ("64.% compared to 63% in 2022-23", "a number has lost its decimals"),
        ("- 2022-23: -88.4 - 2021-22: 88.1", "the two values have opposite signs"),
        ("- 2022-23: -7151.8 - 2021-22: -152.1", "the two values are more than ten times apart"),
        ("Increased- 10% of pupils, compared to 35% in 2022-23", "the text says increase, the numbers fell"),
        ("Decreased- 35% of pupils, compared to 10% in 2022-23", "the text says decrease, the numbers rose"),
        ("15% compared to 16%", "the value before has no year"),
        ("4.09 days compared to 5.25 days in 2022-2", "the text is cut off in the middle of a year"),
        ("86.4% sang in 2022-23, compared to 68.2% elsewhere in 2022-23",
         "both values are of one year: a comparison with others, not with time"),
        ("30 choirs, increase of six choirs from 2022-23.", "the text gives a change, not the two values"),
        ("Grade 1 grew. Grade K: increased 14% since autumn", "the text gives a change, not the two values"),
        ("Kinder: 66% Kinder: 57%", "a group is named more than once"),
        ("57 calls in the quarter from 42 in 2022-23", "the values are of a part of the year"),
    ],
)  # fmt: skip
def test_what_is_uncertain_is_said(text: str, doubt: str) -> None:
    assert doubt in read_growth(text).doubts


def test_a_clear_text_leaves_no_doubt() -> None:
    assert read_growth("- Overall: 61.0% sang, as of March 2024, compared to 58.9% in March 2023.").doubts == ()


def test_colors_and_levels_are_values_of_their_own() -> None:
    values = read_growth("LA Unified: Orange Elm Day School: No Performance Color Oak Magnet: Very Low").values
    assert [(value.group, value.level) for value in values] == [
        ("LA Unified", "Orange"),
        ("Elm Day School", "No Performance Color"),
        ("Oak Magnet", "Very Low"),
    ]


def test_broken_rows_of_the_published_text_are_marked_and_not_repaired(shown: dict[int, Measure]) -> None:
    assert {line: measure.damage for line, measure in shown.items() if measure.damage} == {
        39: ("continuation line 40 merged",),
        42: ("'Acton' typo in source",),
        43: ("measure is cut off; its end and a part of the text may be in the next row",),
        46: ("row above is cut off; the start of this measure and text may belong to it",),
        47: ("the list of grades goes on in the next row",),
        48: ("the text begins with the end of the list of the row above",),
    }
    assert shown[52].growth.values[0].now == Decimal("-7151.8")


def test_misread_pages_are_listed_and_not_guessed() -> None:
    assert [(line, reason) for line, _, reason in only_reading(published()).unread] == [
        (56, "no row of four cells; misread page"),
        (57, "no row of four cells; misread page"),
    ]


def test_the_demo_holds_all_measures_and_values(loaded: dict[int, Measure]) -> None:
    values = [value for measure in loaded.values() for value in measure.growth.values]
    assert Counter(measure.goal for measure in loaded.values()) == {
        1: 142,
        2: 55,
        3: 28,
        4: 16,
        5: 17,
        6: 15,
        7: 18,
        8: 5,
    }
    assert Counter(value.direction for value in values if value.direction) == {"up": 209, "down": 156, "same": 6}
    assert Counter(measure.status for measure in loaded.values()) == {
        "pairs": 229, "partial": 6, "single": 51, "text": 5, "levels": 5,
    }  # fmt: skip


def test_the_demo_holds_the_survey_measures(loaded: dict[int, Measure]) -> None:
    assert Counter(measure.survey.kind for measure in loaded.values()) == {"no": 258, "explicit": 32, "implicit": 6}
    pairs = Counter(
        value.direction for measure in loaded.values() if measure.survey.kind != "no" for value in measure.growth.values
    )
    assert pairs == {"down": 70, "up": 21}


def test_pending_results_are_listed(loaded: dict[int, Measure]) -> None:
    pending = [line for line, measure in loaded.items() if measure.growth.pending]
    assert pending == [331, 332, 389, 394, 395, 396, 397, 404, 405]


def test_a_part_of_a_year_is_never_judged() -> None:
    part = only("405 quarrels, through December 2023, fewer than and compared to 846 in 2022-23.")
    whole = only("61.0% sang, as of March 2024, compared to 58.9% in March 2023.")
    assert (is_part_year(part), is_part_year(whole)) == (True, False)
    assert favor(part.direction, "lower", comparable=False) == "not comparable"


@pytest.mark.parametrize(
    ("direction", "polarity", "judged"),
    [("up", "higher", "better"), ("down", "higher", "worse"), ("down", "lower", "better"), ("up", "lower", "worse"),
     ("same", "lower", "same"), ("up", "neutral", "not judged"), ("", "higher", "not judged")],
)  # fmt: skip
def test_good_news_depends_on_polarity(direction: str, polarity: str, judged: str) -> None:
    assert favor(direction, polarity, comparable=True) == judged


def test_polarity_follows_the_words_unless_the_table_states_it() -> None:
    assert polarity_of("Chronic Absenteeism Rate") == "lower"
    assert polarity_of("Percent of graduates") == "higher"
    assert polarity_of("Partnerships with third parties") == "neutral"
    assert polarity_of("Percent of graduates", "neutral") == "neutral"


def test_a_survey_measure_has_item_level_and_subgroup() -> None:
    named = survey_of('2023-24 School Experience Survey results for "Adults respect us" - Foster Youth')
    assert (named.kind, named.item, named.level, named.subgroup) == (
        "explicit",
        "Adults respect us",
        "",
        "Foster Youth",
    )
    parents = survey_of(
        'Percent of Parents Reporting on the School Experience Survey (High Schools): "It helps" for Highest-Need Schools'
    )
    assert (parents.respondents, parents.level, parents.subgroup) == ("parents", "High", "Highest-need schools")
    felt = survey_of("Percent of students who feel safe at school for Highest-Need Schools (SENI) - Middle Schools")
    assert (felt.kind, felt.item, felt.level) == ("implicit", "feel safe at school", "Middle")
    assert tracker_item(felt) == "2a-safe"
    assert survey_of("Percent of BSAP survey respondents agreeing that it helps").kind == "no"


def test_all_pupils_have_one_name() -> None:
    assert {
        plain_group(name) for name in ("All Students", "Overall", "High School (Overall)", "Middle School", "")
    } == {"All"}
    assert plain_group("English Learner") == plain_group("English Learners") == "English Learners"
