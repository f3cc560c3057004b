"""How well the forecast of final rates holds: on a file of curves, or on generated ones; see docs/rates.md.

`python -m bench.forecast FILE.csv [--earlier FILE.csv] --opens DATE --closes DATE [--json]` and
`python -m bench.forecast --generated [--json]`. A file has a row per place and a column per day with the percent so far.
"""

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.curves import CLOSES, DAYS, GROUPS, generate
from services.rates.rules.curves import Curves, Floats
from services.rates.rules.forecast import final_rates
from shared.tiers import tier

SEED = 20
TOTALS = (120, 900)


class Places(NamedTuple):
    """Curves with the total of each place, so that rates are those of whole surveys; the last column is the close."""

    curves: Curves
    totals: Floats


class Judged(NamedTuple):
    """What a week's forecast and the last value are worth, per place: errors, widths and final rates in points."""

    error: Floats
    last_error: Floats
    right: NDArray[np.bool_]
    last_right: NDArray[np.bool_]
    covered: NDArray[np.bool_]
    width: Floats


def read(path: Path, opens: date, closes: date) -> Places:
    """A file's weekly extractions from the opening on, and the close; places with a blank in them are left out.

    ValueError names the file and the day that it lacks, or the value that is not a percent.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        header, *lines = csv.reader(file)
    days = [*range(0, (closes - opens).days, 7), (closes - opens).days]
    names = [(opens + timedelta(day)).isoformat() for day in days]
    if missing := [name for name in names if name not in header]:
        raise ValueError(f"{path} has no column {missing[0]}: give --opens and --closes that lie within its days")
    columns = [header.index(name) for name in names]
    try:
        rates = [
            [float(line[column]) for column in columns] for line in lines if all(line[column] for column in columns)
        ]
    except (ValueError, IndexError) as error:
        raise ValueError(f"{path} has a row without a percent for every day: {error}") from error
    return counted(Curves(np.array(days, float), np.array(rates), float(days[-1])))


def counted(curves: Curves) -> Places:
    """The curves in whole surveys of invented totals."""
    totals = np.random.default_rng(SEED).integers(*TOTALS, size=len(curves.rates), endpoint=True).astype(float)
    surveys = np.round(curves.rates * totals[:, None] / 100)
    return Places(Curves(curves.days, 100 * surveys / totals[:, None], curves.closes), totals)


def generated(seed: int) -> list[Places]:
    """The generated groups, each forecast by itself as in the product."""
    places = []
    for group in GROUPS:
        counts, totals = generate(group, seed)
        places.append(Places(Curves(np.array(DAYS, float), 100 * counts / totals, CLOSES), totals[:, -1]))
    return places


def tiers(rates: Floats, totals: Floats) -> list[int | None]:
    """The tier of each rate as whole surveys of its total."""
    return [
        tier(None if np.isnan(rate) else round(rate * total / 100), int(total))
        for rate, total in zip(rates, totals, strict=True)
    ]


def judge(places: Places, week: int, earlier: Sequence[Curves]) -> Judged:
    """The forecast after so many weeks against the end; it is given nothing that is later than that week."""
    curves, final = places.curves, places.curves.rates[:, -1]
    known = curves.days <= 7 * week
    said = final_rates(Curves(curves.days[known], curves.rates[:, known], curves.closes), earlier)
    last = curves.rates[:, known][:, -1]
    right = np.array(tiers(final, places.totals))
    return Judged(
        abs(said.likely - final),
        abs(last - final),
        np.array(tiers(said.likely, places.totals)) == right,
        np.array(tiers(last, places.totals)) == right,
        (said.low - 1e-9 <= final) & (final <= said.high + 1e-9),
        said.high - said.low,
    )


def measured(groups: Sequence[Places], earlier: Sequence[Curves] = ()) -> list[dict[str, float]]:
    """The figures of each week before the close, over all places of all groups."""
    weeks = range(1, int(np.ceil(groups[0].curves.closes / 7)))
    found = []
    for week in weeks:
        parts = [judge(places, week, earlier) for places in groups]
        whole = Judged(*(np.concatenate(column) for column in zip(*parts, strict=True)))
        found.append({"week": week, **figures(whole)})
    return found


def figures(whole: Judged) -> dict[str, float]:
    means: dict[str, NDArray[Any]] = {
        "mean_error": whole.error,
        "last_value_error": whole.last_error,
        "right_tier": whole.right,
        "last_value_right_tier": whole.last_right,
        "coverage": whole.covered,
        "width": whole.width,
    }
    return {name: round(float(np.nanmean(values)), 4) for name, values in means.items()}


def table(weeks: Sequence[dict[str, float]]) -> str:
    """The figures as lines that a person reads."""
    lines = [f"{'week':>4} {'error':>7} {'last':>7} {'tier':>6} {'last':>6} {'covers':>7} {'width':>6}"]
    lines += [
        f"{week['week']:>4.0f} {week['mean_error']:>7.2f} {week['last_value_error']:>7.2f} {week['right_tier']:>6.1%} "
        f"{week['last_value_right_tier']:>6.1%} {week['coverage']:>7.1%} {week['width']:>6.1f}"
        for week in weeks
    ]
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.forecast", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, help="curves: a row per place, a column per day")
    parser.add_argument("--earlier", type=Path, help="curves of an earlier term, with the same two dates")
    parser.add_argument("--opens", type=date.fromisoformat)
    parser.add_argument("--closes", type=date.fromisoformat)
    parser.add_argument("--generated", action="store_true", help="on generated curves of a district instead of a file")
    parser.add_argument("--seed", type=int, default=SEED, help="of the generated curves")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if not given.generated and not (given.file and given.opens and given.closes):
        parser.error("give a file with --opens and --closes, or --generated")
    return given


def main() -> None:
    given = arguments()
    try:
        if given.generated:
            weeks = measured(generated(given.seed))
        else:
            earlier = [read(given.earlier, given.opens, given.closes).curves] if given.earlier else []
            weeks = measured([read(given.file, given.opens, given.closes)], earlier)
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    print(json.dumps({"weeks": weeks}) if given.json else table(weeks))


if __name__ == "__main__":
    main()
