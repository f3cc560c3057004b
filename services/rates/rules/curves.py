"""Rates of a group's schools over a term as arrays, and what a forecast of them says."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# The last extraction of an earlier term may lie so much of its window before the close and still be its end.
END_TOLERANCE = 0.1
# So much of its window may lie between two of its extractions.
LARGEST_GAP = 0.35
QUANTILES = np.array([0.1, 0.5, 0.9])
# Days that a stretch must last, and points that schools must have grown on average, to say something.
SHORTEST_STRETCH, LEAST_GROWTH = 5.0, 0.05
# Ranges count as right once before they were ever checked, and are at most halved or doubled.
MOST_WIDENING = 2.0
FEWEST_CHECKED = 10
# A fit looks at so many extractions: three a week for eight weeks. Its time grows with the square of them.
MOST_EXTRACTIONS = 24


class FinalRates(NamedTuple):
    """For each school the likely final rate in percent and the range that holds 80 of 100; NaN where nothing can be said."""

    low: Floats
    likely: Floats
    high: Floats


class Curves(NamedTuple):
    """Rates of a group's schools in one term: `days` since the opening (k), `rates` in percent (n, k; NaN is absent)."""

    days: Floats
    rates: Floats
    closes: float

    def is_whole(self) -> bool:
        """Whether the curves reach the close of their window, without a gap that hides how they went."""
        if self.days.size < 2 or self.days[-1] < self.closes * (1 - END_TOLERANCE):
            return False
        return bool(np.diff(self.days).max() <= self.closes * LARGEST_GAP)

    def at(self, day: float) -> Floats:
        """Each school's rate on a day, between two extractions on the line; NaN where a side is absent."""
        if self.days.size == 1:
            return np.asarray(self.rates[:, 0])
        after = int(np.clip(np.searchsorted(self.days, day), 1, self.days.size - 1))
        then, next_day = self.days[after - 1], self.days[after]
        share = np.clip((day - then) / (next_day - then), 0.0, 1.0)
        if share in (0.0, 1.0):
            return np.asarray(self.rates[:, after - 1 + int(share)])
        return np.asarray(self.rates[:, after - 1] * (1 - share) + self.rates[:, after] * share)


def from_opening(curves: Curves) -> Curves:
    """The curves from the opening on: where the first extraction came later, every school began with nothing."""
    kept = curves.days >= 0
    days, rates = curves.days[kept], curves.rates[:, kept]
    if days.size and days[0] > 0:
        days = np.concatenate([[0.0], days])
        rates = np.column_stack([np.zeros(len(rates)), rates])
    return Curves(days, rates, curves.closes)


def thinned(curves: Curves) -> Curves:
    """The curves at no more than `MOST_EXTRACTIONS` extractions, evenly spread, the first and the newest among them."""
    if curves.days.size <= MOST_EXTRACTIONS:
        return curves
    kept = np.linspace(0, curves.days.size - 1, MOST_EXTRACTIONS).round().astype(int)
    return Curves(curves.days[kept], curves.rates[:, kept], curves.closes)


def nothing_known(schools: int) -> FinalRates:
    """A forecast that says nothing about any of so many schools."""
    return FinalRates(*(np.full(schools, np.nan) for _ in FinalRates._fields))


def widths_needed(now: FinalRates, today: Floats, checks: Sequence[FinalRates], usual: float = 1.0) -> float:
    """How much wider the ranges of earlier extractions for today ought to have been to hold 80 of 100 schools (conformal).

    The geometric mean over the checks and one before any, which needed what is usual. A check counts by how near its range was
    to today's in width: that the first week's range, wide because it knew little, held everybody says nothing of a narrow one.
    """
    needed, weights = [float(np.log(usual))], [1.0]
    width = _typical_width(now)
    for said in checks:
        above = (today - said.likely) / np.maximum(said.high - said.likely, 0.1)
        below = (said.likely - today) / np.maximum(said.likely - said.low, 0.1)
        miss = np.maximum(above, below)
        miss = miss[np.isfinite(miss)]
        if miss.size >= FEWEST_CHECKED:
            needed.append(float(np.log(max(np.quantile(miss, QUANTILES[-1] - QUANTILES[0]), 0.05))))
            checked = _typical_width(said)
            weights.append(min(width, checked) / max(width, checked))
    return float(np.clip(np.exp(np.average(needed, weights=weights)), 1 / MOST_WIDENING, MOST_WIDENING))


def _typical_width(said: FinalRates) -> float:
    widths = (said.high - said.low)[np.isfinite(said.likely)]
    return max(float(np.median(widths)), 0.1) if widths.size else 0.1


def widened(said: FinalRates, factor: float, today: Floats) -> FinalRates:
    """The forecast with ranges so much wider, between today's rate and 100 (or today's where that is above)."""
    most = np.maximum(today, 100.0)
    low, high = (said.likely + factor * (end - said.likely) for end in (said.low, said.high))
    return FinalRates(*(np.clip(ends, today, most) for ends in (low, said.likely, high)))
