"""Computes docs/scale.md from the measured costs: what 1, 10 and 100 districts need (`python -m bench.scale`)."""

import math
from collections.abc import Mapping
from pathlib import Path

from bench.figures import kept

PAGE = Path(__file__).parent.parent / "docs" / "scale.md"
DISTRICTS = (1, 10, 100)
UPLOADS_WITHIN = 3600  # seconds in which all districts upload on the morning of an extraction
REPORTS_WITHIN = 60  # seconds in which every school of every district reports
SCHOOLS = 1200
EXTRACTIONS_A_YEAR = 20
STRIKE_REPORTS_A_YEAR = 60_000  # ten days, five reports a school and day
FULL = 0.7  # of a core, before a second process is added
UPLOAD, REPORT = "district upload, 3,300 rows and 48 mails", "strike report"
NAMES = {
    "web": "web",
    "relay": "relay",
    "worker-ingest": "worker of ingest",
    "worker-rates": "worker of rates",
    "worker-notify": "worker of notify",
    "worker-tracker": "worker of tracker",
    "worker-sesr": "worker of sesr",
    "postgresql": "PostgreSQL",
    "broker": "broker",
}


def page() -> str:
    """The page for the kept figures; AssertionError when they were never measured."""
    upload, report = costs(UPLOAD), costs(REPORT)
    memory = medians("stack")["memory of the whole stack, idle (PSS)"]
    seconds = {"upload": sum(upload[name] for name in NAMES) / 1000, "report": sum(report[name] for name in NAMES)}
    busiest = max(NAMES, key=lambda name: report[name])
    return TEXT.format(
        costs="\n".join(f"| {NAMES[name]} | {upload[name]:.0f} | {report[name]:.2f} |" for name in NAMES),
        upload_seconds=f"{seconds['upload']:.2f}",
        report_ms=f"{seconds['report']:.1f}",
        heads=" | ".join(f"{count} district{'s' if count > 1 else ''}" for count in DISTRICTS),
        rules="|".join("---" for _ in range(len(DISTRICTS) + 1)),
        needs="\n".join(needs(upload, report, memory)),
        busiest=NAMES[busiest],
        most=f"{1000 / report[busiest]:.0f}",
        within=f"{SCHOOLS / (1000 / report[busiest]):.0f}",
        database=f"{report['postgresql']:.1f}",
        hundred=f"{busy(report['postgresql'], 100 * SCHOOLS / REPORTS_WITHIN):.1f}",
    )


def needs(upload: Mapping[str, float], report: Mapping[str, float], memory: float) -> list[str]:
    """A row a need, a column a number of districts."""
    uploads = {name: [busy(upload[name], count / UPLOADS_WITHIN) for count in DISTRICTS] for name in NAMES}
    reports = {name: [busy(report[name], count * SCHOOLS / REPORTS_WITHIN) for count in DISTRICTS] for name in NAMES}
    columns = range(len(DISTRICTS))
    disk = EXTRACTIONS_A_YEAR * upload["stored"] + STRIKE_REPORTS_A_YEAR * report["stored"]
    return [
        row("cores, all uploads within an hour", [f"{sum(uploads[name][at] for name in NAMES):.2f}" for at in columns]),
        row("cores, every school's report within a minute", [_sum(reports, at) for at in columns]),
        *(
            row(f"processes of the {NAMES[name]} for that minute", [str(processes(each)) for each in reports[name]])
            for name in ("web", "relay", "worker-sesr")
        ),
        row("cores of PostgreSQL in that minute", [f"{each:.1f}" for each in reports["postgresql"]]),
        row("memory at idle, one installation each", [f"{count * memory / 1000:.1f} GB" for count in DISTRICTS]),
        row("database, a year with ten days of strike", [f"{count * disk / 1e6:.1f} GB" for count in DISTRICTS]),
    ]


def _sum(reports: Mapping[str, list[float]], at: int) -> str:
    return f"{sum(reports[name][at] for name in NAMES):.1f}"


def row(name: str, cells: list[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


def busy(milliseconds: float, a_second: float) -> float:
    """Cores that work of so many milliseconds, so often a second, keeps busy."""
    return milliseconds / 1000 * a_second


def processes(cores: float) -> int:
    return max(1, math.ceil(cores / FULL))


def costs(what: str) -> dict[str, float]:
    """Milliseconds of processor time by program, and `stored` in KB, of one upload or report."""
    start = f"{what}: "
    return {name.removeprefix(start): value for name, value in medians("costs").items() if name.startswith(start)}


def medians(part: str) -> dict[str, float]:
    """Medians of a part's figures by name."""
    return {figure.name: figure.median for figure in kept(part)}


TEXT = """# Scale on paper

What more districts would need, computed from what one upload and one report were measured to cost (`make bench ARGS=costs`
measures, `python -m bench.scale` writes this page). Milliseconds of processor time on the machine of
[benchmarks.md](benchmarks.md):

| program | a district's upload with its mails | a strike report |
|---|---|---|
{costs}

An upload costs {upload_seconds} s of processor time in all, a strike report {report_ms} ms.

An installation serves one district: its schemas have no column for a district, and nothing is shared between two.
More districts are more installations, which may share machines and a PostgreSQL cluster (a database each); each has a
broker of its own. The loads below are the worst that we could think of: all districts upload in the same hour, and in a strike
all schools of all districts report within the same minute.

| need | {heads} |
|{rules}|
{needs}

## Where it gets tight first

- Uploads never do: an hour of them keeps less than a core busy for many districts.
- In a strike the {busiest} is the first: one child records about {most} reports a second, so {within} s for the 1,200 reports
  of a district, which are safe in PostgreSQL before the school gets its receipt. `python -m shared.delivery.worker sesr 4` runs four
  children: the fold of one incident is taken one at a time, all else on the way (message, arrival, receipt) side by side.
- Then the web: add processes behind Caddy; a session is a row, so any process serves anybody.
- Then PostgreSQL, at {database} ms of one core a report: {hundred} cores for a hundred districts in the same minute is
  one large server, or several clusters, since districts share nothing. Watch commits: a disk that needs 2 ms for a flush wants
  `commit_delay` or grouped commits before it wants more cores.
- The broker holds messages only while they are under way; it is the last to be full.

History does not slow the pages: tables are measured flat with four hundred times the rows, boards from the
second day of a strike on, in [benchmarks.md](benchmarks.md).
"""

if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"{PAGE.name} written")
