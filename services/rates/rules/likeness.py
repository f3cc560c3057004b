"""The forecast from earlier terms: a school ends as those ended that stood alike at the same part of their window.

Alike means near in rate and in what was gained lately, both as log odds. What they still gained, in log odds, is the school's
forecast: the median and the range that held 80 of 100 of them. Paper batches and stalls come with the schools that had them.
This year's pace against the earlier terms', and how well the same forecast did at this term's earlier extractions, correct both.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from services.rates.rules.curves import (
    LEAST_GROWTH,
    QUANTILES,
    SHORTEST_STRETCH,
    Curves,
    FinalRates,
    Floats,
    widened,
    widths_needed,
)

# Log odds of rates outside these are taken as those of the nearest of them.
ODDS_BETWEEN = (0.5, 99.5)
# How many schools are alike: one in fifteen, between these.
ALIKE_SHARE, FEWEST_ALIKE, MOST_ALIKE = 15, 12, 150
# What was gained lately counts half as much as where a school stands.
RECENT_WEIGHT = 0.5
# How far what this term's pace has shown so far is taken to go on.
PACE_GOES_ON = 0.5
# Another year differs from the earlier ones by more than schools of one year among themselves.
ANOTHER_YEAR = 1.3


class Like(NamedTuple):
    """Where schools of earlier terms stood and what they still gained, in log odds."""

    level: Floats
    recent: Floats
    gained: Floats


def log_odds(rates: Floats) -> Floats:
    within = np.clip(rates, *ODDS_BETWEEN) / 100
    return np.asarray(np.log(within / (1 - within)))


def rate_of(odds: Floats) -> Floats:
    return np.asarray(100 / (1 + np.exp(-odds)))


def final_rates_like(term: Curves, earlier: Sequence[Curves]) -> FinalRates:
    """The forecast of each school from whole earlier terms; NaN for one that the newest extraction lacks."""
    checks = [
        (column, ends_by(term, column, float(term.days[-1]), earlier))
        for column in range(term.days.size - 1)
        if term.days[-1] - term.days[column] >= SHORTEST_STRETCH
    ]
    today = term.rates[:, -1]
    pace = pace_against(term, checks)
    said = ends_by(term, term.days.size - 1, term.closes, earlier)
    said = FinalRates(*(today + pace * (ends - today) for ends in said))
    factor = widths_needed(said, today, [check for column, check in checks if column], ANOTHER_YEAR)
    return widened(said, factor, today)


def pace_against(term: Curves, checks: Sequence[tuple[int, FinalRates]]) -> float:
    """This term's average growth so far against what earlier terms let expect, as far as that goes on."""
    ratios = []
    for column, said in checks:
        known = np.isfinite(term.rates[:, column]) & np.isfinite(term.rates[:, -1]) & np.isfinite(said.likely)
        expected = float(np.mean((said.likely - term.rates[:, column])[known])) if known.any() else 0.0
        grown = float(np.mean((term.rates[:, -1] - term.rates[:, column])[known])) if known.any() else 0.0
        if expected > LEAST_GROWTH and grown > LEAST_GROWTH:
            ratios.append(np.log(grown / expected))
    return float(np.exp(PACE_GOES_ON * np.clip(np.mean(ratios), -0.7, 0.7))) if ratios else 1.0


def ends_by(term: Curves, column: int, until: float, earlier: Sequence[Curves]) -> FinalRates:
    """Where schools that stood as they did at an extraction stand at a later day, by the earlier terms."""
    like = alike(term, float(term.days[column]), until, earlier)
    rates = term.rates[:, column]
    level, recent = log_odds(rates), recently(term, float(term.days[column]))
    ends = np.full((len(QUANTILES), len(rates)), np.nan)
    if not like.level.size:
        return FinalRates(*ends)
    count = int(np.clip(like.level.size // ALIKE_SHARE, min(FEWEST_ALIKE, like.level.size), MOST_ALIKE))
    wide, wide_recent = max(float(np.std(like.level)), 0.05), max(float(np.std(like.recent)), 0.05)
    for school in np.flatnonzero(np.isfinite(rates)):
        far = ((like.level - level[school]) / wide) ** 2
        far += (RECENT_WEIGHT * (like.recent - recent[school]) / wide_recent) ** 2
        near = np.argpartition(far, count - 1)[:count]
        ends[:, school] = rate_of(level[school] + np.quantile(like.gained[near], QUANTILES))
    held = rates - rate_of(level)
    return FinalRates(*(ends + held))


def alike(term: Curves, day: float, until: float, earlier: Sequence[Curves]) -> Like:
    """The schools of all earlier terms at the same part of their window, with what they gained until the later one."""
    parts = []
    for each in earlier:
        scale = each.closes / term.closes
        then, end = each.at(day * scale), each.at(until * scale)
        recent = recently(each, day * scale, SHORTEST_STRETCH * scale)
        known = np.isfinite(then) & np.isfinite(end) & np.isfinite(recent)
        parts.append(Like(log_odds(then)[known], recent[known], (log_odds(end) - log_odds(then))[known]))
    return Like(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def recently(term: Curves, day: float, stretch: float = 7.0) -> Floats:
    """What each school gained in log odds over the week before a day, or since the opening; 0 where that is absent."""
    before = max(day - stretch, 0.0)
    return np.nan_to_num(log_odds(term.at(day)) - log_odds(term.at(before)))
