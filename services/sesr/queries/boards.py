"""A whole board for a page, a program or a live stream."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any, NamedTuple

from sqlmodel import Session

from services.sesr.queries import board as rows
from services.sesr.queries.board import BoardFilter
from services.sesr.queries.incidents import course_of
from services.sesr.rules.board import Present
from services.sesr.rules.counts import Counts
from services.sesr.rules.plans import windows_known
from services.sesr.rules.reports import (
    CountChange,
    RecordedReport,
    changed_counts,
    changed_flags,
    flags_after,
    report_before,
    valid,
)
from services.sesr.rules.timing import ReportWindow
from services.sesr.rules.view import BoardView, view_of
from services.sesr.tables import Incident
from shared.access import Scope

CHASED_AT_ONCE = 30


class Before(NamedTuple):
    """Who was present on the last day before with reports, at the same time of it; `at` is None for its whole day."""

    day: date
    at: datetime | None
    present: Present


class FeedChange(NamedTuple):
    """A report of the feed, and what it changed against the school's report before: counts, and flags raised or ended."""

    row: Any
    is_first: bool
    counts: dict[str, CountChange]
    flags: dict[str, bool]


class Board(NamedTuple):
    """The view with the place of the feed it was read at, its moment, and what a list of schools to call needs.

    `closed_at` is when the incident had been closed at that moment; on a day that is not a school day nobody is expected.
    """

    view: BoardView
    windows: list[ReportWindow]
    place: int
    at: datetime
    is_live: bool
    is_school_day: bool
    closed_at: datetime | None
    before: Before | None
    changes: list[FeedChange]
    calls: dict[str, Any]
    contacts: dict[str, Any]


def read_board(
    session: Session,
    scope: Scope,
    board: BoardFilter,
    incident: Incident,
    now: datetime,
    zone: tzinfo,
    as_of: datetime | None = None,
) -> Board:
    """The board now, or as it was known at a past minute. `place` is read first, so that nothing falls between."""
    place = rows.place(session, incident.incident_id)
    course = course_of(session, incident)
    at = min(as_of or now, now, end_of(board.day, zone))
    plan = course.plan_at(min(as_of or now, now))
    is_school_day = plan.is_school_day(board.day)
    lines = rows.lines(session, scope, board, as_of, is_school_day=is_school_day)
    before = day_before(session, scope, board, at if as_of or at == now else None, zone)
    windows = windows_known(course, board.day, min(as_of or now, now), zone)
    view = view_of(lines, windows, at, board.by, plan.most_per_adult, before and before.present)
    keys = [line.school_key for line in view.chase[board.after : board.after + CHASED_AT_ONCE]]
    return Board(
        view=view,
        windows=windows,
        place=place,
        at=at,
        is_live=as_of is None,
        is_school_day=is_school_day,
        closed_at=course.closed_by(min(as_of or now, now)),
        before=before,
        changes=feed(session, scope, board, as_of),
        calls=rows.calls(session, board, keys, as_of) if board.sees_contacts else {},
        contacts=rows.contacts(session, board, keys, as_of) if board.sees_contacts else {},
    )


def feed(session: Session, scope: Scope, board: BoardFilter, as_of: datetime | None = None) -> list[FeedChange]:
    """The newest reports and what each changed, the newest first."""
    newest = rows.last_changes(session, scope, board, as_of=as_of)
    of_schools = rows.reports_of_schools(session, board, [row.school_key for row in newest], as_of)
    return [feed_change(row, of_schools.get(row.school_key, [])) for row in newest]


def feed_change(row: Any, reports: Sequence[RecordedReport]) -> FeedChange:
    """What a report changed against what counted before it; a correction against the report that it corrects."""
    now = rows.recorded_of(row)
    known = [each for each in reports if each.number < now.number]
    replaced = [each for each in known if each.report_id == now.supersedes]
    before = replaced[0] if replaced else report_before(known, now)
    earlier = [each for each in valid(known) if (each.counted_at, each.number) < (now.counted_at, now.number)]
    counts: Counts = before.counts if before else {}
    return FeedChange(
        row, before is None, changed_counts(counts, now.counts), changed_flags(flags_after(earlier), now.flags)
    )


def day_before(session: Session, scope: Scope, board: BoardFilter, at: datetime | None, zone: tzinfo) -> Before | None:
    """The last day before with reports, at the same time by the district's clock; None on the first day."""
    day = rows.reported_day_before(session, board)
    if day is None:
        return None
    then = datetime.combine(day, at.astimezone(zone).time(), zone).astimezone(UTC) if at else None
    return Before(day, then, rows.students_present(session, scope, replace(board, day=day), then))


def end_of(day: date, zone: tzinfo) -> datetime:
    """The last moment of a day, in UTC."""
    return datetime.combine(day, time.max, zone).astimezone(UTC)
