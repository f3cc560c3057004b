"""Tier, rate and surveys needed of one school and group, from the exact counts."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

TIERS = (1, 2, 3, 4)
# The upper end of tiers 1, 2 and 3 as shares of the expected surveys (the guide's color table).
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
# What a tier filter offers; a school that the extraction lacks is unknown, never counted as solved.
TIER_WORDS = {"1": "Tier-1", "2": "Tier-2", "3": "Tier-3", "4": "Tier-4", "none": "No rate", "absent": "Unknown"}
ALERT_TIER = 1


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
def decimals_shown(submitted: int, total: int, least: int = 0) -> int:
    """How many decimals of the percent, `least` or more, keep the shown rate inside its own tier; `total` is not 0.

    Where the rate itself lies on no finite decimal, enough are still found: the cuts are whole percents.
    """
    own = tier(submitted, total)
    decimals = least
    while tier(percent_rounded(submitted, total, decimals), 100 * 10**decimals) != own:
        decimals += 1
    return decimals


def percent_rounded(submitted: int, total: int, decimals: int) -> int:
    """The percent times ten to the power of `decimals`, rounded half up; `total` is not 0."""
    scale: int = 10**decimals
    return (submitted * 200 * scale + total) // (2 * total)


@lru_cache(maxsize=1 << 16)
def shown_rate(submitted: int | None, total: int | None) -> str:
    """The rate as shown: whole percent, half up, with as many decimals as it takes to stay inside its own tier."""
    if submitted is None or not total:
        return ""
    decimals = decimals_shown(submitted, total)
    return f"{Decimal(percent_rounded(submitted, total, decimals)).scaleb(-decimals)}%"


def shown_percent(percent: Decimal) -> str:
    """A percent with four decimals as `shown_rate` shows a rate of counts."""
    return shown_rate(int(percent.scaleb(4)), 100 * 10**4)


class TierResult(NamedTuple):
    """What follows from a school's counts; each None where there is none of it."""

    tier: int | None
    rate: Decimal | None
    needed: int | None


NO_RESULT = TierResult(None, None, None)


def tier_result(submitted: int | None, total: int | None) -> TierResult:
    """Tier, rate, and how many more surveys lift the school into the next tier; None in Tier 4 or without a tier."""
    own = tier(submitted, total)
    if own is None or submitted is None or total is None:
        return NO_RESULT
    if own == TIERS[-1]:
        return TierResult(own, rate(submitted, total), None)
    _, top, of, below = _EDGES[own - 1]
    least, rest = divmod(total * top, of)
    return TierResult(own, rate(submitted, total), least + (below or rest > 0) - submitted)


def surveys_at(percent: float, total: int) -> int:
    """The nearest whole number of surveys to a rate in percent."""
    return round(percent * total / 100)


def tier_nr(number: int | None) -> str:
    """The district's text for a tier: `Tier-1`; empty where there is none."""
    return "" if number is None else f"Tier-{number}"


def file_differs(file_tier: str, file_rate: str, submitted: int | None, total: int | None) -> bool:
    """Whether a file's own tier or rate contradicts its counts: another tier, or a rate more than one point away."""
    own = tier(submitted, total)
    digits = [c for c in file_tier if c.isascii() and c.isdecimal()]
    if digits and own is not None and int(digits[0]) != own:
        return True
    printed, exact = _percents(file_rate), rate(submitted, total)
    return bool(printed) and exact is not None and not any(exact - 1 <= each <= exact + 1 for each in printed)


def _percents(file_rate: str) -> tuple[Decimal, ...]:
    """The percents that `86%`, `86` or `0.86` can mean (`1` is 1 or 100); none for anything else."""
    try:
        value = Decimal(file_rate.strip().rstrip("%").strip())
    except ArithmeticError:
        return ()
    if not value.is_finite():
        return ()
    return (value,) if "%" in file_rate or not 0 <= value <= 2 else (value, value * 100)
