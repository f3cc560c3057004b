"""Points of small SVG charts, computed here so that pages carry no style and need no script."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

Number = float | int | Decimal


class Lines(NamedTuple):
    """Runs of points for `<polyline points>`, parted where a value is missing, and the last known point."""

    runs: list[str]
    last: tuple[str, str] | None


def lines(
    values: Sequence[Number | None], *, width: int = 96, height: int = 24, low: Number = 0, high: Number = 100
) -> Lines:
    """The values spread evenly over the width, `low` at the bottom and `high` at the top, 3 units from the edges."""
    step = (width - 6) / max(len(values) - 1, 1)
    span = (float(high) - float(low)) or 1.0
    points: list[tuple[str, str] | None] = []
    for place, value in enumerate(values):
        if value is None:
            points.append(None)
            continue
        part = min(max((float(value) - float(low)) / span, 0.0), 1.0)
        points.append((f"{3 + place * step:.1f}", f"{height - 3 - part * (height - 6):.1f}"))
    known = [point for point in points if point is not None]
    runs = [
        " ".join(f"{x},{y}" for x, y in (point for point in run if point is not None))
        for there, run in groupby(points, key=lambda point: point is not None)
        if there
    ]
    return Lines(runs, known[-1] if known else None)


class Bar(NamedTuple):
    """A lying bar for `<rect>`: top edge and width, and where a figure behind it stands."""

    y: str
    width: str
    text_x: str
    text_y: str


def bars(
    values: Sequence[Number | None], *, left: float, width: float, height: float = 12, gap: float = 4, top: float = 0
) -> list[Bar]:
    """Bars below one another from `left` on, the greatest value `width` long; an absent or negative one has none."""
    high = max((float(value) for value in values if value is not None), default=0.0) or 1.0
    made = []
    for place, value in enumerate(values):
        long = max(float(value or 0), 0.0) / high * width
        y = top + place * (height + gap)
        made.append(Bar(f"{y:.1f}", f"{long:.1f}", f"{left + long + 6:.1f}", f"{y + height - 2:.1f}"))
    return made


class Frame(NamedTuple):
    """A chart of percents over days: its size, and the days at its left and right edge."""

    opens: date
    closes: date
    width: int = 640
    height: int = 220
    left: int = 44
    bottom: int = 30

    def x(self, day: date) -> str:
        """Where a day lies from the left; days outside the frame lie on its edge."""
        span = max((self.closes - self.opens).days, 1)
        part = min(max((day - self.opens).days / span, 0.0), 1.0)
        return f"{self.left + part * (self.width - self.left - 12):.1f}"

    def y(self, percent: Number) -> str:
        """Where a percent lies from the top; more than 100 lies on the upper edge."""
        part = min(max(float(percent) / 100, 0.0), 1.0)
        return f"{self.height - self.bottom - part * (self.height - self.bottom - 12):.1f}"

    def points(self, values: Sequence[tuple[date, Number]]) -> str:
        """The values for `<polyline points>`."""
        return " ".join(f"{self.x(day)},{self.y(value)}" for day, value in values)
