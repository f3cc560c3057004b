"""School days, surveys per school day, and what is still needed each day."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

PACE_STRETCHES = 3
Count = tuple[date, int]


def school_days(after: date, until: date, off: Collection[date] = ()) -> int:
    """How many school days lie after one day up to and with another: weekdays that are not days off."""
    span = range(1, max((until - after).days, 0) + 1)
    return sum(1 for n in span if (day := after + timedelta(n)).weekday() < 5 and day not in off)


class Pace(NamedTuple):
    """Surveys per school day: between the last two extractions, and in the fastest of the last stretches."""

    last: Fraction
    fastest: Fraction


def pace(counts: Sequence[Count], off: Collection[date] = ()) -> Pace | None:
    """The pace of (day, submitted), oldest first; None with fewer than two. A fall (a clean-up) counts as no pace.

    A single stretch says little: the fastest is then taken as twice as fast.
    """
    stretches = [
        Fraction(max(new - old, 0), max(school_days(then, day, off), 1))
        for (then, old), (day, new) in pairwise(counts[-(PACE_STRETCHES + 1) :])
    ]
    if not stretches:
        return None
    return Pace(stretches[-1], max(stretches) if len(stretches) > 1 else 2 * stretches[-1])


class Forecast(NamedTuple):
    """The final count at this pace, and its range: nothing more comes, or every day is as in the fastest stretch.

    Each is at most the total; `days` are the school days that it runs over.
    """

    low: int
    usual: int
    high: int
    total: int
    days: int


def at_this_pace(
    counts: Sequence[Count], total: int | None, closes: date, off: Collection[date] = ()
) -> Forecast | None:
    """Where the count ends when the window closes, at this pace; None with fewer than two extractions or no total."""
    found = pace(counts, off)
    if found is None or not total:
        return None
    last_day, submitted = counts[-1]
    days = school_days(last_day, closes, off)
    most = max(total, submitted)
    usual, high = (min(submitted + int(speed * days + Fraction(1, 2)), most) for speed in found)
    return Forecast(submitted, usual, high, total, days)


def per_day(needed: int | None, days: int) -> Decimal | None:
    """Surveys needed per school day, rounded up to one decimal; None when nothing is needed or no day is left."""
    if not needed or days <= 0:
        return None
    return Decimal(-(-needed * 10 // days)).scaleb(-1)


def needed_for_goal(submitted: int | None, total: int | None, percent: int) -> int | None:
    """How many more surveys bring the rate to a goal in percent; None without a rate, 0 once there."""
    if submitted is None or not total:
        return None
    return max(-(-total * percent // 100) - submitted, 0)
