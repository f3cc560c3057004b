"""Column charts: counts in stacked parts over extractions, or how values are spread over steps of equal width."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.web.charts.axes import LETTER, ON_A_DESKTOP, ON_A_PHONE, Axis
from shared.web.charts.drawing import (
    BOTTOM,
    TOP,
    Chart,
    Figures,
    Label,
    Mark,
    Rect,
    Stroke,
    height_of,
    left_margin,
    pixels,
    right_margin,
    rows_of,
    share,
    ticks_of,
)

# A part as low as a line of letters cannot hold its count.
_LOWEST = 15


class Stack(NamedTuple):
    """A column from `low` to `high` of the x axis; its parts from the bottom up as (count, class); `words` for all of it."""

    low: float
    high: float
    parts: Sequence[tuple[int, str]]
    words: str


def columns(
    words: str,
    x: Axis,
    y: Axis,
    shown: Sequence[Stack],
    *,
    labels: bool = False,
    moment: tuple[float, str] | None = None,
    legend: tuple[tuple[str, str], ...] = (),
    figures: Figures | None = None,
    height: int = 200,
    start: int = -1,
) -> Chart:
    """The columns; with `labels` the count of the lowest part is written where it fits, in it or over it."""
    down = [] if moment is None else [share(x.part(moment[0]))]
    foot = pixels(TOP + height)
    return Chart(
        words=words,
        height=TOP + height + BOTTOM,
        foot=foot,
        left=left_margin([tick.label for tick in y.ticks]),
        right=right_margin([]),
        rows=rows_of(y, height),
        ticks=ticks_of(x),
        lines=tuple(Stroke(at, pixels(TOP), at, foot, "chart-moment") for at in down),
        marks=tuple(Mark(column.words, bars=tuple(_bars(x, y, column, height))) for column in shown),
        labels=(
            *(label for column in shown if labels for label in _counts(x, y, column, height)),
            *(
                Label(at, pixels(TOP - 8), moment[1], "chart-moment-name", "middle")
                for at in down
                if moment is not None
            ),
        ),
        legend=legend,
        figures=figures,
        start=start,
    )


def _bars(x: Axis, y: Axis, column: Stack, height: int) -> list[Rect]:
    left, right = x.part(column.low), x.part(column.high)
    found, below = [], 0
    for count, kind in column.parts:
        top, bottom = height_of(y, below + count, height), height_of(y, below, height)
        if count:
            found.append(Rect(share(left), pixels(top), share(right - left), pixels(bottom - top), kind))
        below += count
    return found


def _counts(x: Axis, y: Axis, column: Stack, height: int) -> list[Label]:
    count, _ = column.parts[0]
    words = f"{count:,}"
    width = x.part(column.high) - x.part(column.low)
    if not count or width * ON_A_DESKTOP < LETTER * len(words):
        return []
    is_wide = width * ON_A_PHONE < LETTER * len(words)
    top, bottom = height_of(y, count, height), height_of(y, 0, height)
    is_inside = bottom - top >= _LOWEST
    if not is_inside and len(column.parts) > 1:
        return []
    place = (top + bottom) / 2 + 4 if is_inside and len(column.parts) > 1 else top - 4
    kind = ("chart-inside" if len(column.parts) > 1 else "chart-value") + (" chart-wide" if is_wide else "")
    return [Label(share(x.part((column.low + column.high) / 2)), pixels(place), words, kind, "middle")]
