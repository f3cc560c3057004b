"""Generated response curves of a district: logistic, with schools that stay near zero until a batch of paper arrives.

Finals are 55 % with a standard deviation of 22 (parents), 85 and 12 (students), 65 and 20 (staff); 15 % of the parents' rows
stay at 0 to 2 %, clustered by director, until a batch lifts them by 30 to 60 points; 0.5 % of the rows fall once (a clean-up),
2 % get another total, 1 % end above 100 %. Seven weeks, an extraction a week and two in the middle of a week.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Generator = np.random.Generator

DAYS = (0, 4, 7, 11, 14, 21, 28, 35, 42, 49)
CLOSES = 49
DIRECTORS, PER_DIRECTOR = 48, 24
# The middle of the logistic in days: about 60 % of the parents' rows are in Tier 1 in week two and 8 % at the close.
MIDDLE, MIDDLE_SPREAD = 14.0, 2.5
STEEPNESS = (5.0, 10.0)
CLEANED_UP, OTHER_TOTAL, OVERSHOOT = 0.005, 0.02, 0.01


class Group(NamedTuple):
    """A respondent group: final rate and its standard deviation in percent, median total, share of silent rows."""

    name: str
    final: float
    spread: float
    total: float
    silent: float


GROUPS = (
    Group("Parents", 55, 22, 330, 0.15),
    Group("Students", 85, 12, 160, 0.0),
    Group("Staff", 65, 20, 42, 0.0),
)


def generate(group: Group, seed: int, directors: int = DIRECTORS) -> tuple[Floats, Floats]:
    """Surveys submitted and totals of a group's schools, both (schools, DAYS)."""
    rng = np.random.default_rng([seed, GROUPS.index(group)])
    days, schools = np.array(DAYS, float), directors * PER_DIRECTOR
    totals = np.maximum(np.round(group.total * np.exp(rng.normal(0, 0.5, schools))), 8)
    rates = _logistic(rng, np.clip(rng.normal(group.final, group.spread, schools), 1, 100), days)
    rates = np.where(_silent(rng, group, directors)[:, None], _batches(rng, days, schools), rates)
    over = np.where(rng.random(schools) < OVERSHOOT, 104 / np.maximum(rates[:, -1], 1), 1.0)
    whole = _changing(rng, totals)
    return _falling(rng, np.round(rates * over[:, None] * totals[:, None] / 100)), whole


def _logistic(rng: Generator, finals: Floats, days: Floats) -> Floats:
    """Rates from nothing at the opening to the finals at the close, each school with a middle and a steepness of its own."""
    middle = rng.normal(MIDDLE, MIDDLE_SPREAD, finals.size)[:, None]
    steepness = rng.uniform(*STEEPNESS, finals.size)[:, None]
    grown = 1 / (1 + np.exp(-(days - middle) / steepness))
    return finals[:, None] * (grown - grown[:, :1]) / (grown[:, -1:] - grown[:, :1])


def _falling(rng: Generator, counts: Floats) -> Floats:
    """A few counts fall by a tenth from some day on (a clean-up)."""
    falls = np.flatnonzero(rng.random(len(counts)) < CLEANED_UP)
    for school, column in zip(falls, rng.integers(2, len(DAYS) - 1, falls.size), strict=True):
        counts[school, column:] = np.maximum(counts[school, column:] - np.ceil(0.1 * counts[school, column]), 0)
    return counts


def _silent(rng: Generator, group: Group, directors: int) -> NDArray[np.bool_]:
    """Which schools wait for paper: half of those of a few directors' many, so that they come in clusters."""
    clusters = rng.permutation(directors) < round(2 * group.silent * directors)
    return np.repeat(clusters, PER_DIRECTOR) & (rng.random(directors * PER_DIRECTOR) < 0.5)


def _batches(rng: Generator, days: Floats, schools: int) -> Floats:
    """Rates that stay at 0 to 2 % until the batch's day, then 30 to 60 points higher."""
    before = rng.uniform(0, 2, schools)[:, None] * np.minimum(days / 14, 1)
    return before + np.where(days >= rng.uniform(10, 46, schools)[:, None], rng.uniform(30, 60, schools)[:, None], 0.0)


def _changing(rng: Generator, totals: Floats) -> Floats:
    """Totals at each day: 2 % of the schools get another one once."""
    whole = np.repeat(totals[:, None], len(DAYS), axis=1)
    for school in np.flatnonzero(rng.random(totals.size) < OTHER_TOTAL):
        whole[school, rng.integers(1, len(DAYS)) :] = max(np.round(totals[school] * rng.uniform(0.9, 1.1)), 8)
    return whole
