"""How the average rate of schools grows until the window closes, without any earlier term: a curve with published priors.

The curve is Huxley's modified exponential ("Predicting Response Speed in Mail Surveys", Journal of Marketing Research 17,
1980): every day a fixed share of those who will ever answer, and have not, answers. Three things may bend it: those who
answered push others (Bass, "A New Product Growth for Model Consumer Durables", Management Science 15, 1969; a slow start),
the quick answer first (a longer tail), and reminders bring a trickle of those who would not have answered. What is known
before the first extraction comes from the literature, never from a file:

- `CEILING`: surveys of individuals end at 52.7% with a standard deviation of 20.4 (Baruch and Holtom, "Survey response
  rate levels and trends in organizational research", Human Relations 61, 2008).
- `MEAN_DAYS`: a mail survey with reminders had a mean response time of 16.1 days (Moss, "Factors Affecting Response Rate
  and Response Speed in a Mail Survey of Part-Time University Students", Canadian Journal of Higher Education 11, 1981).
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CEILING, CEILING_SPREAD = 52.7, 20.4
MEAN_DAYS, MEAN_DAYS_SPREAD = 16.1, 0.3


class Shape(NamedTuple):
    """How a curve bends: the share of the push that comes from those who answered, and how much the quick answer first."""

    push: float
    tail: float
    weight: float


# Before any data nine tenths are Huxley's curve, with a tail or without; a tenth has a slow start.
SHAPES = (
    Shape(0.0, 0.0, 0.45),
    Shape(0.0, 0.5, 0.225),
    Shape(0.0, 1.0, 0.225),
    Shape(0.3, 0.0, 0.033),
    Shape(0.6, 0.0, 0.033),
    Shape(0.9, 0.0, 0.034),
)
# The share of all who have not answered that reminders bring in a week, alike likely.
TRICKLES = (0.0, 0.02, 0.04)
# Standard deviations of the logarithm of one stretch's growth around the curve (reminders, holidays, a late mailing).
NOISES = (0.2, 0.3, 0.45)
# The noise of the weeks to come does not average out: a campaign that is late stays late. At most so many count as independent.
INDEPENDENT_STRETCHES = 2.0
_CEILINGS = np.linspace(4.0, 100.0, 49)
_PACE_SCORES = np.linspace(-2.4, 2.4, 17)
_NOISE_SCORES = np.array([-1.6, -1.0, -0.65, -0.3, 0.0, 0.3, 0.65, 1.0, 1.6])
DRAWS = 64


class Curve(NamedTuple):
    """Candidates of one shape and trickle: arrays of one length; `weight` is the logarithm of the prior's."""

    shape: Shape
    trickle: float
    ceiling: Floats
    pace: Floats
    noise: Floats
    weight: Floats

    def after(self, rate: float, days: float) -> Floats:
        """The rate in percent so many days after it was `rate`, by each candidate."""
        eager = np.where(self.ceiling > rate, self._eager(rate, days), rate)
        return np.asarray(eager + (100 - np.minimum(eager, 100)) * -np.expm1(-self.trickle * days / 7))

    def _eager(self, rate: float, days: float) -> Floats:
        share = np.minimum(rate / self.ceiling, 1 - 1e-9)
        if self.shape.tail:
            tail = self.shape.tail
            left = ((1 - share) ** -tail + tail * days * self.pace) ** (-1 / tail)
            return np.asarray(self.ceiling * (1 - left))
        alone, pushed = self.pace * (1 - self.shape.push), 2 * self.pace * self.shape.push
        odds = (alone + pushed * share) / (1 - share) * np.exp((alone + pushed) * days)
        return np.asarray(self.ceiling * (odds - alone) / (odds + pushed))


@lru_cache(maxsize=1)
def _curves() -> tuple[Curve, ...]:
    ceiling, score, noise = (
        grid.ravel() for grid in np.meshgrid(_CEILINGS, _PACE_SCORES, np.array(NOISES), indexing="ij")
    )
    prior = -0.5 * ((ceiling - CEILING) / CEILING_SPREAD) ** 2 - 0.5 * score**2
    pace = 1 / (MEAN_DAYS * np.exp(MEAN_DAYS_SPREAD * score))
    return tuple(
        Curve(shape, trickle, ceiling, pace, noise, prior + np.log(shape.weight))
        for shape, trickle in product(SHAPES, TRICKLES)
    )


def remaining_growth(days: Sequence[float], means: Sequence[float], closes: float) -> Floats:
    """Equally likely values, lowest first, of what the average still grows until the close, in points.

    `days` since the opening and `means` in percent, oldest first; the first pair is where the curve starts.
    """
    left = closes - days[-1]
    finals, noises, weights = [], [], []
    for curve in _curves():
        finals.append(curve.after(means[-1], left) - means[-1])
        noises.append(curve.noise)
        weights.append(curve.weight + _likelihood(curve, days, means))
    weight = np.concatenate(weights)
    return _equally_likely(np.concatenate(finals), np.concatenate(noises), np.exp(weight - weight.max()), left)


def _likelihood(curve: Curve, days: Sequence[float], means: Sequence[float]) -> Floats:
    """The logarithm of how well each candidate foretold every stretch from the extraction before it."""
    total = np.zeros_like(curve.ceiling)
    for (then, before), (day, rate) in pairwise(zip(days, means, strict=True)):
        expected = np.maximum(curve.after(before, day - then) - before, 1e-6)
        total -= 0.5 * ((np.log(max(rate - before, 0.05)) - np.log(expected)) / curve.noise) ** 2 + np.log(curve.noise)
    return total


def _equally_likely(finals: Floats, noise: Floats, weight: Floats, left: float) -> Floats:
    """The candidates' values with the noise of the stretches still to come, as equally likely ones."""
    kept = weight > 1e-4
    ahead = noise[kept] / np.sqrt(np.clip(left / 7, 1.0, INDEPENDENT_STRETCHES))
    values = (finals[kept][:, None] * np.exp(ahead[:, None] * _NOISE_SCORES)).ravel()
    shares = np.repeat(weight[kept], len(_NOISE_SCORES))
    order = np.argsort(values)
    heights = (np.cumsum(shares[order]) - shares[order] / 2) / shares.sum()
    return np.asarray(np.interp((np.arange(DRAWS) + 0.5) / DRAWS, heights, values[order]))
