"""What a school's reports of a day amount to: the same in whatever order and however often they are heard."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.sesr.rules.counts import Counts


class Told(NamedTuple):
    """A report as it was told; a correction has the time of counting of the one it supersedes."""

    report_id: UUID
    number: int
    counted_at: datetime
    received_at: datetime
    supersedes: UUID | None
    counts: Counts
    flags: dict[str, bool]


class Standing(NamedTuple):
    """The current report of a school and day, and when all its valid reports were counted."""

    report_id: UUID
    number: int
    counted_at: datetime
    received_at: datetime
    times: tuple[datetime, ...]
    counts: Counts
    flags: dict[str, bool]


def valid(told: Iterable[Told]) -> list[Told]:
    """The reports that no correction supersedes, each once, by time of counting."""
    each = {report.report_id: report for report in told}
    replaced = {report.supersedes for report in each.values()}
    return sorted((r for r in each.values() if r.report_id not in replaced), key=lambda r: (r.counted_at, r.number))


def standing_of(told: Iterable[Told]) -> Standing | None:
    """The latest counted of the valid reports; None where there is none."""
    reports = valid(told)
    if not reports:
        return None
    last = reports[-1]
    times = tuple(report.counted_at for report in reports)
    return Standing(last.report_id, last.number, last.counted_at, last.received_at, times, last.counts, last.flags)


def standings_of(told: Iterable[tuple[str, Told]]) -> dict[str, Standing]:
    """School key -> standing, from the reports of many schools."""
    by_school: dict[str, list[Told]] = {}
    for school_key, report in told:
        by_school.setdefault(school_key, []).append(report)
    return {key: standing for key, reports in by_school.items() if (standing := standing_of(reports)) is not None}


def changed_fields(before: Sequence[Told], now: Told) -> dict[str, tuple[int | None, int | None]]:
    """Count -> (before, now) for what differs from the report counted before it."""
    earlier = [report for report in valid(before) if (report.counted_at, report.number) < (now.counted_at, now.number)]
    old: dict[str, Any] = dict(earlier[-1].counts) if earlier else {}
    return {name: (old.get(name), value) for name, value in now.counts.items() if old.get(name) != value}
