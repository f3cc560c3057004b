"""Runs measurements and writes docs/benchmarks.md: `python -m bench [NAME...]`, all of them without a name."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import scale
from bench.figures import RESULTS

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
    "stack": "The whole installation on one machine",
}
HEAD = """# Benchmarks

Every figure stands beside its limit or peer, measured in the same run on the same machine (2 cores, shared); compare ratios, not
seconds. `make bench` measures all of them and writes this page and the JSON files in `bench/results/`;
`python -m bench NAME` measures one part. Medians; the spread is smallest to largest.

"""


def main(names: list[str]) -> None:
    wanted = names or list(PARTS)
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        sys.exit(f"{', '.join(unknown)}: not measured here. There are: {', '.join(PARTS)}.")
    failed = [
        name
        for name in wanted
        if subprocess.run([sys.executable, "-m", f"bench.{name}"], cwd=ROOT, check=False).returncode
    ]
    PAGE.write_text(page())
    scale.PAGE.write_text(scale.page())
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def page() -> str:
    """The page of all kept figures."""
    return HEAD + "\n".join(section(name) for name in PARTS if (RESULTS / f"{name}.json").exists())


def section(name: str) -> str:
    """The table of one part, from its kept figures."""
    figures: list[dict[str, Any]] = json.loads((RESULTS / f"{name}.json").read_text())
    head = f"## {PARTS[name]}\n\n| work | median | spread | beside it, same run | goal |\n|---|---|---|---|---|\n"
    return head + "".join(_row(figure) for figure in figures)


def _row(figure: dict[str, Any]) -> str:
    values = figure["values"]
    spread = f"{min(values):.3g} to {max(values):.3g}, {len(values)} runs" if len(values) > 1 else "one run"
    beside = ", ".join(f"{ratio:.2f}x {name}" for name, ratio in figure["ratios"].items())
    return f"| {figure['name']} | {figure['median']:.4g} {figure['unit']} | {spread} | {beside} | {figure['goal']} |\n"


if __name__ == "__main__":
    main(sys.argv[1:])
