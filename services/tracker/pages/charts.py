"""The charts of the tracker: an item's path, how differences are spread, planned against actual spending."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from services.tracker.queries.district import DifferenceBar
from services.tracker.queries.progress import ItemLine
from services.tracker.rules.lcap.shown import millions
from services.tracker.rules.lcap.spending import SpendingTotals
from services.tracker.rules.values import shown_percent
from shared.numbers import counted
from shared.web.charts import (
    Axis,
    BarGroup,
    Chart,
    Figures,
    Level,
    LinePlot,
    Stack,
    Stop,
    categories,
    columns,
    line_chart,
    lying_bars,
    measure,
)
from shared.web.charts.axes import Tick, percent_words


def path_chart(line: ItemLine, labels: Sequence[str]) -> Chart | None:
    """An item's results against its targets by year, and its goal; None as long as there is no baseline to start from."""
    facts = line.facts
    planned = [line.values[0], *facts.targets]
    known = [value for value in (*line.values, *planned, facts.goal) if value is not None]
    if line.values[0] is None or len(known) < 2:
        return None
    named = list(zip(labels, line.values, planned, strict=True))
    stops = [
        Stop(place + 0.5, (value, target), f"{label}: {_year_words(place, value, target)}")
        for place, (label, value, target) in enumerate(named)
    ]
    rows = [(label, _percent(value, "awaiting"), _percent(target, "")) for label, value, target in named]
    last = next(value for value in reversed(line.values) if value is not None)
    return line_chart(
        LinePlot(
            words=f"{line.item.item}: results against targets, the last {shown_percent(last)}%, goal {_percent(facts.goal, 'to be set')}",
            x=categories([(label, "") for label in labels]),
            y=measure(known, words=percent_words, most=4, is_from_zero=False),
            stops=stops,
            kinds=("chart-first", "chart-second"),
            levels=[] if facts.goal is None else [Level(facts.goal, f"Goal {shown_percent(facts.goal)}%")],
            last_words=f"{shown_percent(last)}%",
            legend=(("Result", "chart-first"), ("Baseline and targets", "chart-second")),
            figures=Figures(("Year", "Result", "Target"), rows),
            height=150,
        )
    )


def _percent(value: Decimal | None, without: str) -> str:
    return without if value is None else f"{shown_percent(value)}%"


def _year_words(place: int, value: Decimal | None, target: Decimal | None) -> str:
    if place == 0:
        return f"baseline {_percent(value, 'awaiting')}"
    return f"result {_percent(value, 'awaiting')}, target {_percent(target, 'not known yet')}"


def spread_chart(bars: Sequence[DifferenceBar]) -> Chart | None:
    """How many last results lie how far from their target; None where there is none."""
    total = sum(bar.schools for bar in bars)
    if not total:
        return None
    inner = [bar for bar in bars if bar.low is not None and bar.high is not None]
    width = (inner[0].high or 0) - (inner[0].low or 0)
    ends = [
        (
            bar.low if bar.low is not None else (bar.high or 0) - width,
            bar.high if bar.high is not None else (bar.low or 0) + width,
        )
        for bar in bars
    ]
    shown = [
        Stack(
            low,
            high,
            [(bar.schools, "chart-bar-behind" if low < 0 else "chart-bar-ahead")],
            f"{_bar_words(bar)}: {bar.schools:,}",
        )
        for bar, (low, high) in zip(bars, ends, strict=True)
    ]
    low, high = ends[0][0], ends[-1][1]
    ticks = tuple(Tick(at, f"{at:+d}" if at else "0") for at in range(low, high + 1) if at % 5 == 0 and low < at < high)
    behind = sum(bar.schools for bar, (start, _) in zip(bars, ends, strict=True) if start < 0)
    return columns(
        f"{counted(total, 'last result')} by difference from target: {behind:,} below, {total - behind:,} at or above",
        Axis(low, high, ticks),
        measure([bar.schools for bar in bars], is_whole=True, most=4),
        shown,
        labels=True,
        moment=(0, "On target"),
        start=max(range(len(bars)), key=lambda place: bars[place].schools),
        legend=(("Below target", "chart-bar-behind"), ("At or above target", "chart-bar-ahead")),
        figures=Figures(
            ("Percentage points", "Last results"),
            [(_bar_words(bar), f"{bar.schools:,}") for bar in bars if bar.schools],
        ),
    )


def _bar_words(bar: DifferenceBar) -> str:
    if bar.low is None:
        return f"Under {bar.high:+d}"
    return f"{bar.low:+d} and more" if bar.high is None else f"{bar.low:+d} to {bar.high:+d}"


def spending_chart(goals: Sequence[tuple[int, str, SpendingTotals]], labels: Mapping[str, str]) -> Chart | None:
    """Planned and estimated actual spending of each goal that has amounts; None where the table has no actual ones."""
    with_amounts = [(number, name, sums) for number, name, sums in goals if sums.counted]
    if not with_amounts or "estimated_actual" not in labels:
        return None
    groups = [
        BarGroup(
            name if name == f"Goal {number}" else f"{number} {name}",
            (
                (sums.planned, millions(sums.planned), "chart-bar-first"),
                (sums.estimated_actual, millions(sums.estimated_actual), "chart-bar-second"),
            ),
            f"{name}: planned {millions(sums.planned)}, estimated actual {millions(sums.estimated_actual)}",
        )
        for number, name, sums in with_amounts
    ]
    amounts = [amount for _, _, sums in with_amounts for amount in (sums.planned, sums.estimated_actual)]
    return lying_bars(
        "Planned and estimated actual spending of each goal",
        measure(amounts, words=lambda value: millions(round(value)), most=4),
        groups,
        legend=((labels["planned"], "chart-bar-first"), (labels["estimated_actual"], "chart-bar-second")),
    )
