"""How a school's submitted surveys grow over the window: curves, paper batches, clean-ups, changed totals."""

from collections.abc import Sequence
from math import exp
from random import Random

Course = list[tuple[int, int]]
# Mean and spread of the final rate per group (assumed; 52% of parents is a published figure).
FINAL = {"Students": (0.85, 0.12), "Staff": (0.65, 0.20), "Parents": (0.55, 0.22)}
LAST_DAY = 49
MIDDLE_DAY = 14.5
STEEPNESS = 5.0
DECREASES, NEW_TOTALS, OVERSHOOTS = 0.005, 0.02, 0.01


def course(group: str, total: int, days: Sequence[int], paper: bool, rng: Random) -> Course:
    """(total, submitted) on each day; `paper` waits near zero for a batch and then jumps by 30 to 60 points."""
    rates = _paper_rates(days, rng) if paper else _curve(group, days, rng)
    counts = [round(total * rate) for rate in rates]
    totals = [total] * len(days)
    if not total:
        return list(zip(totals, counts, strict=True))
    if rng.random() < NEW_TOTALS:
        totals = _new_total(totals, rng)
    if rng.random() < DECREASES:
        counts = _cleaned_up(counts, rng)
    if rng.random() < OVERSHOOTS:
        counts = _overshot(counts, totals, rng)
    return list(zip(totals, counts, strict=True))


def _curve(group: str, days: Sequence[int], rng: Random) -> list[float]:
    mean, spread = FINAL[group]
    final = min(max(rng.gauss(mean, spread), 0.03), 0.99)
    middle = rng.gauss(MIDDLE_DAY, 3.5)
    least, most = _logistic(-middle), _logistic(LAST_DAY - middle)
    return [final * (_logistic(day - middle) - least) / (most - least) for day in days]


def _logistic(days_after_middle: float) -> float:
    return 1 / (1 + exp(-days_after_middle / STEEPNESS))


def _paper_rates(days: Sequence[int], rng: Random) -> list[float]:
    arrives = rng.uniform(15, 46)
    before, jump = rng.uniform(0, 0.02), rng.uniform(0.30, 0.60)
    return [before if day < arrives else before + jump + 0.003 * (day - arrives) for day in days]


def _new_total(totals: list[int], rng: Random) -> list[int]:
    at = rng.randrange(2, len(totals))
    new = max(1, totals[0] + rng.choice((-1, 1)) * max(1, round(totals[0] * rng.uniform(0.02, 0.12))))
    return totals[:at] + [new] * (len(totals) - at)


def _cleaned_up(counts: list[int], rng: Random) -> list[int]:
    """From one extraction on, duplicates are gone: that count is below the one before."""
    at = rng.randrange(3, len(counts))
    gone = counts[at] - counts[at - 1] + max(1, counts[at - 1] // 12)
    return counts[:at] + [max(0, count - gone) for count in counts[at:]]


def _overshot(counts: list[int], totals: list[int], rng: Random) -> list[int]:
    """From one extraction on, more surveys came in than were expected."""
    at = rng.randrange(4, len(counts))
    over = [total + max(1, round(total * rng.uniform(0.01, 0.04))) for total in totals[at:]]
    return counts[:at] + sorted(over)
