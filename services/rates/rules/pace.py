"""Surveys per school day, and what is still needed each day."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from shared.school_days import school_days

Count = tuple[date, int]


def pace(counts: Sequence[Count], off: Collection[date] = ()) -> Fraction | None:
    """Surveys per school day between the last two of (day, submitted), oldest first; None with fewer than two.

    A fall (a clean-up) counts as no pace.
    """
    if len(counts) < 2:
        return None
    (then, before), (day, after) = counts[-2:]
    return Fraction(max(after - before, 0), max(school_days(then, day, off), 1))


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
