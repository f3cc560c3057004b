"""The district's decisions on response rates: tier, shown rate, surveys needed, movement, pace and whose schools are whose."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

TIERS = (1, 2, 3, 4)
# The upper end of tiers 1, 2 and 3 as shares of the expected surveys (the guide's colour table).
TIER_CUTS = (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))
# Exactly 25 % has left Tier 1; exactly 50 % and 75 % stay in the lower tier (the guide prints 268/539, 50 %, as Tier 2).
CUT_BELONGS_BELOW = (False, True, True)
# Tier, its upper end as top / of in whole numbers, and whether that end belongs to it: exact, and quick for many rows.
_EDGES = tuple(
    (number, cut.numerator, cut.denominator, below)
    for number, cut, below in zip(TIERS, TIER_CUTS, CUT_BELONGS_BELOW, strict=False)
)
TIER_LABELS = {
    1: "Less Than 25%",
    2: "Between 25 and 50%",
    3: "Between 50 and 75%",
    4: "Greater Than 75%",
}
# Words for what a tier filter can choose; a school that the extraction lacks is unknown, never counted as solved.
TIER_WORDS = {"1": "Tier-1", "2": "Tier-2", "3": "Tier-3", "4": "Tier-4", "none": "No rate", "absent": "Unknown"}
ALERT_TIER = 1
# So many extractions in a row without a new survey make a school stalled.
STALLED_AFTER = 2
MARKS = {
    "left": "Left Tier 1",
    "fell": "Fell into Tier 1",
    "new": "New",
    "missing": "Not in this extraction",
    "stalled": "No new surveys",
}


def tier(submitted: int | None, total: int | None) -> int | None:
    """Tier 1 to 4 of the exact fraction; None where nothing is expected or a count is absent."""
    if submitted is None or not total:
        return None
    for number, top, of, below in _EDGES:
        have, edge = submitted * of, total * top
        if have < edge or (below and have == edge):
            return number
    return TIERS[-1]


def rate(submitted: int | None, total: int | None) -> Decimal | None:
    """The response rate in percent with four decimals; None where there is no rate."""
    if submitted is None or not total:
        return None
    return Decimal((submitted * 2_000_000 + total) // (2 * total)).scaleb(-4)


@lru_cache(maxsize=1 << 16)
def shown_rate(submitted: int | None, total: int | None) -> str:
    """The rate as shown: whole percent, half up, with as many decimals as it takes to stay inside its own tier."""
    own = tier(submitted, total)
    if own is None or submitted is None or total is None:
        return ""
    for decimals in range(12):
        scale = 10**decimals
        rounded = (submitted * 200 * scale + total) // (2 * total)
        if tier(rounded, 100 * scale) == own:
            return f"{Decimal(rounded).scaleb(-decimals)}%"
    return f"{submitted}/{total}"


class Standing(NamedTuple):
    """What follows from a school's counts; each None where there is none of it."""

    tier: int | None
    rate: Decimal | None
    needed: int | None


NO_STANDING = Standing(None, None, None)


def standing(submitted: int | None, total: int | None) -> Standing:
    """Tier, rate, and how many more surveys lift the school into the next tier; None in Tier 4 or without a tier."""
    own = tier(submitted, total)
    if own is None or submitted is None or total is None:
        return NO_STANDING
    if own == TIERS[-1]:
        return Standing(own, rate(submitted, total), None)
    _, top, of, below = _EDGES[own - 1]
    least, rest = divmod(total * top, of)
    return Standing(own, rate(submitted, total), least + (below or rest > 0) - submitted)


def file_differs(file_tier: str, file_rate: str, submitted: int | None, total: int | None) -> bool:
    """Whether a file's own tier or rate contradicts its counts: another tier, or a rate more than one point away."""
    own = tier(submitted, total)
    digits = [c for c in file_tier if c.isascii() and c.isdecimal()]
    if digits and own is not None and int(digits[0]) != own:
        return True
    told, exact = _percents(file_rate), rate(submitted, total)
    return bool(told) and exact is not None and not any(exact - 1 <= each <= exact + 1 for each in told)


def _percents(file_rate: str) -> tuple[Decimal, ...]:
    """The percents that `86%`, `86` or `0.86` can mean (`1` is 1 or 100); none for anything else."""
    try:
        value = Decimal(file_rate.strip().rstrip("%").strip())
    except ArithmeticError:
        return ()
    if not value.is_finite():
        return ()
    return (value,) if "%" in file_rate or not 0 <= value <= 2 else (value, value * 100)


def tier_nr(number: int | None) -> str:
    """The district's text for a tier: `Tier-1`; empty where there is none."""
    return "" if number is None else f"Tier-{number}"


class Change(NamedTuple):
    """A change of the rate in points: all of it, what the surveys made and what the changed total made."""

    points: Decimal
    by_surveys: Decimal
    by_total: Decimal


def change(was: tuple[int | None, int | None], now: tuple[int | None, int | None]) -> Change | None:
    """The change between two (submitted, total); the total's part is what the old surveys lose or win under it."""
    before, after, between = rate(*was), rate(*now), rate(was[0], now[1])
    if before is None or after is None or between is None:
        return None
    return Change(after - before, after - between, between - before)


def school_days(after: date, until: date, off: Collection[date] = ()) -> int:
    """How many school days lie after one day up to and with another: weekdays that are not days off."""
    span = range(1, max((until - after).days, 0) + 1)
    return sum(1 for n in span if (day := after + timedelta(n)).weekday() < 5 and day not in off)


class Pace(NamedTuple):
    """Surveys per school day: between the last two extractions, and in the fastest of the last stretches."""

    last: Fraction
    fastest: Fraction


PACE_STRETCHES = 3
Count = tuple[date, int]


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
    on, submitted = counts[-1]
    days = school_days(on, closes, off)
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
