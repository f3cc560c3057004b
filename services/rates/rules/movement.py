"""What changed for a school since its row before: left Tier 1, newly in it, first seen, missing, stalled."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from typing import Literal, NamedTuple

from services.rates.rules.tiers import rate
from shared.tiers import ALERT_TIER, TIERS

Movement = Literal["", "left", "newly_in", "first_seen", "missing", "awaited", "stalled"]
# So many extractions in a row without a new survey make a school stalled.
STALLED_AFTER = 2
MOVEMENTS: dict[Movement, str] = {
    "left": "Left Tier 1",
    "newly_in": "Newly in Tier 1",
    "first_seen": "First seen",
    "missing": "Not in this extraction",
    "awaited": "Not arrived yet",
    "stalled": "No new surveys",
}


def movement(
    *, present: bool, whole: bool, tier_before: int | None, tier_now: int | None, first_seen: bool, stalled: int
) -> Movement:
    """The one word for a school at an extraction, the weightiest first; empty where nothing is to be said.

    `whole`: every part of the extraction has arrived; a school is called missing only then. `first_seen`: this
    extraction has the school and none before it in the term, though there were some. `stalled`: how many extractions
    in a row, with this one, brought no new survey.
    """
    if not present:
        return "missing" if whole else "awaited"
    if tier_before == ALERT_TIER and tier_now not in (ALERT_TIER, None):
        return "left"
    if tier_now == ALERT_TIER and tier_before not in (ALERT_TIER, None):
        return "newly_in"
    if first_seen:
        return "first_seen"
    return "stalled" if stalled >= STALLED_AFTER else ""


class Case(NamedTuple):
    """One line of the table of all cases, with the rule's answer; `stalled` is cut at STALLED_AFTER."""

    present: bool
    whole: bool
    tier_before: int | None
    tier_now: int | None
    first_seen: bool
    stalled: int
    movement: Movement


def cases() -> Iterator[Case]:
    """Every case that can be with the rule's answer, so that a statement over many rows can look it up."""
    tiers = (None, *TIERS)
    both = (True, False)
    for present, whole, before, now, first, stalled in product(
        both, both, tiers, tiers, both, range(STALLED_AFTER + 1)
    ):
        found = movement(
            present=present, whole=whole, tier_before=before, tier_now=now, first_seen=first, stalled=stalled
        )
        yield Case(present, whole, before, now, first, stalled, found)


class PointsChange(NamedTuple):
    """A change of the rate in points: all of it, what the surveys made and what the changed total made."""

    points: Decimal
    by_surveys: Decimal
    by_total: Decimal


def change(was: tuple[int | None, int | None], now: tuple[int | None, int | None]) -> PointsChange | None:
    """The change between two (submitted, total); the total's part is what the old surveys lose or win under it."""
    before, after, between = rate(*was), rate(*now), rate(was[0], now[1])
    if before is None or after is None or between is None:
        return None
    return PointsChange(after - before, after - between, between - before)
