"""Sparklines: a row's history in the height of its text."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

Number = float | int | Decimal
_WIDTH, _HEIGHT, _EDGE = 96, 24, 3


class Lines(NamedTuple):
    """Runs of points for `<polyline points>`, parted where a value is missing, and the last known point."""

    runs: list[str]
    last: tuple[str, str] | None


def lines(values: Sequence[Number | None]) -> Lines:
    """Percents spread evenly over the width, 0 at the bottom and 100 at the top, 3 units from the edges."""
    step = (_WIDTH - 2 * _EDGE) / max(len(values) - 1, 1)
    points: list[tuple[str, str] | None] = []
    for place, value in enumerate(values):
        if value is None:
            points.append(None)
            continue
        part = min(max(float(value) / 100, 0.0), 1.0)
        points.append((f"{_EDGE + place * step:.1f}", f"{_HEIGHT - _EDGE - part * (_HEIGHT - 2 * _EDGE):.1f}"))
    known = [point for point in points if point is not None]
    runs = [
        " ".join(f"{x},{y}" for x, y in (point for point in run if point is not None))
        for there, run in groupby(points, key=lambda point: point is not None)
        if there
    ]
    return Lines(runs, known[-1] if known else None)
