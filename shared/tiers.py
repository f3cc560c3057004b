"""The district's tiers and how a rate is shown: one rule for the rates' pages and the mails of alerts."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

TIERS = (1, 2, 3, 4)
# The tier that directors are alerted about.
ALERT_TIER = 1
# The upper end of tiers 1, 2 and 3 as shares of the expected surveys (the guide's color table).
TIER_CUTS = (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))
# Exactly 25% has left Tier 1; exactly 50% and 75% stay in the lower tier (the guide prints 268/539, 50%, as Tier 2).
CUT_BELONGS_BELOW = (False, True, True)
# Tier, its upper end as top / of in whole numbers, and whether that end belongs to it: exact, and quick for many rows.
EDGES = tuple(
    (number, cut.numerator, cut.denominator, below)
    for number, cut, below in zip(TIERS, TIER_CUTS, CUT_BELONGS_BELOW, strict=False)
)


def tier(submitted: int | None, total: int | None) -> int | None:
    """Tier 1 to 4 of the exact fraction; None where nothing is expected or a count is absent."""
    if submitted is None or not total:
        return None
    for number, top, of, below in EDGES:
        have, edge = submitted * of, total * top
        if have < edge or (below and have == edge):
            return number
    return TIERS[-1]


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
def shown_rate(submitted: int | None, total: int | None, least: int = 0) -> str:
    """The rate as shown: half up, with `least` decimals or as many as it takes to stay inside its own tier.

    649 of 2600 is below 25% and shows as 24.96%. Empty where there is no rate.
    """
    if submitted is None or not total:
        return ""
    decimals = decimals_shown(submitted, total, least)
    return f"{Decimal(percent_rounded(submitted, total, decimals)).scaleb(-decimals)}%"
