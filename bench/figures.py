"""A measured figure: its runs beside its limit and its peers from the same run, and how it is printed and kept."""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass
class Figure:
    """`values` and those of `beside` (limits and peers, by name) are in `unit`; `goal` is GOALS in words."""

    name: str
    unit: str
    values: list[float]
    goal: str
    beside: dict[str, list[float]] = field(default_factory=dict)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def ratios(self) -> dict[str, float]:
        """The median as a multiple of the median of each limit and peer."""
        return {name: self.median / statistics.median(values) for name, values in self.beside.items() if values}

    def line(self) -> str:
        """One line for a person: median, spread, ratios, goal."""
        spread = f"{min(self.values):.3g}-{max(self.values):.3g}" if len(self.values) > 1 else "one run"
        told = ", ".join(f"{ratio:.2f}x {name}" for name, ratio in self.ratios().items())
        runs = f"{len(self.values)} runs, {spread}"
        return f"{self.name}: {self.median:.4g} {self.unit} ({runs}){'; ' + told if told else ''}; goal {self.goal}"


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


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
