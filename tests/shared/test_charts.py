"""Charts: each drawn point is its value again, ticks are round, labels do not meet, gaps stay gaps; any values at all."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import floor, isclose, log10
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.web import charts
from shared.web.charts import (
    BarGroup,
    Chart,
    Fan,
    Level,
    LinePlot,
    Lines,
    Moment,
    Stack,
    Stop,
    Zone,
    categories,
    columns,
    days,
    hours,
    line_chart,
    lying_bars,
    measure,
    percents,
)
from shared.web.charts.drawing import spread, wrapped
from shared.web.static_files import FOLDERS
from tests.shared.drawn import Drawn, marks, percent, value_at

DAY = date(2025, 1, 27)
FINITE = st.floats(-1e15, 1e15, allow_nan=False).map(lambda value: round(value, 4))
COUNTS = st.integers(0, 10**12)
PERCENTS = st.none() | st.floats(0, 100).map(lambda value: round(value, 4))


def history(values: list[float | None], **more: Any) -> Chart:
    """A line of weekly percents."""
    places = [DAY + timedelta(7 * place) for place in range(len(values))]
    stops = [Stop(day.toordinal(), (value,), f"{day}: {value}") for day, value in zip(places, values, strict=True)]
    return line_chart(LinePlot("How it went", days(DAY, places[-1] if places else DAY), percents(), stops, **more))


@given(st.lists(PERCENTS, max_size=60))
def test_each_point_of_a_line_lies_where_its_day_and_value_are(values: list[float | None]) -> None:
    drawn = Drawn(history(values))
    weeks = max(len(values) - 1, 1)
    for place, (mark, value) in enumerate(zip(marks(drawn), values, strict=True)):
        dots = list(mark.iter("circle"))
        assert len(dots) == (value is not None)
        for dot in dots:
            assert isclose(percent(dot.get("cx")), place / weeks if len(values) > 1 else 0.5, abs_tol=1e-4)
            assert isclose(value_at(drawn, float(dot.get("cy"))), value or 0, abs_tol=0.03)
    assert len(drawn.all("chart-grid")) == 5


@given(st.lists(PERCENTS, max_size=60))
def test_a_line_is_parted_where_a_value_is_absent_and_never_goes_to_zero_for_it(values: list[float | None]) -> None:
    runs = re.findall(r"K+", "".join("." if value is None else "K" for value in values))
    drawn = [str(one.get("points")).split() for one in Drawn(history(values)).all("chart-line")]
    assert [len(points) for points in drawn] == [len(run) for run in runs if len(run) > 1]


@given(st.lists(st.none() | FINITE, max_size=8), st.integers(2, 8), st.booleans(), st.booleans())
def test_an_axis_holds_all_values_between_few_round_ticks(
    values: list[Any], most: int, zero: bool, whole: bool
) -> None:
    axis = measure(values, most=most, is_from_zero=zero, is_whole=whole)
    known = [value for value in values if value is not None]
    unseen = (axis.high - axis.low) * 1e-8
    assert all(axis.low - unseen <= value <= axis.high + unseen for value in known)
    assert not zero or axis.low <= 0 <= axis.high
    ticks = [tick.value for tick in axis.ticks]
    assert 2 <= len(ticks) <= most + 2 and (ticks[0], ticks[-1]) == (axis.low, axis.high)
    steps = [b - a for a, b in pairwise(ticks)]
    assert max(steps) - min(steps) <= 1e-6 * max(steps)
    assert any(isclose(steps[0] / 10 ** floor(log10(steps[0]) + 1e-9), round_, rel_tol=1e-6) for round_ in (1, 2, 5))
    assert len({tick.label for tick in axis.ticks}) == len(ticks), "two ticks are labeled the same"


def test_equal_values_and_none_have_an_axis() -> None:
    assert [tick.label for tick in measure([7, 7, 7], is_from_zero=False).ticks] == ["6", "6.5", "7", "7.5", "8"]
    assert [tick.label for tick in measure([]).ticks] == ["0", "0.2", "0.4", "0.6", "0.8", "1"]
    assert [tick.label for tick in measure([0, 0], is_whole=True).ticks] == ["0", "1"]
    assert [tick.label for tick in measure([1_250_000]).ticks][-1] == "1.5 M"


@given(st.dates(date(1990, 1, 1), date(2150, 1, 1)), st.integers(0, 40_000))
def test_days_have_ticks_inside_them_that_say_which_year(first: date, length: int) -> None:
    axis = days(first, first + timedelta(length))
    assert 1 <= len(axis.ticks) <= 7
    assert all(axis.low <= tick.value <= axis.high for tick in axis.ticks)
    year = 0
    for tick in axis.ticks:
        day = date.fromordinal(int(tick.value))
        assert tick.label == f"{day:%b} {day.day}"
        assert tick.below == ("" if day.year == year else str(day.year))
        year = day.year


@given(st.integers(0, 86_000), st.integers(0, 86_000))
def test_hours_have_ticks_at_full_quarters(start: int, length: int) -> None:
    first = datetime(2025, 3, 4, tzinfo=UTC) + timedelta(seconds=start)
    axis = hours(first, first + timedelta(seconds=length))
    assert len(axis.ticks) <= 8
    assert all(axis.low <= tick.value <= axis.high for tick in axis.ticks)
    assert all(tick.value % 900 == 0 for tick in axis.ticks) or length == 0


@given(st.lists(st.floats(0, 300), max_size=12), st.floats(1, 20))
def test_labels_keep_their_order_and_their_distance_and_stay_inside(places: list[float], gap: float) -> None:
    found = spread(places, gap, 0, 300)
    order = sorted(range(len(places)), key=lambda at: places[at])
    held = [found[at] for at in order]
    assert held == sorted(held)
    assert all(-1e-9 <= place <= 300 + 1e-9 for place in held)
    assert all(b - a >= gap - 1e-6 for a, b in pairwise(held))
    if all(b - a >= gap for a, b in pairwise(sorted(places))):
        assert all(isclose(a, b, abs_tol=1e-6) for a, b in zip(found, places, strict=True)), "moved without need"


def assert_nothing_meets(drawn: Drawn) -> None:
    """On a phone, where the wide ticks are hidden, and on a desktop; texts inside columns and beside the edge as well."""
    for plot, hidden in ((170, ("chart-wide", "chart-widest")), (330, ("chart-widest",)), (700, ())):
        texts = drawn.texts(plot, hidden)
        pairs = [(a, b) for place, a in enumerate(texts) for b in texts[place + 1 :] if a.meets(b)]
        assert pairs == [], plot


@given(st.integers(1, 60), st.text("abcxyz0123456789 ", max_size=14))
def test_ticks_of_many_names_do_not_meet(count: int, name: str) -> None:
    x = categories([(name, f"{count} left")] * count)
    assert_nothing_meets(Drawn(columns("w", x, measure([5]), [Stack(0.1, 0.9, [(3, "tier-1")], "w")])))


@given(st.lists(st.floats(0, 100), min_size=1, max_size=4), st.floats(0, 100), st.floats(0, 100))
def test_names_of_goals_and_of_the_forecast_do_not_meet_beside_the_edge(
    levels: list[float], likely: float, last: float
) -> None:
    fan = Fan((DAY.toordinal(), last), DAY.toordinal() + 7, 0, likely, 100, "Likely")
    chart = history([last, None], levels=[Level(value, "Goal") for value in levels], fan=fan)
    names = [one for one in Drawn(chart).texts(600) if one.words in ("Goal", "Likely")]
    assert len(names) == len(levels) + 1
    assert not any(a.meets(b) for place, a in enumerate(names) for b in names[place + 1 :])


@given(st.floats(0, 100), st.floats(0, 100))
def test_the_last_value_keeps_away_from_the_name_of_a_goal_inside_the_plot_of_a_phone(last: float, goal: float) -> None:
    drawn = Drawn(history([0, last], levels=[Level(goal, "Goal")], last_words="9%"))
    (value,), (name,) = drawn.all("chart-value"), drawn.all("chart-margin")
    # charts.css moves the name 10 pixels up there, and to the inner side of the edge.
    assert abs(float(value.get("y", 0)) - (float(name.get("y", 0)) - 10)) >= 12


@given(st.lists(st.integers(0, 86_400), min_size=1, max_size=12, unique=True))
def test_names_of_moments_do_not_meet(seconds: list[int]) -> None:
    start = datetime(2025, 3, 4, tzinfo=UTC)
    x = hours(start, start + timedelta(days=1))
    moments = [Moment(start.timestamp() + second, "Due 10:00 AM") for second in sorted(seconds)]
    drawn = Drawn(line_chart(LinePlot("w", x, percents(), [], moments=moments)))
    assert len(drawn.all("chart-moment")) == len(moments)
    assert_nothing_meets(drawn)


@given(st.lists(st.lists(COUNTS, min_size=5, max_size=5), min_size=1, max_size=60))
def test_the_parts_of_a_column_are_as_high_as_their_counts_and_stand_on_one_another(weeks: list[list[int]]) -> None:
    kinds = ("tier-1", "tier-2", "tier-3", "tier-4", "tier-none")
    shown = [
        Stack(place + 0.1, place + 0.9, list(zip(counts, kinds, strict=True)), f"{counts}")
        for place, counts in enumerate(weeks)
    ]
    y = measure([sum(counts) for counts in weeks], is_whole=True)
    drawn = Drawn(columns("w", categories([("Feb 7", "")] * len(weeks)), y, shown, labels=True))
    foot = float(drawn.all("chart-axis")[0].get("y1") or 0)
    tolerance = (y.high - y.low) / 200 * 0.11
    for place, (mark, counts) in enumerate(zip(marks(drawn), weeks, strict=True)):
        below = foot
        bars = list(mark.iter("rect"))
        assert [bar.get("class") for bar in bars] == [
            f"chart-bar {kind}" for count, kind in zip(counts, kinds, strict=True) if count
        ]
        for bar, count in zip(bars, [count for count in counts if count], strict=True):
            high, top = float(bar.get("height")), float(bar.get("y"))
            assert isclose(top + high, below, abs_tol=0.11)
            assert isclose(value_at(drawn, foot - high), count, abs_tol=tolerance)
            assert isclose(percent(bar.get("x")), (place + 0.1) / len(weeks), abs_tol=1e-4)
            below = top
    assert_nothing_meets(drawn)


@given(st.lists(st.tuples(st.text("Ab ", min_size=1, max_size=120), st.integers(0, 10**12)), min_size=1, max_size=12))
def test_lying_bars_are_as_long_as_their_amounts_under_names_of_any_length(goals: list[tuple[str, int]]) -> None:
    x = measure([amount for _, amount in goals])
    groups = [BarGroup(name, ((amount, "$1", "chart-bar-first"),), name) for name, amount in goals]
    drawn = Drawn(lying_bars("w", x, groups))
    for mark, (_, amount) in zip(marks(drawn), goals, strict=True):
        (bar,) = mark.iter("rect")
        assert isclose(percent(bar.get("width")) * x.high, amount, abs_tol=x.high * 1e-4)
    names = [one for one in drawn.texts(280) if one.words.strip("Ab ") == ""]
    assert " ".join(one.words for one in names).split() == " ".join(name for name, _ in goals).split() or any(
        len(word) > 42 for name, _ in goals for word in name.split()
    )
    assert all(len(one.words) <= 42 for one in names)


def test_a_bar_of_no_amount_is_not_drawn_and_one_below_zero_goes_to_the_left() -> None:
    bars = ((None, "no amount", "a"), (-100, "-100", "a"), (100, "100", "a"))
    drawn = Drawn(lying_bars("w", measure([-100, 100]), [BarGroup("Goal", bars, "w")]))
    (mark,) = marks(drawn)
    assert [(bar.get("x"), bar.get("width")) for bar in mark.iter("rect")] == [
        ("0.00%", "50.00%"),
        ("50.00%", "50.00%"),
    ]
    assert "no amount" in drawn.html


def test_a_word_that_is_too_long_for_a_line_is_cut_and_none_is_lost() -> None:
    assert wrapped("One two " + "x" * 50, 66) == ["One two", "x" * 10, "x" * 10, "x" * 10, "x" * 10, "x" * 10]
    assert wrapped("", 66) == [""]


def test_one_point_and_none_are_charts_too() -> None:
    one = Drawn(history([0.0], last_words="0%"))
    assert [dot.get("cx") for dot in one.figure.iter("circle")] == ["50.00%"]
    assert one.all("chart-line") == [] and one.all("chart-reader") == []
    assert [text.text for text in one.all("chart-value")] == ["0%"]
    awaiting = Drawn(history([5.0, None]))
    assert [words.text for words in awaiting.all("chart-readout")] == [f"{DAY}: 5.0"], (
        "the last known value stands below"
    )
    assert [reader.get("value") for reader in awaiting.all("chart-reader")] == ["0"]
    none = Drawn(history([]))
    assert marks(none) == [] and none.all("chart-readout") == []


def test_a_value_at_the_top_keeps_its_words_inside_and_one_outside_lies_on_the_edge() -> None:
    top = Drawn(history([100.0, 100.0], last_words="100%"))
    (words,) = top.all("chart-value")
    assert 0 < float(words.get("y") or 0) < 60
    (_, over) = list(Drawn(history([10.0, 99_999.0])).figure.iter("circle"))
    assert isclose(value_at(Drawn(history([10.0])), float(over.get("cy") or 0)), 100, abs_tol=0.01)


def test_words_of_people_are_words_in_a_chart() -> None:
    zones = [Zone(0, 100, "<b>Tier & 1</b>", "tier-1")]
    drawn = Drawn(history([5.0], zones=zones))
    assert "&lt;b&gt;Tier &amp; 1&lt;/b&gt;" in drawn.html and "<b>" not in drawn.html
    assert re.findall(r"\sstyle=|<style|<script|\son\w+=", drawn.html) == []


def test_a_sparkline_is_parted_where_a_value_is_missing() -> None:
    made = charts.lines([0, 50, None, 100])
    assert made == Lines(["3.0,21.0 33.0,12.0", "93.0,3.0"], ("93.0", "3.0"))
    assert charts.lines([None]) == Lines([], None)


def test_every_page_with_a_chart_brings_the_script_that_reads_it() -> None:
    root = FOLDERS[0].parent.parent.parent
    pages = [path for path in root.glob("services/*/templates/*.html") if '"_charts.html"' in path.read_text()]
    wholes = [page for page in pages if not page.name.startswith("_")]
    parts = {page.name for page in pages} - {page.name for page in wholes}
    around = [
        path
        for path in root.glob("services/*/templates/*.html")
        if not path.name.startswith("_") and any(f'"{part}"' in path.read_text() for part in parts)
    ]
    assert {path.name for path in [*wholes, *around] if "charts.js" not in path.read_text()} == set()
    assert len(pages) >= 5
