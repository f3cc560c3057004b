"""Whether more is better: fewer absences, suspensions, D and F marks or days are good news, more pupils met are not a mark."""

import re
from typing import Literal

Polarity = Literal["higher", "lower", "neutral"]
Favor = Literal["better", "worse", "same", "not comparable", "not judged"]
_GIVEN: dict[str, Polarity] = {"higher": "higher", "lower": "lower", "neutral": "neutral"}
_LOWER = re.compile(
    r"absen|suspension|\bD's and F's|\bfails\b|discipline referrals?|unfilled|vacancy|days lost|time to resolution"
    r"|below basic|grade levels? below|over 90 days",
    re.IGNORECASE,
)
_NEUTRAL = re.compile(
    r"best interest determination|identified as homeless|calls for service in response|partnerships with"
    r"|intensive mental health|number of interventions|families served|compliant with all vaccinations|diversion program"
    r"|requests? (?:submitted|for oral)",
    re.IGNORECASE,
)


def polarity_of(measure: str, given: str = "") -> Polarity:
    """`given` is what the table itself states in a column of its own; it wins over the words of the measure."""
    stated = _GIVEN.get(given)
    if stated is not None:
        return stated
    if _NEUTRAL.search(measure):
        return "neutral"
    return "lower" if _LOWER.search(measure) else "higher"


def favor(direction: str, polarity: str, *, comparable: bool) -> Favor:
    """Whether the change is good news; a part of a year beside a full one is never judged."""
    if not direction or polarity == "neutral":
        return "not judged"
    if not comparable:
        return "not comparable"
    if direction == "same":
        return "same"
    return "better" if (direction == "up") == (polarity == "higher") else "worse"
