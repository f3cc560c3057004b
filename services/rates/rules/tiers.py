"""Tier, rate and surveys needed of one school and group, from the exact counts."""

from decimal import Decimal
from typing import NamedTuple

from shared.tiers import EDGES, TIERS, shown_rate, tier

TIER_LABELS = {
    1: "Less Than 25%",
    2: "Between 25 and 50%",
    3: "Between 50 and 75%",
    4: "Greater Than 75%",
}
# What a tier filter offers; a school that the extraction lacks is unknown, never counted as solved.
TIER_WORDS = {"1": "Tier-1", "2": "Tier-2", "3": "Tier-3", "4": "Tier-4", "none": "No rate", "absent": "Unknown"}


def rate(submitted: int | None, total: int | None) -> Decimal | None:
    """The response rate in percent with four decimals; None where there is no rate."""
    if submitted is None or not total:
        return None
    return Decimal((submitted * 2_000_000 + total) // (2 * total)).scaleb(-4)


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
    _, top, of, below = EDGES[own - 1]
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
