"""What a school's reports of a day amount to: the same in whatever order and however often they arrive."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.sesr.rules.counts import FLAGS, Counts


class RecordedReport(NamedTuple):
    """A report as it was recorded; a correction has the time of counting of the one it supersedes."""

    report_id: UUID
    number: int
    counted_at: datetime
    received_at: datetime
    supersedes: UUID | None
    counts: Counts
    flags: dict[str, bool]


class CurrentReport(NamedTuple):
    """The report of a school and day that counts now, and when all its valid reports were counted.

    `flags` are those of the day: one that was raised holds until a report says that it is over.
    """

    report_id: UUID
    number: int
    counted_at: datetime
    received_at: datetime
    times: tuple[datetime, ...]
    counts: Counts
    flags: dict[str, bool]


class CountChange(NamedTuple):
    """A number of the report before and of this one; None where it was not given."""

    before: int | None
    now: int | None


def valid(reports: Iterable[RecordedReport]) -> list[RecordedReport]:
    """The reports that no correction supersedes, each once, by time of counting."""
    each = {report.report_id: report for report in reports}
    replaced = {report.supersedes for report in each.values()}
    return sorted((r for r in each.values() if r.report_id not in replaced), key=lambda r: (r.counted_at, r.number))


def current_report_of(reports: Iterable[RecordedReport]) -> CurrentReport | None:
    """The latest counted of the valid reports; None where there is none."""
    known = valid(reports)
    if not known:
        return None
    last = known[-1]
    times = tuple(report.counted_at for report in known)
    flags = flags_after(known)
    return CurrentReport(last.report_id, last.number, last.counted_at, last.received_at, times, last.counts, flags)


def flags_after(known: Iterable[RecordedReport]) -> dict[str, bool]:
    """The flags after valid reports by time of counting: a report that does not answer one leaves it as it was."""
    flags: dict[str, bool] = {}
    for report in known:
        flags.update(report.flags)
    return flags


def current_reports_of(reports: Iterable[tuple[str, RecordedReport]]) -> dict[str, CurrentReport]:
    """School key -> current report, from the reports of many schools."""
    by_school: dict[str, list[RecordedReport]] = {}
    for school_key, report in reports:
        by_school.setdefault(school_key, []).append(report)
    found = {key: current_report_of(each) for key, each in by_school.items()}
    return {key: current for key, current in found.items() if current is not None}


def report_before(reports: Sequence[RecordedReport], now: RecordedReport) -> RecordedReport | None:
    """The valid report counted before one."""
    earlier = [each for each in valid(reports) if (each.counted_at, each.number) < (now.counted_at, now.number)]
    return earlier[-1] if earlier else None


def changed_counts(before: Mapping[str, int | None], now: Mapping[str, int | None]) -> dict[str, CountChange]:
    """Count -> (before, now) for what differs."""
    return {name: CountChange(before.get(name), value) for name, value in now.items() if before.get(name) != value}


def changed_flags(before: Mapping[str, bool], now: Mapping[str, bool]) -> dict[str, bool]:
    """Flag -> what it is now, for those that a report raised or ended; an answer No where none was given is not a change."""
    return {name: now[name] for name in FLAGS if name in now and now[name] != before.get(name, False)}
