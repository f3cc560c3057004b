"""Schools that have hardly begun while the others are well under way: their paper comes in a batch, or does not come."""

import numpy as np
from numpy.typing import NDArray

from services.rates.rules.curves import QUANTILES, Curves, Floats

Mask = NDArray[np.bool_]
# A school is silent while it is at most at 3% and at a fifth of the median, once the median is 5%.
SILENT_RATE, SILENT_SHARE, MEDIAN_SAYS = 3.0, 0.2, 5.0
# Before any was seen to wake, half of the silent schools wake within a window of seven stretches; counted as ten schools.
WAKING_SHARE, USUAL_STRETCHES, WAKING_SCHOOLS = 0.5, 7, 10


def silent(rates: Floats) -> Mask:
    """Which schools are silent at an extraction; none while nobody has answered much. An absent one is not."""
    known = rates[np.isfinite(rates)]
    median = float(np.median(known)) if known.size else 0.0
    if median < MEDIAN_SAYS:
        return np.zeros(len(rates), dtype=np.bool_)
    return np.asarray(rates <= min(SILENT_RATE, SILENT_SHARE * median))


def jumped(term: Curves, column: int) -> Mask:
    """The schools that were silent before an extraction and are no longer at it."""
    was = np.zeros(len(term.rates), dtype=np.bool_)
    for before in range(column):
        was |= silent(term.rates[:, before])
    return was & ~silent(term.rates[:, column])


def final_of_silent(term: Curves, likely: Floats, waiting: Mask) -> Floats:
    """Low, likely and high of the silent schools: they stay, or wake as often as silent ones have, to where those end."""
    share = _waking_still(term)
    like = jumped(term, term.days.size - 1) & np.isfinite(likely)
    known = like if like.sum() >= WAKING_SCHOOLS else ~waiting & np.isfinite(likely)
    stay, wake = term.rates[waiting, -1], likely[known]
    values = np.concatenate([stay, wake])
    weights = np.concatenate([np.full(stay.size, (1 - share) / stay.size), np.full(wake.size, share / wake.size)])
    order = np.argsort(values)
    ends = np.interp(QUANTILES, np.cumsum(weights[order]) - weights[order] / 2, values[order])
    return np.asarray(np.maximum(ends[:, None], stay))


def _waking_still(term: Curves) -> float:
    """The probability that a silent school still wakes before the close, by how many have in each stretch."""
    woke, waited = WAKING_SCHOOLS * (1 - (1 - WAKING_SHARE) ** (1 / USUAL_STRETCHES)), float(WAKING_SCHOOLS)
    for column in range(term.days.size - 1):
        before, after = silent(term.rates[:, column]), term.rates[:, column + 1]
        waited += int((before & np.isfinite(after)).sum())
        woke += int((before & np.isfinite(after) & ~silent(after)).sum())
    stretches = (term.closes - term.days[-1]) * (term.days.size - 1) / term.days[-1]
    return float(1 - (1 - woke / waited) ** stretches)
