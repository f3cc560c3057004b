"""One board put together: everything that it shows, from the lines of the schools and a moment."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from services.sesr.rules.board import (
    Estimate,
    Present,
    SchoolLine,
    Sums,
    alarms,
    estimate,
    flagged,
    grouped,
    same_schools,
    summed,
    to_chase,
    with_states,
)
from services.sesr.rules.reports import RecordedReport, current_report_of
from services.sesr.rules.timing import ReportWindow, due_by, next_due

GROUPINGS = {"region": "Region", "cos": "Community of Schools", "director": "Director", "level": "Level"}


class BoardView(NamedTuple):
    """What a board shows; `same` is (schools, present then, present now) against the day before, or nothing."""

    lines: list[SchoolLine]
    total: Sums
    groups: list[Sums]
    window: ReportWindow | None
    next_window: ReportWindow | None
    media: list[SchoolLine]
    outside: list[SchoolLine]
    alarms: list[SchoolLine]
    chase: list[SchoolLine]
    estimate: Estimate
    same: tuple[int, int, int] | None


class Slot(NamedTuple):
    """A moment of the day's timeline."""

    at: datetime
    reported: int
    present: int


def view_of(
    lines: Sequence[SchoolLine],
    windows: Sequence[ReportWindow],
    now: datetime,
    by: str,
    most_per_adult: int,
    before: Present | None = None,
) -> BoardView:
    """The board at a moment; `before` is who was present on the day before at the same time."""
    due = due_by(windows, now)
    known = with_states(lines, due)
    groups = grouped(known, lambda line: str(getattr(line, by)))
    return BoardView(
        lines=known,
        total=summed("All", groups),
        groups=groups,
        window=due[-1] if due else None,
        next_window=next_due(windows, now),
        media=flagged(known, "media"),
        outside=flagged(known, "outside_group"),
        alarms=alarms(known, most_per_adult),
        chase=to_chase(known),
        estimate=estimate(known),
        same=same_schools(known, before) if before is not None else None,
    )


def timeline(reports: Sequence[tuple[str, RecordedReport]], every: timedelta, until: datetime) -> list[Slot]:
    """Schools reported and students present as they were known, at every step from the first report on."""
    coming = sorted(reports, key=lambda pair: pair[1].received_at)
    if not coming:
        return []
    by_school: dict[str, list[RecordedReport]] = {}
    present: dict[str, int] = {}
    slots: list[Slot] = []
    at = _floor(coming[0][1].received_at, every) + every
    for school_key, report in coming:
        while report.received_at > at:
            slots.append(Slot(at, len(by_school), sum(present.values())))
            at += every
        by_school.setdefault(school_key, []).append(report)
        current = current_report_of(by_school[school_key])
        present[school_key] = (current.counts.get("students_present") if current else None) or 0
    last = Slot(min(at, until), len(by_school), sum(present.values()))
    return [*slots, last]


def _floor(at: datetime, every: timedelta) -> datetime:
    return at - timedelta(seconds=at.timestamp() % every.total_seconds())
