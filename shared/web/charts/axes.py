"""Scales: from values, days, times of day or names to a part of the chart's length, with ticks at round places."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from math import ceil, floor, log10
from typing import Final, NamedTuple

from shared.days import day_words

Number = float | int | Decimal
# A letter of 12 pixels is about this wide, and a plot at least this wide on a phone, in a card, and across a desktop.
LETTER, ON_A_PHONE, ON_A_DESKTOP, ACROSS = 6.6, 160, 330, 700
# Values that differ by less than this part of their size are as good as equal: no label could tell them apart.
_SAME: Final = 1e-6
_DAY_STEPS: Final = (1, 2, 7, 14)
_MONTH_STEPS: Final = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200)
_MINUTE_STEPS: Final = (15, 30, 60, 120, 180, 240, 360, 720, 1440)


class Tick(NamedTuple):
    """A place of the axis with what is written there, and on a second line below."""

    value: float
    label: str
    below: str = ""


class Axis(NamedTuple):
    """From `low` at the start to `high` at the end; ticks in order, none outside."""

    low: float
    high: float
    ticks: tuple[Tick, ...]

    def part(self, value: Number) -> float:
        """How far along a value lies, 0 to 1; a value outside lies on the edge."""
        return min(max((float(value) - self.low) / (self.high - self.low), 0.0), 1.0)

    def strides(self) -> tuple[int, int, int]:
        """On a phone, in a card and across a desktop, each how-manyth label can be written without meeting the next one."""
        across = self._stride(1, ACROSS)
        card = self._stride(across, ON_A_DESKTOP)
        return self._stride(card, ON_A_PHONE), card, across

    def _stride(self, of: int, width: float) -> int:
        return next(of * k for k in range(1, len(self.ticks) + 2) if self._fits(of * k, width))

    def _fits(self, stride: int, width: float) -> bool:
        taken = self.ticks[::stride]
        return all(
            (self.part(right.value) - self.part(left.value)) * width
            >= LETTER * (_longest(left) + _longest(right)) / 2 + LETTER
            for left, right in pairwise(taken)
        )


def _longest(tick: Tick) -> int:
    return max(len(tick.label), len(tick.below))


def short_number(value: float) -> str:
    """`0.5`, `1,200`, `1.2 M`: at most one decimal more than the step of its axis needs."""
    for unit, name in ((1e12, " T"), (1e9, " B"), (1e6, " M")):
        if abs(value) >= unit:
            return f"{value / unit:,.10g}{name}"
    return f"{value:,.10g}"


def percent_words(value: float) -> str:
    return f"{value:.10g}%"


def _step(span: float, most: int) -> float:
    """The smallest of 1, 2, 5, 10, 20, 50 ... (and 0.5, 0.2 ...) that makes at most `most` steps of the span."""
    power = 10.0 ** floor(log10(span / most))
    return next(power * by for by in (1, 2, 5, 10, 20) if span / (power * by) <= most * (1 + 1e-9))


def measure(
    values: Sequence[Number | None],
    *,
    words: Callable[[float], str] = short_number,
    most: int = 5,
    is_from_zero: bool = True,
    is_whole: bool = False,
) -> Axis:
    """An axis that holds all known values and ends at round ones; equal or absent values have one of a step's length."""
    known = [float(value) for value in values if value is not None] or [0.0]
    low, high = min(known), max(known)
    if is_from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= _SAME * max(abs(low), abs(high)):
        around = max(1.0, abs(high) / 1000)
        low, high = (low - around, high + around) if low or high else (0.0, 1.0)
    step = _step(high - low, most)
    if is_whole:
        step = max(1.0, step)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    ticks = tuple(Tick(round(place * step, 12), words(round(place * step, 12))) for place in range(first, last + 1))
    return Axis(ticks[0].value, ticks[-1].value, ticks)


def percents(cuts: Sequence[Number] = (25, 50, 75)) -> Axis:
    """0 to 100%, with a tick at each cut."""
    return Axis(0, 100, tuple(Tick(float(cut), percent_words(float(cut))) for cut in (0, *cuts, 100)))


def categories(names: Sequence[tuple[str, str]]) -> Axis:
    """A place of equal width for each (name, second line), its tick in the middle: value 0.5 is the first one's."""
    ticks = tuple(Tick(place + 0.5, label, below) for place, (label, below) in enumerate(names))
    return Axis(0, max(len(names), 1), ticks)


def days(first: date, last: date, most: int = 7) -> Axis:
    """Days by their ordinal number; the year stands below the first tick and where it changes."""
    low, high = first.toordinal(), last.toordinal()
    if low == high:
        return Axis(low - 0.5, high + 0.5, (Tick(low, day_words(first), str(first.year)),))
    ticks: list[Tick] = []
    year = 0
    for day in _round_days(first, last, most):
        ticks.append(Tick(day.toordinal(), day_words(day), "" if day.year == year else str(day.year)))
        year = day.year
    return Axis(low, high, tuple(ticks))


def _round_days(first: date, last: date, most: int) -> list[date]:
    """Every 1, 2, 7 or 14 days from the first on, or the firsts of months and years; between 2 and `most`, or the ends."""
    for step in _DAY_STEPS:
        if (last - first).days // step < most:
            return [first + timedelta(step * place) for place in range((last - first).days // step + 1)]
    for months in _MONTH_STEPS:
        found = [day for day in _firsts(first, last) if (day.year * 12 + day.month - 1) % months == 0]
        if 2 <= len(found) <= most:
            return found
    return [first, last]


def _firsts(first: date, last: date) -> Iterator[date]:
    """The first of each month from `first` to `last`."""
    for month in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        day = date(month // 12, month % 12 + 1, 1)
        if day >= first:
            yield day


def hours(first: datetime, last: datetime, most: int = 7) -> Axis:
    """Times of a day by their timestamp, in the zone that they carry; ticks at full quarters, half hours or hours."""
    low, high = first.timestamp(), last.timestamp()
    if low >= high:
        return Axis(low - 1, low + 1, (Tick(low, _time_words(first)),))
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    for minutes in _MINUTE_STEPS:
        step = minutes * 60
        start, end = (ceil((low - midnight.timestamp()) / step), floor((high - midnight.timestamp()) / step))
        if end - start < most:
            break
    found = [midnight + timedelta(seconds=place * step) for place in range(start, end + 1)]
    return Axis(low, high, tuple(Tick(at.timestamp(), _time_words(at)) for at in found))


def _time_words(at: datetime) -> str:
    minutes = f":{at:%M}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes} {at:%p}"
