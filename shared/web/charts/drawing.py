"""The parts that a drawn chart is made of: texts ready for SVG; x and widths in percents, y and heights in pixels."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from shared.web.charts.axes import LETTER, Axis

# Above the plot there is room for a value over the highest point; below it for two lines of ticks.
TOP, BOTTOM, LINE = 18, 40, 16
_LEFT: Final = (("s", 5), ("m", 8), ("l", 16))
_RIGHT: Final = (("s", 3), ("m", 11), ("l", 20))


class GridLine(NamedTuple):
    """A line at a tick with its label: `at` is y for a value axis, x for one of days; `kind` where only wide charts have it."""

    at: str
    label: str
    below: str = ""
    kind: str = ""


class Rect(NamedTuple):
    """A bar or band."""

    x: str
    y: str
    width: str
    height: str
    kind: str


class Dot(NamedTuple):
    """A point."""

    x: str
    y: str
    kind: str
    radius: float = 4


class Trace(NamedTuple):
    """Points for a polyline or polygon, x of 100 and y in pixels."""

    points: str
    kind: str


class Stroke(NamedTuple):
    """A straight line."""

    x1: str
    y1: str
    x2: str
    y2: str
    kind: str


class Label(NamedTuple):
    """Words at a place; `anchor` is start, middle or end, `shift` pixels to the side."""

    x: str
    y: str
    words: str
    kind: str = ""
    anchor: str = "start"
    shift: int = 0


class Mark(NamedTuple):
    """What is read at one place: the points or bars there, and the words for them."""

    words: str
    dots: tuple[Dot, ...] = ()
    bars: tuple[Rect, ...] = ()


class Figures(NamedTuple):
    """The table beside a chart: its headings, and rows that begin with their name."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


class Chart(NamedTuple):
    """A drawn chart. `words` says what it shows; `left` and `right` are the margins s, m or l; `along` where marks follow.

    `start` is the mark whose words stand below the chart at first.
    """

    words: str
    height: int
    foot: str
    left: str
    right: str
    along: str = "x"
    bands: tuple[Rect, ...] = ()
    rows: tuple[GridLine, ...] = ()
    ticks: tuple[GridLine, ...] = ()
    areas: tuple[Trace, ...] = ()
    traces: tuple[Trace, ...] = ()
    lines: tuple[Stroke, ...] = ()
    marks: tuple[Mark, ...] = ()
    labels: tuple[Label, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    figures: Figures | None = None
    start: int = -1


def pixels(value: float) -> str:
    return f"{value:.1f}"


def share(part: float) -> str:
    """A part of the width: `12.5%`."""
    return f"{100 * part:.2f}%"


def height_of(axis: Axis, value: float, height: int) -> float:
    """Where a value lies from the top of the drawing, in a plot of that height."""
    return TOP + (1 - axis.part(value)) * height


def rows_of(axis: Axis, height: int) -> tuple[GridLine, ...]:
    return tuple(GridLine(pixels(height_of(axis, tick.value, height)), tick.label) for tick in axis.ticks)


def ticks_of(axis: Axis) -> tuple[GridLine, ...]:
    """The ticks below a chart whose labels do not meet; the style sheet hides some of them where the chart is narrow."""
    phone, card, across = axis.strides()
    return tuple(
        GridLine(
            share(axis.part(tick.value)),
            tick.label,
            tick.below,
            "" if place % phone == 0 else "chart-wide" if place % card == 0 else "chart-widest",
        )
        for place, tick in enumerate(axis.ticks)
        if place % across == 0
    )


def left_margin(labels: Sequence[str]) -> str:
    return _margin(_LEFT, labels)


def right_margin(labels: Sequence[str]) -> str:
    return _margin(_RIGHT, labels)


def _margin(sizes: Sequence[tuple[str, int]], labels: Sequence[str]) -> str:
    """The smallest margin that holds the labels; the largest where none does."""
    longest = max((len(label) for label in labels), default=0)
    return next((name for name, letters in sizes if longest <= letters), sizes[-1][0])


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """The places of labels moved as little as can be so that none is nearer than `gap`, in their order, between the ends.

    Where they do not fit, the gap is as large as it can be. Isotonic regression: neighbors that meet move as one block.
    """
    order = sorted(range(len(places)), key=lambda at: places[at])
    gap = min(gap, (high - low) / max(len(places) - 1, 1))
    blocks: list[tuple[float, int]] = []
    for rank, at in enumerate(order):
        total, count = places[at] - rank * gap, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            before, many = blocks.pop()
            total, count = total + before, count + many
        blocks.append((total, count))
    starts = [total / count for total, count in blocks for _ in range(count)]
    room = high - (len(places) - 1) * gap
    found = [0.0] * len(places)
    for rank, (at, start) in enumerate(zip(order, starts, strict=True)):
        found[at] = min(max(start, low), room) + rank * gap
    return found


def wrapped(words: str, width: float) -> list[str]:
    """Lines of words that are no wider than `width` pixels; a word that is wider is cut in two."""
    letters = max(int(width / LETTER), 1)
    found: list[str] = [""]
    for word in words.split():
        if len(found[-1]) + len(word) + 1 > letters and found[-1]:
            found.append("")
        while len(word) > letters:
            found[-1], word = word[:letters], word[letters:]
            found.append("")
        found[-1] = f"{found[-1]} {word}".strip()
    return found
