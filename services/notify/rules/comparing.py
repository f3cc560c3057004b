"""What came in at mailed schools beside what came in at like schools that were in nobody's mail; a comparison, not a cause."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

# Like: of the same group at the same extraction, with a rate at most so many points away.
LIKE_POINTS = 5.0

# Term, day of the extraction, respondent group.
Occasion = tuple[str, str, str]


class Gain(NamedTuple):
    """A school's rate at an extraction and what it gained until its next one, both in percentage points."""

    rate: float
    points: float


class GainComparison(NamedTuple):
    """The mean gains, in points, of mailed rows that have like ones and of those; `like` rows were compared with."""

    mailed_points: float
    like_points: float
    like: int


def compared(
    mailed: Mapping[Occasion, Sequence[Gain]], others: Mapping[Occasion, Sequence[Gain]]
) -> GainComparison | None:
    """Mailed rows against the like rows of their occasion, each mailed row with the mean of its like; None without any."""
    own, like = [], []
    used: set[tuple[Occasion, int]] = set()
    for occasion, gains in mailed.items():
        rest = others.get(occasion, ())
        for gain in gains:
            near = [n for n, other in enumerate(rest) if abs(other.rate - gain.rate) <= LIKE_POINTS]
            if near:
                own.append(gain.points)
                like.append(fmean(rest[n].points for n in near))
                used |= {(occasion, n) for n in near}
    return GainComparison(fmean(own), fmean(like), len(used)) if own else None
