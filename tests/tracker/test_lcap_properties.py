"""Whatever stands in an LCAP file: reading never fails, and what is read is what was written."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.tracker.rules.lcap.actions import AMOUNTS, FUNDS, Reading, read_actions
from services.tracker.rules.lcap.cells import Money, action_number, label, money
from services.tracker.rules.lcap.explanations import covers, mark_split
from services.tracker.rules.lcap.growth import read_growth
from services.tracker.rules.lcap.measures import read_measures
from services.tracker.rules.lcap.spending import dollars
from tests.tracker.lcap_tables import published

ACTION_FIELDS = [
    "number",
    "goal",
    "action",
    "title",
    "pages",
    "contributing",
    "fund",
    "explanation",
    "damage",
    *AMOUNTS,
    *FUNDS,
]
MEASURE_FIELDS = [
    "goal",
    "goal_name",
    "number",
    "action",
    "title",
    "measure",
    "text",
    "polarity",
    "damage",
    "source_line",
]
LINES = [str(row["text"]) for row in published()]
PIECES = st.sampled_from(sorted({cell for line in LINES for cell in line.split("\t")}))
CELLS = st.one_of(PIECES, st.text(max_size=30))
RAW = st.lists(st.one_of(st.sampled_from(LINES), st.lists(CELLS, max_size=11).map("\t".join)), max_size=12)


FORMS = st.sampled_from(["district", "total_planned", "annual_update", "carryover"])


def rows_of(columns: list[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Clean rows with any of the columns."""
    row = st.dictionaries(st.sampled_from(columns), CELLS)
    return st.lists(st.tuples(row, FORMS).map(lambda cells: {**cells[0], "form": cells[1], "line": 2}), max_size=6)


@given(RAW)
def test_any_text_is_read_and_nothing_twice(lines: list[str]) -> None:
    rows = [{"line": number, "text": text} for number, text in enumerate(lines, 1)]
    actions = read_actions(rows)[0] if rows else Reading("", "", (), ())
    mark_split(actions.actions)
    numbers = {action.number for action in actions.actions}
    assert len(numbers) == len(actions.actions)
    assert all(set(cover.rows) <= numbers for cover in covers(actions.actions).values())
    for reading in read_measures(rows):
        kept = {measure.line for measure in reading.measures}
        assert kept.isdisjoint(line for line, _, _ in reading.unread)


@given(rows_of(ACTION_FIELDS))
def test_any_clean_actions_are_read_or_listed(rows: list[dict[str, Any]]) -> None:
    readings = read_actions(rows)
    assert sum(len(reading.actions) + len(reading.unread) for reading in readings) <= len(rows)
    for action in (action for reading in readings for action in mark_split(reading.actions)):
        assert 0 <= action.goal <= 99 and 0 <= action.action <= 99


@given(rows_of(MEASURE_FIELDS))
def test_any_clean_measures_are_read_or_listed(rows: list[dict[str, Any]]) -> None:
    for measure in (measure for reading in read_measures(rows) for measure in reading.measures):
        assert 0 <= measure.goal <= 99 and 0 <= measure.action <= 99


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_an_amount_reads_as_it_is_shown(amount: int) -> None:
    assert money(dollars(amount), bare=False) == Money(amount, False)
    assert money(dollars(amount).replace("$", "\\$"), bare=False) == Money(amount, False)


@given(st.integers(min_value=1, max_value=9), st.integers(min_value=1, max_value=99))
def test_a_number_reads_as_it_is_printed(goal: int, action: int) -> None:
    assert action_number(label(goal, action)) == (goal, action, False)


SHARES = st.integers(min_value=0, max_value=1000).map(lambda tenths: Decimal(tenths) / 10)


@given(SHARES, SHARES)
def test_a_plain_pair_reads_as_it_is_written(now: Decimal, before: Decimal) -> None:
    values = read_growth(f"- All Students: {now}% in 2023-24, compared to {before}% in 2022-23.").values
    assert [(value.now, value.before) for value in values] == [(now, before)]
