"""The LCAP actions table: cells, rows, damage, explanations and totals, without a database."""

from decimal import Decimal

import pytest

from services.tracker.rules.lcap.actions import Action, Reading, read_actions
from services.tracker.rules.lcap.cells import Money, action_number, money, pages
from services.tracker.rules.lcap.explanations import CUT, SPLIT, TAIL, covers, mark_split
from services.tracker.rules.lcap.following import Number, Titled, Years, actions_of, followed, moves_of
from services.tracker.rules.lcap.known import MOVES
from services.tracker.rules.lcap.spending import change_check, dollars, gap, is_material, percent_spent, totals
from tests.tracker.lcap_tables import Rows, demo, published

# Goal, actions, planned 2024-25, planned 2023-24, estimated actual, change: the totals of the published table.
GOALS = (
    (1, 33, 6_132_163_342, 5_780_115_575, 4_336_835_009, 352_047_767),
    (2, 16, 577_030_925, 562_002_171, 395_026_504, 15_028_754),
    (3, 8, 93_112_002, 109_064_309, 89_878_643, -15_952_307),
    (4, 6, 1_069_138_049, 1_333_231_010, 1_077_432_792, -264_092_961),
    (5, 6, 296_188_662, 256_453_212, 368_926_180, 39_735_450),
    (6, 5, 24_378_863, 158_078_869, 22_915_319, -133_700_006),
    (7, 5, 125_000_001, 125_387_368, 84_154_416, -387_367),
    (8, 7, 0, 0, 0, 0),
)


def only(rows: Rows) -> Reading:
    (reading,) = read_actions(rows)
    return reading


@pytest.fixture(scope="module")
def shown() -> dict[str, Action]:
    return {action.number: action for action in mark_split(only(published()).actions)}


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        (r"\$1,234", Money(1234, False)),
        (r"-\$43,384,004", Money(-43384004, False)),
        (r"\$0", Money(0, False)),
        ("$-5", Money(-5, False)),
        ("($1,000)", Money(-1000, False)),
        ("$7.00", Money(7, False)),
        ("", Money(None, False)),
        ("-", Money(None, False)),
        ("–", Money(None, False)),
        ("1", Money(None, True)),
        (r"\$1,23", Money(None, True)),
        (r"\$l,234", Money(None, True)),
        ("$1.50", Money(2, False, cents=True)),
        ("-$1,234.49", Money(-1234, False, cents=True)),
        ("$" + "9" * 16, Money(None, True)),
        ("$²", Money(None, True)),
    ],
)
def test_money_reads_as_printed_or_is_odd(cell: str, read: Money) -> None:
    assert money(cell, bare=False) == read


def test_a_bare_number_is_money_only_in_a_clean_table() -> None:
    assert money("-43384004", bare=True) == Money(-43384004, False)
    assert money("43,384,004", bare=True) == Money(43384004, False)


def test_an_action_number_is_two_whole_numbers_and_a_lost_zero_is_doubted() -> None:
    assert action_number("1.01") == (1, 1, False)
    assert action_number("1.10") == (1, 10, False)
    assert action_number("1.1") == (1, 10, True)
    assert action_number("2024") is None


def test_the_years_of_a_header_are_no_pages() -> None:
    assert [pages(cell) for cell in ("50-51", "53", "2024-25", "51-50", "LCAP")] == ["50-51", "53", None, None, None]


def test_page_headers_of_every_shape_are_no_rows(shown: dict[str, Action]) -> None:
    assert list(shown) == (
        "1.01 1.02 1.10 1.31 1.32 1.33 2.08 2.14 2.15 2.16 4.03 6.02 6.03 6.04 8.01 8.02 8.03 8.04".split()
    )
    assert only(published()).unread == ()


def test_a_row_keeps_its_line_and_amounts(shown: dict[str, Action]) -> None:
    first = shown["1.01"]
    assert (first.line, first.pages, first.contributing) == (3, "10-11", False)
    assert (first.change, first.planned_next, first.planned) == (-43_000_000, 75_000_000, 118_000_000)
    assert first.damage == ()


def test_damage_is_named_on_its_row(shown: dict[str, Action]) -> None:
    found = {number: action.damage for number, action in shown.items() if action.damage}
    assert found == {
        "1.31": (SPLIT,),
        "1.32": (SPLIT,),
        "1.33": (SPLIT,),
        "2.08": (
            "start of description stood in the page header line; put back, please check",
            "continuation line 18 merged",
        ),
        "2.14": (SPLIT,),
        "2.15": (SPLIT,),
        "6.04": (TAIL,),
        "8.02": (
            "goal_action blank in source; inferred by position",
            "title seems cut or misread: others of this goal end alike, this one not",
        ),
        "8.03": ("goal_action blank in source; inferred by position", "title blank in source"),
        "8.04": ("planned for the year before cell reads '1'",),
    }


def test_text_that_a_page_break_moved_is_put_back_and_marked(shown: dict[str, Action]) -> None:
    assert shown["2.08"].description == (
        "Gardens are kept by pupils together with their neighbours. Seeds are given by the city."
    )


def test_a_fund_in_the_place_of_an_amount_is_the_fund(shown: dict[str, Action]) -> None:
    assert shown["8.01"].fund == "Other State Funds- Equity Multiplier"
    assert shown["8.01"].planned_next is None


def test_an_explanation_covers_its_range_by_the_numbers_of_its_year(shown: dict[str, Action]) -> None:
    found = covers(list(shown.values()), lambda number: moves_of(MOVES)["2023-24"].get(number, number))
    assert {number for number, cover in found.items() if cover.rows == ("1.31", "1.32", "1.33")} == {
        "1.31",
        "1.32",
        "1.33",
    }
    assert found["2.16"].rows == ("2.14", "2.15")
    assert (found["6.02"].how, found["6.02"].rows) == ("shared", ("6.03",))
    assert "1.02" not in found and "8.01" not in found


def test_an_explanation_that_just_stops_is_marked() -> None:
    stopped = Action(1, 1, 1, "Books", explanation="The difference is due to")
    assert mark_split([stopped])[0].damage == (CUT,)


def test_a_row_twice_is_kept_once_and_listed() -> None:
    rows = [{"number": "1.01", "title": name, "contributing": "No", "line": at} for at, name in ((2, "A"), (3, "B"))]
    reading = only(rows)
    assert [action.title for action in reading.actions] == ["A"]
    assert reading.unread == ((3, "B", "number 1.01 is also in line 2"),)


def test_a_row_without_any_number_is_listed_as_unread() -> None:
    reading = only([{"number": "", "title": "Lost", "line": 2}])
    assert (reading.actions, reading.unread) == ((), ((2, "Lost", "no goal and action number"),))


def test_totals_per_goal_equal_the_published_table() -> None:
    actions = only(demo("actions")).actions
    for goal, *expected in GOALS:
        sums = totals(action for action in actions if action.goal == goal)
        found = (sums.rows, sums.planned_next, sums.planned, sums.estimated_actual, sums.change)
        assert found == tuple(expected), goal


def test_totals_of_all_and_of_the_contributing_equal_the_published_table() -> None:
    actions = only(demo("actions")).actions
    every, yes = totals(actions), totals(action for action in actions if action.contributing)
    assert (every.rows, every.counted) == (86, 79)
    assert (every.planned_next, every.planned) == (8_317_011_844, 8_324_332_514)
    assert (every.estimated_actual, every.change) == (6_375_168_863, -7_320_670)
    assert (yes.rows, yes.planned_next, yes.planned) == (36, 2_212_991_384, 2_592_144_166)
    assert (yes.estimated_actual, yes.change) == (1_568_950_029, -379_152_782)


def test_percent_spent_leaves_out_what_has_no_estimated_actual_on_both_sides() -> None:
    read = Action(1, 1, 1, "Books", planned=1000, estimated_actual=800)
    unread = Action(2, 1, 2, "Gardens", planned=3000)
    both, alone = totals([read, unread]), totals([unread])
    assert (both.spent, both.compared, both.counted, both.planned) == (Decimal("80.0"), 1, 2, 4000)
    assert (alone.spent, alone.compared, alone.counted) == (None, 0, 1)


def test_79_of_79_changes_agree() -> None:
    checks = [change_check(action) for action in only(demo("actions")).actions]
    assert {check: checks.count(check) for check in set(checks)} == {"agrees": 79, "unchecked": 7}


def test_a_change_that_does_not_add_up_differs(shown: dict[str, Action]) -> None:
    assert change_check(shown["4.03"]) == "differs"


def test_percent_spent_and_gap_are_of_the_plan_of_the_same_year() -> None:
    by_number = {action.number: action for action in only(demo("actions")).actions}
    spent = {number: percent_spent(by_number[number].estimated_actual, by_number[number].planned)
             for number in ("5.05", "4.03", "6.05", "1.20", "1.19", "8.01")}  # fmt: skip
    assert spent == {
        "5.05": Decimal("282.3"), "4.03": Decimal("164.2"), "6.05": Decimal("5.5"), "1.20": Decimal("8.6"),
        "1.19": Decimal("75.5"), "8.01": None,
    }  # fmt: skip
    assert gap(by_number["1.01"]) == 17_731_125 - 119_220_964


def test_material_is_outside_the_limits_by_the_exact_fraction() -> None:
    row = Action(1, 1, 1, "A", planned=1000, estimated_actual=800)
    assert not is_material(row)
    assert is_material(Action(1, 1, 1, "A", planned=1000, estimated_actual=799))
    assert not is_material(Action(1, 1, 1, "A", planned=0, estimated_actual=5))
    assert is_material(row, Decimal("80.1"), Decimal(110))


def test_missing_explanations_of_the_demo_honour_ranges() -> None:
    actions = only(demo("actions")).actions
    covered = covers(actions, lambda number: moves_of(MOVES)["2023-24"].get(number, number))
    assert [action.number for action in actions if is_material(action) and action.number not in covered] == [
        "1.18",
        "1.19",
        "3.03",
    ]


def followed_into_2024(goal: int, action: int, title: str) -> Number | None:
    titled = [Titled(row.goal, row.action, row.title) for row in only(demo("actions")).actions]
    return followed(goal, action, title, "2023-24", "2024-25", Years({"2024-25": actions_of(titled)}, moves_of(MOVES)))


def test_actions_are_followed_by_renumbering_title_and_number() -> None:
    high = "SENI Investments to Increase Access to Programs and Supports for Academic Excellence: High Schools"
    assert followed_into_2024(1, 34, high) == (1, 33)
    assert followed_into_2024(1, 31, "School Staffing Equity Grant") is None
    assert followed_into_2024(1, 22, "Special Education: Inclusion Services") == (1, 22)
    assert followed_into_2024(8, 1, "District Level Supports for Identified Schools") is None
    assert followed_into_2024(7, 3, "Development of an African-American Studies Course") == (7, 3)


def test_dollars_are_shown_with_sign_and_commas() -> None:
    assert [dollars(amount) for amount in (-43384004, 0, None)] == ["-$43,384,004", "$0", ""]
