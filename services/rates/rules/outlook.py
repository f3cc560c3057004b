"""What a forecast means for Tier 1: whether a school will end in it, may, or will leave it."""

from typing import NamedTuple

from shared.tiers import ALERT_TIER, tier

# Of schools in Tier 1 alone: a count does not fall, so that who has left it does not come back.
OUTLOOKS = {
    "stays": "Will end in Tier 1",
    "may": "May end in Tier 1",
    "leaves": "Will leave Tier 1",
}


class FinalCounts(NamedTuple):
    """Surveys at the close: the likely number, and the range that holds 80 of 100 schools; `low <= likely <= high`."""

    low: int
    likely: int
    high: int


def outlook(submitted: int | None, total: int | None, ends: FinalCounts | None) -> str:
    """A key of OUTLOOKS for a school in Tier 1, if nothing changes; empty for any other and where nothing is known."""
    if ends is None or tier(submitted, total) != ALERT_TIER:
        return ""
    if tier(ends.high, total) == ALERT_TIER:
        return "stays"
    return "may" if tier(ends.low, total) == ALERT_TIER else "leaves"
