"""The district's decisions on response rates: tier, shown rate, surveys still needed."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

TIERS = (1, 2, 3, 4)
# The upper end of tiers 1, 2 and 3 as shares of the expected surveys (the guide's colour table).
TIER_CUTS = (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))
# Exactly 25 % has left Tier 1; exactly 50 % and 75 % stay in the lower tier (the guide prints 268/539, 50 %, as Tier 2).
CUT_BELONGS_BELOW = (False, True, True)
TIER_LABELS = {
    1: "Less Than 25%",
    2: "Between 25 and 50%",
    3: "Between 50 and 75%",
    4: "Greater Than 75%",
}
TIER_COLOURS = {1: "Red", 2: "Orange", 3: "Yellow", 4: "Green"}


def tier(submitted: int | None, total: int | None) -> int | None:
    """Tier 1 to 4 of the exact fraction; None where nothing is expected or a count is absent."""
    if submitted is None or not total:
        return None
    for number, cut, below in zip(TIERS, TIER_CUTS, CUT_BELONGS_BELOW, strict=False):
        have, edge = submitted * cut.denominator, total * cut.numerator
        if have < edge or (below and have == edge):
            return number
    return TIERS[-1]


def rate(submitted: int | None, total: int | None) -> Decimal | None:
    """The response rate in percent with four decimals; None where there is no rate."""
    if submitted is None or not total:
        return None
    return (Decimal(submitted) * 100 / Decimal(total)).quantize(Decimal("0.0001"), ROUND_HALF_UP)


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


def surveys_needed(submitted: int | None, total: int | None) -> int | None:
    """How many more surveys lift the school into the next tier; None in Tier 4 or without a tier."""
    own = tier(submitted, total)
    if own is None or submitted is None or total is None or own == TIERS[-1]:
        return None
    edge = total * TIER_CUTS[own - 1]
    least = edge.numerator // edge.denominator
    enough = least + 1 if CUT_BELONGS_BELOW[own - 1] or edge.denominator != 1 else least
    return enough - submitted


def tier_nr(number: int | None) -> str:
    """The district's text for a tier: `Tier-1`; empty where there is none."""
    return "" if number is None else f"Tier-{number}"
