"""The figures of bench/: how a goal in words is judged, and how several runs become one figure."""

import subprocess
import sys

import pytest

from bench.figures import Figure, together


@pytest.mark.parametrize(
    ("median", "beside", "goal", "met"),
    [
        (10.0, [], "p50 <= 15 ms, p99 <= 100 ms", True),
        (16.0, [], "p50 <= 15 ms", False),
        (0.9, [], "<= 1 s, then <= 0.5 s", True),
        (1252.0, [], "< 1,500 ms", True),
        (10.0, [2.0], "<= 5x COPY", True),
        (11.0, [2.0], "<= 5x COPY", False),
        (400.0, [100.0, 600.0], ">= 4x, >= 0.6x", True),
        (400.0, [100.0, 700.0], ">= 4x, >= 0.6x", False),
        (99.0, [], "<= 105x for 100x", True),
        (5.0, [], "-", None),
        (5.0, [], "flat", None),
    ],
)
def test_a_goal_in_words_is_judged_by_its_numbers(
    median: float, beside: list[float], goal: str, met: bool | None
) -> None:
    figure = Figure("work", "ms", [median], goal, {f"limit {nr}": [value] for nr, value in enumerate(beside)})
    assert figure.met() is met


def test_several_runs_become_one_figure_that_shows_the_ratio_of_each() -> None:
    runs = [[Figure("work", "s", [value], "<= 5x", {"COPY": [1.0]})] for value in (2.0, 4.0, 3.0)]
    (figure,) = together(runs)
    assert figure.told() == "3 s; 3.00x COPY (2.00, 4.00, 3.00)"
    assert figure.spread() == "2 to 4, 3 runs"


def test_ses_bench_says_which_parts_there_are() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from deploy.cli import app; app()", "bench", "nosuch"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "nosuch: not measured here. There are: events, main_job," in done.stderr
