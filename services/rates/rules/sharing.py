"""How schools share in the average growth, learned from the same term's earlier extractions, without an earlier term."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
from services.rates.rules.growth import remaining_growth
from services.rates.rules.silence import final_of_silent, jumped, silent

# Stretches in which fewer schools were under way say nothing about how they differ.
FEWEST_UNDER_WAY = 10
LEAST_SHARE = 0.1
RESIDUALS = np.linspace(0.025, 0.975, 20)


class Slopes(NamedTuple):
    """How much larger a school's share is per unit of its level, and of its recent growth, above the average."""

    level: float
    recent: float


# Before any data: a school twice as high as the average grows half as much more. It counts as half a stretch.
USUAL_SLOPES, USUAL_WEIGHT = Slopes(0.5, 0.2), 0.5
# A school that paper has just lifted takes half its share before any like it was seen, counted as ten schools.
JUMPED_SHARE, JUMPED_SCHOOLS = 0.5, 10


class Spread(NamedTuple):
    """How schools differed over a stretch: its average growth in points, their slopes, the quantiles of what was left."""

    growth: float
    slopes: Slopes
    residuals: Floats


def final_rates_alone(term: Curves) -> FinalRates:
    """The forecast from this term's extractions alone, its ranges as wide as earlier ones ought to have been for today."""
    today = term.rates[:, -1]
    checks = [
        uncalibrated(Curves(term.days[: column + 1], term.rates[:, : column + 1], float(term.days[-1])))
        for column in range(1, term.days.size - 1)
        if term.days[-1] - term.days[column] >= SHORTEST_STRETCH
        and np.isfinite(term.rates[:, column]).sum() >= FEWEST_UNDER_WAY
    ]
    said = uncalibrated(term)
    return widened(said, widths_needed(said, today, checks), today)


def uncalibrated(term: Curves) -> FinalRates:
    """The forecast as the curve and the schools' differences give it; the newest extraction must hold a few schools."""
    newest = term.rates[:, -1]
    waiting = silent(newest)
    active = np.isfinite(newest) & ~waiting
    means = average_curve(term, active)
    growth = remaining_growth(term.days.tolist(), means.tolist(), term.closes)
    spreads = [found for column in range(term.days.size - 1) if (found := spread_since(term, column)) is not None]
    typical = float(np.median(growth))
    slopes = usual_slopes(typical, spreads)
    residuals = residuals_for(typical, spreads)
    taken = shares(newest, float(means[-1]), recent_growth(term, term.days.size - 1), slopes)
    taken = taken * share_after_jump(term, slopes)
    ahead = np.quantile((growth[:, None] + typical * residuals[None, :]).ravel(), QUANTILES)
    ends = newest + taken * np.maximum(ahead, 0.0)[:, None]
    if waiting.any():
        ends[:, waiting] = final_of_silent(term, ends[1], waiting)
    return FinalRates(*np.minimum(ends, np.maximum(newest, 100.0)))


def average_curve(term: Curves, active: NDArray[np.bool_]) -> Floats:
    """The average rate at each extraction: that of the newest, less the growth of the schools that were under way."""
    means = [float(np.mean(term.rates[active, -1]))]
    for column in range(term.days.size - 1, 0, -1):
        before, after = term.rates[:, column - 1], term.rates[:, column]
        counted = np.isfinite(before) & np.isfinite(after) & ~silent(before)
        grown = float(np.mean((after - before)[counted])) if counted.any() else 0.0
        means.append(max(means[-1] - grown, 0.0))
    return np.array(means[::-1])


def shares(rates: Floats, mean: float, recent: Floats, slopes: Slopes) -> Floats:
    """How much of the average growth schools take by their rates and their recent growth (0 is the average)."""
    return np.maximum(1 + slopes.level * (rates / max(mean, 0.1) - 1) + slopes.recent * recent, LEAST_SHARE)


def recent_growth(term: Curves, column: int) -> Floats:
    """How much more than the average each school grew lately, as a share of it; 0 where that is absent or a jump."""
    before = int(np.searchsorted(term.days, term.days[column] - SHORTEST_STRETCH, side="right")) - 1
    if before < 0:
        return np.zeros(len(term.rates))
    was = term.rates[:, before]
    grown = np.where(silent(was), np.nan, term.rates[:, column] - was)
    known = np.isfinite(grown)
    mean = float(np.mean(grown[known])) if known.any() else 0.0
    return np.nan_to_num(np.clip(grown / mean - 1, -2.0, 2.0)) if mean > LEAST_GROWTH else np.zeros(len(was))


def spread_since(term: Curves, column: int) -> Spread | None:
    """How schools under way differed from an extraction to the newest; None where nothing grew or few were there."""
    before, after = term.rates[:, column], term.rates[:, -1]
    counted = np.isfinite(before) & np.isfinite(after) & ~silent(before)
    if counted.sum() < FEWEST_UNDER_WAY:
        return None
    rates, growth = before[counted], (after - before)[counted]
    mean, level = float(np.mean(growth)), float(np.mean(rates))
    if mean <= LEAST_GROWTH:
        return None
    recent = recent_growth(term, column)[counted]
    above = np.column_stack([rates / max(level, 0.1) - 1, recent])
    found, *_ = np.linalg.lstsq(above, growth / mean - 1)
    slopes = Slopes(*(float(slope) for slope in np.clip(found, 0.0, 1.0)))
    return Spread(mean, slopes, np.quantile(growth / mean / shares(rates, level, recent, slopes) - 1, RESIDUALS))


def usual_slopes(growth: float, spreads: list[Spread]) -> Slopes:
    """The slopes of the stretches so far, those that grew about as much counting most, with one from before any data."""
    near = [np.exp(-abs(np.log(each.growth / max(growth, LEAST_GROWTH)))) for each in spreads]
    level, recent = np.average(
        [USUAL_SLOPES, *(each.slopes for each in spreads)], axis=0, weights=[USUAL_WEIGHT, *near]
    )
    return Slopes(float(level), float(recent))


def residuals_for(growth: float, spreads: list[Spread]) -> Floats:
    """What was left in the stretches whose growth was nearest to this one, between two on the line of the logarithm."""
    if not spreads:
        return np.zeros(1)
    ordered = sorted(spreads, key=lambda each: each.growth)
    grown = np.log([each.growth for each in ordered])
    at = float(np.interp(np.log(max(growth, LEAST_GROWTH)), grown, np.arange(len(ordered))))
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below].residuals * (1 - at + below) + ordered[above].residuals * (at - below)


def share_after_jump(term: Curves, slopes: Slopes) -> Floats:
    """How much of its share a school takes that paper has lifted, as those before did since; 1 for the others."""
    taken, seen = JUMPED_SCHOOLS * JUMPED_SHARE, float(JUMPED_SCHOOLS)
    for column in range(1, term.days.size - 1):
        before, after = term.rates[:, column], term.rates[:, -1]
        both = np.isfinite(before) & np.isfinite(after) & ~silent(before)
        lifted = both & jumped(term, column)
        steady = both & ~lifted
        grown = float(np.mean((after - before)[steady])) if steady.any() else 0.0
        if lifted.any() and grown > LEAST_GROWTH:
            fair = grown * shares(before[lifted], float(np.mean(before[steady])), np.zeros(int(lifted.sum())), slopes)
            taken, seen = taken + float(np.sum((after - before)[lifted] / fair)), seen + int(lifted.sum())
    return np.where(jumped(term, term.days.size - 1), np.clip(taken / seen, 0.0, 1.5), 1.0)
