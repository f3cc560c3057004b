"""Lying bars in groups below one another, each group under its name, each bar with its amount at its end."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.web.charts.axes import ON_A_PHONE, Axis, Number
from shared.web.charts.drawing import (
    BOTTOM,
    LINE,
    Chart,
    Figures,
    GridLine,
    Label,
    Mark,
    Rect,
    pixels,
    right_margin,
    share,
    ticks_of,
    wrapped,
)

_BAR, _GAP, _BETWEEN = 16, 3, 12
# A name may be as wide as the plot with its right margin.
_NAME = ON_A_PHONE + 120


class BarGroup(NamedTuple):
    """A name and its bars as (amount, its words, class); a bar of no amount is not drawn, its words are."""

    name: str
    bars: Sequence[tuple[Number | None, str, str]]
    words: str


def lying_bars(
    words: str,
    x: Axis,
    groups: Sequence[BarGroup],
    *,
    legend: tuple[tuple[str, str], ...] = (),
    figures: Figures | None = None,
) -> Chart:
    """The groups from top to bottom; a negative amount goes to the left of zero."""
    marks, labels, y = [], [], 0.0
    zero = x.part(0)
    for group in groups:
        for line in wrapped(group.name, _NAME):
            y += LINE
            labels.append(Label("0%", pixels(y - 4), line, "chart-name"))
        bars = []
        for amount, shown, kind in group.bars:
            end = zero if amount is None else x.part(amount)
            left, right = min(zero, end), max(zero, end)
            if amount is not None:
                bars.append(Rect(share(left), pixels(y), share(right - left), pixels(_BAR), kind))
            labels.append(Label(share(right), pixels(y + 12), shown, "chart-value", "start", 6))
            y += _BAR + _GAP
        marks.append(Mark(group.words, bars=tuple(bars)))
        y += _BETWEEN
    foot = pixels(y)
    return Chart(
        words=words,
        height=round(y) + BOTTOM,
        foot=foot,
        left="none",
        right=right_margin([shown for group in groups for _, shown, _ in group.bars]),
        along="y",
        start=0,
        ticks=tuple(GridLine(*tick) for tick in ticks_of(x)),
        marks=tuple(marks),
        labels=tuple(labels),
        legend=legend,
        figures=figures,
    )
