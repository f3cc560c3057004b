"""Where response rates end when the window closes: the likely final rate of each school with a range that holds 80 of 100.

Schools of one respondent group are forecast together: what a school's own two or three extractions cannot say, its like can.
With an earlier term, like schools are those that stood alike then (`likeness`); without, the average grows along a curve
(`growth`), a school shares in it as schools of its level have so far, and differs as much as they have so far (`sharing`).
"""

from collections.abc import Sequence

import numpy as np

from services.rates.rules.curves import Curves, FinalRates, from_opening, nothing_known, thinned
from services.rates.rules.likeness import final_rates_like
from services.rates.rules.sharing import final_rates_alone

# A group of fewer schools than this says nothing about one of them.
FEWEST_SCHOOLS = 8


def final_rates(now: Curves, earlier: Sequence[Curves] = ()) -> FinalRates:
    """The forecast of every school of a group after its newest extraction; NaN where nothing can be said.

    Nothing is said for a school that the newest extraction lacks, without an earlier term in a group of a few schools or
    on the opening day, and once the window is closed.
    """
    term = thinned(from_opening(now))
    usable = [
        whole
        for whole in (thinned(from_opening(each)) for each in earlier)
        if whole.is_whole() and len(whole.rates) >= FEWEST_SCHOOLS
    ]
    if not term.days.size or term.days[-1] >= term.closes:
        return nothing_known(len(now.rates))
    if usable:
        return final_rates_like(term, usable)
    if term.days.size < 2 or np.isfinite(term.rates[:, -1]).sum() < FEWEST_SCHOOLS:
        return nothing_known(len(now.rates))
    return final_rates_alone(term)
