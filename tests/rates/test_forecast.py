"""The forecast of final rates, against curves simulated here: its error, its range, and when it says nothing."""

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from services.rates.rules.curves import Curves, FinalRates, Floats, widths_needed
from services.rates.rules.forecast import final_rates

WEEKS = (0.0, 7.0, 14.0, 21.0, 28.0, 35.0, 42.0)
CLOSES = 42.0
ROOT = Path(__file__).parents[2]


def respond(seed: int, schools: int = 120, ceiling: float = 55, days: float = 15) -> Floats:
    """Rates at WEEKS of schools whose every family decides by itself on an exponentially distributed day, if ever."""
    rng = random.Random(seed)
    rates = []
    for _ in range(schools):
        families, share, mean = rng.randint(150, 600), rng.gauss(ceiling, 8) / 100, days * rng.uniform(0.85, 1.15)
        answers = [rng.expovariate(1 / mean) for _ in range(families) if rng.random() < share]
        rates.append([100 * sum(answer <= day for answer in answers) / families for day in WEEKS])
    return np.array(rates)


def term(rates: Floats, weeks: int = len(WEEKS) - 1) -> Curves:
    return Curves(np.array(WEEKS[: weeks + 1]), rates[:, : weeks + 1], CLOSES)


def mean_error(said: FinalRates, final: Floats) -> float:
    return float(np.mean(abs(said.likely - final)))


def covered(said: Sequence[FinalRates], finals: Sequence[Floats]) -> float:
    inside = [(each.low <= final) & (final <= each.high) for each, final in zip(said, finals, strict=True)]
    return float(np.mean(np.concatenate(inside)))


@pytest.mark.parametrize(("weeks", "worst"), [(1, 12.0), (2, 6.0), (3, 4.5), (4, 3.0)])
def test_without_history_the_pooled_curve_beats_the_last_value_by_far(weeks: int, worst: float) -> None:
    for seed in (1, 2, 3):
        rates = respond(seed)
        error = mean_error(final_rates(term(rates, weeks)), rates[:, -1])
        assert error <= worst
        assert error < 0.6 * float(np.mean(rates[:, -1] - rates[:, weeks]))


@pytest.mark.parametrize(("weeks", "worst"), [(1, 4.5), (2, 3.0), (3, 2.5), (4, 2.0)])
def test_an_earlier_term_of_another_level_tells_where_schools_end(weeks: int, worst: float) -> None:
    before, now = respond(11, ceiling=50), respond(12, ceiling=55)
    assert mean_error(final_rates(term(now, weeks), [term(before)]), now[:, -1]) <= worst


def test_the_range_holds_about_eighty_of_a_hundred_finals_of_many_years() -> None:
    levels = {seed: random.Random(seed).uniform(40, 70) for seed in range(20, 30)}
    years = [respond(seed, 80, level, 13 + seed % 5) for seed, level in levels.items()]
    for weeks in (2, 3, 4):
        said = [final_rates(term(now, weeks), [term(before)]) for before, now in pairwise(years)]
        assert 0.72 <= covered(said, [now[:, -1] for now in years[1:]]) <= 0.95


def test_a_wide_range_that_held_everybody_vouches_for_no_narrow_one() -> None:
    today = np.linspace(30.0, 40.0, 50)

    def ranges(width: float, middle: float = 0.0) -> FinalRates:
        return FinalRates(today + middle - width / 2, today + middle, today + middle + width / 2)

    held = widths_needed(ranges(4), today, [ranges(40, middle=1.0)])
    narrow = widths_needed(ranges(4), today, [ranges(4, middle=0.1)])
    missed = widths_needed(ranges(4), today, [ranges(40, middle=1.0), ranges(4, middle=6.0)])
    assert held > 0.7 and narrow == 0.5 and missed > 1.4


RATES = arrays.arrays(
    np.float64,
    st.tuples(st.integers(1, 30), st.integers(1, 6)),
    elements=st.floats(0, 130, allow_nan=False) | st.just(float("nan")),
)


@settings(max_examples=60, deadline=None)
@given(RATES, st.booleans(), st.integers(0, 3))
def test_the_range_is_ordered_and_between_what_is_submitted_and_all(rates: Floats, history: bool, late: int) -> None:
    now = Curves(np.arange(rates.shape[1], dtype=np.float64) * 7 + late, rates, 49.0)
    low, likely, high = final_rates(now, [term(respond(5, 30))] if history else [])
    known, newest = np.isfinite(likely), rates[:, -1]
    assert not known[np.isnan(newest)].any()
    assert (newest[known] <= low[known] + 1e-9).all()
    assert ((low <= likely + 1e-9) & (likely <= high + 1e-9))[known].all()
    assert (high[known] <= np.maximum(newest[known], 100) + 1e-9).all()


def test_the_order_of_the_schools_does_not_matter() -> None:
    rates = respond(6, 40)
    turned = np.random.default_rng(1).permutation(40)
    for earlier in ((), [term(respond(7, 40))]):
        said, again = final_rates(term(rates, 3), earlier), final_rates(term(rates[turned], 3), earlier)
        np.testing.assert_allclose(np.array(said)[:, turned], np.array(again), atol=1e-6)


def test_a_term_of_daily_extractions_is_forecast_from_two_dozen_of_them_the_newest_among_them() -> None:
    days = np.arange(0.0, 120.0)
    shares = 1 - np.exp(-days / 25)
    rates = np.linspace(10, 80, 30)[:, None] * shares[None, :]
    kept = [round(n * 119 / 23) for n in range(24)]
    every, some = (final_rates(Curves(days[at], rates[:, at], 150.0)) for at in (np.arange(120), np.array(kept)))
    assert all(np.array_equal(one, other) for one, other in zip(every, some, strict=True))
    assert float(np.mean(np.abs(every.likely - np.linspace(10, 80, 30) * (1 - np.exp(-6))))) < 2


def test_nothing_is_said_where_nothing_can_be_known() -> None:
    rates = respond(8, 20)
    few, opening = term(rates[:5], 3), term(rates, 0)
    closed = Curves(np.array(WEEKS), rates, CLOSES)
    for now in (few, opening, closed):
        assert np.isnan(np.array(final_rates(now))).all()
    unfinished = Curves(np.array(WEEKS[:4]), rates[:, :4], CLOSES)
    assert np.isnan(np.array(final_rates(few, [unfinished]))).all()
    assert np.isfinite(np.array(final_rates(few, [term(rates)]))).all()


def test_a_silent_school_may_wake_as_far_as_those_that_did() -> None:
    rates = respond(9, 60)
    rates[:24] = 0.5
    for school in range(16):
        rates[school, 2 + school % 2 :] = 45.0
    said = final_rates(term(rates, 3))
    assert said.low[20] < 5
    assert said.high[20] > 35
    rates[:24] = 0.5
    assert final_rates(term(rates, 5)).likely[20] < 5


def test_paper_that_came_at_once_is_not_taken_for_a_pace() -> None:
    rates = respond(10, 60)
    rates[:20] = 0.5
    rates[:20, 3:] = 45.0
    said = final_rates(term(rates, 3))
    assert said.likely[0] < 45 + 0.75 * float(np.mean(said.likely[20:] - rates[20:, 3])) + 1


def test_the_earlier_window_may_be_longer_and_its_extractions_others() -> None:
    rates = respond(13)
    stretched = Curves(np.array(WEEKS)[[0, 2, 3, 5, 6]] * 2, rates[:, [0, 2, 3, 5, 6]], 2 * CLOSES)
    now = respond(14)
    assert mean_error(final_rates(term(now, 3), [stretched]), now[:, -1]) < 3


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench.forecast", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_bench_judges_files_of_curves_and_prints_json_alone(tmp_path: Path) -> None:
    days = [f"2027-03-{day:02d}" for day in range(1, 30)]
    for name, seed in (("now", 15), ("before", 16)):
        rates = respond(seed, 30)
        lines = [",".join(["place", *days])]
        lines += [
            ",".join([str(n), *(f"{np.interp(d, WEEKS, row):.1f}" for d in range(29))]) for n, row in enumerate(rates)
        ]
        (tmp_path / f"{name}.csv").write_text("\n".join(lines))
    file, earlier = str(tmp_path / "now.csv"), str(tmp_path / "before.csv")
    dates = ("--opens", "2027-03-01", "--closes", "2027-03-29", "--json")
    alone, informed = run(file, *dates), run(file, "--earlier", earlier, *dates)
    weeks = [json.loads(each.stdout)["weeks"] for each in (alone, informed)]
    assert [[week["week"] for week in each] for each in weeks] == [[1, 2, 3], [1, 2, 3]]
    assert all(week["mean_error"] < week["last_value_error"] for each in weeks for week in each[:2])
    assert all(0 <= week["coverage"] <= 1 < week["width"] for week in weeks[1])
    wrong = run(file, "--opens", "2026-03-01", *dates[2:])
    assert (wrong.returncode, "no column 2026-03-01" in wrong.stderr, wrong.stdout) == (1, True, "")
