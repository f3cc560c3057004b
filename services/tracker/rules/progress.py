"""The district's decisions on progress: yearly targets that adjust to results, differences, and what they mean."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

AWAITING = "awaiting"
ON_TRACK = "on track"
OFF_TRACK = "off track"
MET = "met"
NOT_MET = "not met"
ABOVE_PATH = "above path"
STATUSES = (MET, NOT_MET, ON_TRACK, OFF_TRACK, ABOVE_PATH, AWAITING)
HIGHEST = Decimal(100)
# The district prints goals and results with one decimal and compares them so.
TENTH = Decimal("0.1")
Values = Sequence[Decimal | None]


class ProgressFacts(NamedTuple):
    """What follows from a baseline, a goal increase and results; percents unrounded, None where a value is awaited.

    `latest` is the last known value and `latest_period` its place, 0 for the baseline; `difference` is that of the last
    result, None where its target is not known; `gains` are the yearly changes
    between neighboring known values; `needed` is the gain to the next target.
    """

    goal: Decimal | None
    targets: list[Decimal | None]
    differences: list[Decimal | None]
    status: str
    difference: Decimal | None
    latest: Decimal | None
    latest_period: int | None
    gains: list[Decimal]
    needed: Decimal | None

    @property
    def is_over_hundred(self) -> bool:
        """Whether the goal is a percentage that nobody can reach; it stays the goal, and is a note beside it."""
        return self.goal is not None and self.goal > HIGHEST


def progress(baseline: Decimal | None, increase: Decimal | None, results: Values) -> ProgressFacts:
    """The whole row of an item; a blank is awaited, never zero."""
    goal = None if baseline is None or increase is None else baseline + increase
    values = (baseline, *results)
    steps = len(results)
    targets = [_target(values[year], goal, steps - year) for year in range(steps)]
    differences = [
        None if target is None or result is None else result - target
        for target, result in zip(targets, results, strict=True)
    ]
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    latest_period, latest = known[-1] if known else (None, None)
    last_known = next((value for value in reversed(differences) if value is not None), None)
    difference = differences[latest_period - 1] if latest_period else None
    needed = None
    if goal is not None and latest is not None and latest_period is not None and latest_period < steps:
        needed = (goal - latest) / (steps - latest_period)
    status = _status(goal, results, latest if latest_period else None, last_known)
    return ProgressFacts(goal, targets, differences, status, difference, latest, latest_period, gains(values), needed)


def _target(previous: Decimal | None, goal: Decimal | None, steps_left: int) -> Decimal | None:
    """The value before plus an equal share of what is left to the goal."""
    return None if previous is None or goal is None else previous + (goal - previous) / steps_left


def _status(goal: Decimal | None, results: Values, latest: Decimal | None, difference: Decimal | None) -> str:
    if goal is None:
        return AWAITING
    if results[-1] is not None:
        return MET if results[-1].quantize(TENTH) >= goal.quantize(TENTH) else NOT_MET
    if latest is not None and latest > goal:
        return ABOVE_PATH
    if difference is None:
        return AWAITING
    return ON_TRACK if difference >= 0 else OFF_TRACK


def gains(values: Values) -> list[Decimal]:
    """The changes from one year to the next, where both are known."""
    pairs = pairwise(values)
    return [after - before for before, after in pairs if before is not None and after is not None]


def projected(baseline: Decimal | None, increase: Decimal | None, results: Values) -> list[Decimal | None]:
    """Targets where the year before is missing: an even way from the last known value to the goal; else None.

    A projection is never a target: it stands in until the missing result is entered.
    """
    found: list[Decimal | None] = []
    values = (baseline, *results)
    for year in range(len(results)):
        if baseline is None or increase is None or values[year] is not None:
            found.append(None)
            continue
        place, last = next((p, values[p]) for p in range(year, -1, -1) if values[p] is not None)
        assert last is not None
        way = baseline + increase - last
        found.append(last + way * (year + 1 - place) / (len(results) - place))
    return found


def feasibility(
    needed: Decimal | None, best: Decimal | None, median: Decimal | None, goal: Decimal | None = None
) -> str:
    """The gain needed this year against the school's best yearly gain and the district's median, in words."""
    if goal is not None and goal > HIGHEST:
        return "goal over 100%"
    if needed is None:
        return "awaiting"
    if needed <= 0:
        return "goal reached"
    if median is not None and needed <= median:
        return "within a usual year"
    if best is None:
        return "no yearly gain known"
    return "within its best year" if needed <= best else "more than ever gained"
