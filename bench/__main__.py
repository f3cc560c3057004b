"""Runs measurements and writes docs/benchmarks.md: `python -m bench [NAME...]`, all of them without a name."""

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

from bench import scale
from bench.figures import RESULTS, Figure, keep, kept, together

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
PARTS = {
    "events": "An event from one service to another",
    "main_job": "The main job: upload to mail",
    "ingest": "Files in",
    "rates": "Response rates: tiers, table, export",
    "notify": "Alerts: planning and sending",
    "tracker": "Progress tracker",
    "sesr": "Strike reports",
    "costs": "What an upload and a report cost",
    "faults": "Recovery after faults",
    "stack": "The whole installation on one machine",
}
HEAD = """# Benchmarks

Every figure stands beside its limit or peer, measured in the same run on the same machine (2 cores, shared); compare ratios, not
seconds. `make bench` measures all of them and writes this page, [scale.md](scale.md) and the JSON files in `bench/results/`;
`make bench ARGS=NAME` (or `ses bench NAME`) measures one part, `ARGS="--runs 3"` everything three times. Medians over all
runs; the spread is smallest to largest; where a part ran several times, the ratio is followed by that of each run.

"""
# What the pandas script took for a district's XLSX on the machine on which the goals were set.
PANDAS_THEN = 0.51
# Why a goal is missed, by what is in the figure's name, the first that fits; the decisions and bench/costs.py have the measurements.
REASONS = {
    "district upload answered": "48 mails with workbooks are built, some 0.9 s of processor time in notify alone (costs"
    " below); the usual chain without them takes about as long",
    "48 digests and mails planned": "divided as said above it is within the goal; a third is reading what stands, two"
    " fifths writing 48 mails in words and rows",
    "event commit to effect": "about the goal from run to run, on a machine slower than that of the goals",
    "strike report POST": "about four times the plain route from run to run; the median of the runs decides",
    "48 mails: last group": "as above: building is most of it, the mail server of the measurement takes the rest",
    "60 mails to a server": "building them, as above, beside six connections of four answers each",
    "the same rows in another file": "every row is read, checked and compared with what is there, which is most of it;"
    " nothing is written",
    "3,900 rows XLSX": "about half of it from run to run; every row is checked, kept with its history and told, which the script"
    " does not do",
    "300,000 rows": "the tables alone are ten times COPY: rows with keys and history in both services, and each row in an"
    " outbox and an inbox ([decision 7](decisions/0007-rows-are-held-once-and-copied.md))",
    "table page": "all rows on one page; beside a bare GET with one query it takes three to six times as long in every run",
    "board of": "it is compared with the day before; flat in history"
    " ([decision 13](decisions/0013-a-board-is-as-quick-on-the-hundredth-day.md))",
}
MARKS = {True: "yes", False: "**no**", None: ""}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(PARTS)}; none: all")
    parser.add_argument("--runs", type=int, default=1, help="how often each part is run")
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.names if name not in PARTS]
    if unknown:
        sys.exit(f"{', '.join(unknown)}: not measured here. There are: {', '.join(PARTS)}.")
    failed = [name for name in chosen.names or PARTS if not measured(name, chosen.runs)]
    PAGE.write_text(page())
    scale.PAGE.write_text(scale.page())
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def measured(name: str, runs: int) -> bool:
    """Runs a part so often and keeps its figures together; False when it failed."""
    taken = []
    for _ in range(runs):
        if subprocess.run([sys.executable, "-m", f"bench.{name}"], cwd=ROOT, check=False).returncode:
            return False
        taken.append(kept(name))
    keep(name, together(taken))
    return True


def page() -> str:
    """The page of all kept figures."""
    parts = [name for name in PARTS if (RESULTS / f"{name}.json").exists()]
    return (
        HEAD
        + machine()
        + in_short([figure for name in parts for figure in kept(name)])
        + "\n".join(map(section, parts))
    )


def machine() -> str:
    """How long the same script takes here and took where the goals in seconds were set; nothing before it was run."""
    figures = kept("ingest") if (RESULTS / "ingest.json").exists() else []
    peers = [seconds for figure in figures for seconds in figure.beside.get("pandas", [])]
    if not peers:
        return ""
    now = statistics.median(peers)
    return (
        f"Goals in seconds were set on a machine where the pandas script for 3,900 rows XLSX took {PANDAS_THEN} s. In the run"
        f" below it took {now:.2f} s: divide by {now / PANDAS_THEN:.1f} to compare. What stands beside a figure needs no such help.\n\n"
    )


def in_short(figures: list[Figure]) -> str:
    """How many goals are met, and by name those that are not."""
    judged = [(figure, figure.met()) for figure in figures]
    missed = [
        f"- {figure.name}: {figure.told()}; goal {figure.goal}{reason(figure)}\n"
        for figure, met in judged
        if met is False
    ]
    count = sum(met is not None for _, met in judged)
    start = f"**{count - len(missed)} of {count} goals are met.**"
    return f"{start} Missed:\n\n{''.join(missed)}\n" if missed else f"{start}\n\n"


def reason(figure: Figure) -> str:
    """Why its goal is missed, where that was looked into."""
    known = [why for words, why in REASONS.items() if words in figure.name]
    return f". {known[0][0].upper()}{known[0][1:]}." if known else ""


def section(name: str) -> str:
    """The table of one part, from its kept figures."""
    head = f"## {PARTS[name]}\n\n| work | median | spread | beside it, same run | goal | met |\n|---|---|---|---|---|---|\n"
    return head + "".join(_row(figure) for figure in kept(name))


def _row(figure: Figure) -> str:
    cells = [figure.name, f"{figure.median:.4g} {figure.unit}", figure.spread(), figure.told_beside(), figure.goal]
    return f"| {' | '.join([*cells, MARKS[figure.met()]])} |\n"


if __name__ == "__main__":
    main(sys.argv[1:])
