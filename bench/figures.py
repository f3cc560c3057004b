"""A measured figure: its runs beside its limit and its peers from the same run, and how it is printed and kept."""

import json
import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
_GOAL = re.compile(r"([<>]=?) ?([\d.,]*\d)(x?)")


@dataclass
class Figure:
    """`values` and those of `beside` (limits and peers, by name) are in `unit`; `goal` is what it should reach, in words.

    A number with an x in the goal is a multiple of what stands beside, in that order; another one is in `unit`.
    `by_run` holds the ratios of each run where a part was run several times.
    """

    name: str
    unit: str
    values: list[float]
    goal: str
    beside: dict[str, list[float]] = field(default_factory=dict)
    by_run: list[dict[str, float]] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def ratios(self) -> dict[str, float]:
        """The median as a multiple of the median of each limit and peer."""
        return {name: self.median / statistics.median(values) for name, values in self.beside.items() if values}

    def met(self) -> bool | None:
        """Whether the goal is reached; None where it names no number."""
        ratios = list(self.ratios().values()) or [self.median]
        verdicts = []
        for sign, number, times in _GOAL.findall(self.goal):
            value = ratios.pop(0) if times and ratios else self.median
            limit = float(number.replace(",", ""))
            verdicts.append(value >= limit if sign.startswith(">") else value <= limit)
            if not times:
                break  # what follows "then" is for later
        return all(verdicts) if verdicts else None

    def spread(self) -> str:
        if len(self.values) == 1:
            return "one run"
        return f"{min(self.values):.3g} to {max(self.values):.3g}, {len(self.values)} runs"

    def told_beside(self) -> str:
        """The ratios, each with those of the runs behind it."""
        told = []
        for name, ratio in self.ratios().items():
            each = ", ".join(f"{run[name]:.2f}" for run in self.by_run)
            told.append(f"{ratio:.2f}x {name}{f' ({each})' if each else ''}")
        return "; ".join(told)

    def told(self) -> str:
        """The median with what stands beside it."""
        beside = self.told_beside()
        return f"{self.median:.4g} {self.unit}{'; ' + beside if beside else ''}"

    def line(self) -> str:
        """One line for a person: median, ratios, spread, goal."""
        return f"{self.name}: {self.told()} ({self.spread()}); goal {self.goal}"


def timed(work: Callable[[], object], runs: int = 5) -> list[float]:
    """Seconds of each run."""
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return taken


def growth(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """The factor in time from the smallest to the largest size."""
    return seconds[-1] / seconds[0] if sizes[0] < sizes[-1] else 1.0


def keep(name: str, figures: Sequence[Figure]) -> None:
    """Writes the figures as JSON into bench/results, for docs/benchmarks.md."""
    RESULTS.mkdir(exist_ok=True)
    told = [{**asdict(figure), "median": figure.median, "ratios": figure.ratios()} for figure in figures]
    (RESULTS / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n")


def kept(name: str) -> list[Figure]:
    """The kept figures of a part."""
    told = json.loads((RESULTS / f"{name}.json").read_text())
    return [
        Figure(**{key: value for key, value in figure.items() if key not in ("median", "ratios")}) for figure in told
    ]


def together(runs: Sequence[Sequence[Figure]]) -> list[Figure]:
    """The figures of several runs of a part as one each."""
    if len(runs) == 1:
        return list(runs[0])
    return [_together(same) for same in zip(*runs, strict=True)]


def _together(same: Sequence[Figure]) -> Figure:
    first = same[0]
    values = [value for figure in same for value in figure.values]
    beside = {name: [value for figure in same for value in figure.beside[name]] for name in first.beside}
    return Figure(first.name, first.unit, values, first.goal, beside, [figure.ratios() for figure in same])


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
