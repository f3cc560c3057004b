"""A day of an incident as a whole: every report, who met which report time, who calls whom."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.sesr.queries import board as rows
from services.sesr.queries.board import BoardFilter
from services.sesr.queries.incidents import course_of
from services.sesr.rules.contact import OUTCOMES
from services.sesr.rules.day import CallMade, DayTimes, Expectation, SchoolTimes, window_states, window_sums
from services.sesr.rules.plans import windows_known
from services.sesr.rules.reports import current_reports_of
from services.sesr.tables import CallAssignment, Expected, Incident, School, SchoolCall
from shared.access import Scope, within

_REPORTS = text(f"""
    select r.*, s.name as school, s.ploc, s.region, s.cos, s.director, s.level, x.number as superseded_by
    from report r
    join school s using (school_key)
    left join report x on x.supersedes = r.report_id
    where {within("s")} and r.incident_id = :incident_id and r.day = :day
    order by s.region, s.name, s.school_key, r.counted_at, r.number
""")


def read_day(
    session: Session, scope: Scope, board: BoardFilter, incident: Incident, now: datetime, zone: tzinfo
) -> DayTimes:
    """Who met which report time: every school of the scope that was expected or excused at one, or reported."""
    midnight = datetime.combine(board.day + timedelta(days=1), datetime.min.time(), zone).astimezone(UTC)
    at = min(now, midnight)
    windows = windows_known(course_of(session, incident), board.day, now, zone)
    expected = _expectations(session, scope, board.incident_id)
    current = current_reports_of(rows.recorded_reports(session, scope, board))
    found = []
    for school in session.exec(
        select(School)
        .where(scope.covers(School), col(School.school_key).in_({*expected, *current}))
        .order_by(col(School.region), col(School.name), col(School.school_key))
    ):
        times = current[school.school_key].times if school.school_key in current else ()
        states = window_states(times, expected.get(school.school_key, ()), windows, at)
        if times or set(states) - {"not_expected"}:
            named = (school.school_key, school.name, school.region, school.level, school.director)
            found.append(SchoolTimes(*named, states, times))
    return DayTimes(windows, found, window_sums(windows, [each.states for each in found]))


def _expectations(session: Session, scope: Scope, incident_id: UUID) -> dict[str, list[Expectation]]:
    found = (
        select(Expected)
        .join(School, col(School.school_key) == Expected.school_key)
        .where(Expected.incident_id == incident_id, scope.covers(School))
        .order_by(col(Expected.since))
    )
    by_school: dict[str, list[Expectation]] = {}
    for row in session.exec(found):
        by_school.setdefault(row.school_key, []).append(Expectation(row.since, row.until, row.excused))
    return by_school


def reports_of_day(session: Session, scope: Scope, incident_id: UUID, day: date) -> Sequence[Any]:
    """Every report of the day by school and time, those that were corrected among them."""
    return session.execute(_REPORTS, {**scope.values, "incident_id": incident_id, "day": day}).all()


def calls_of_day(session: Session, scope: Scope, incident_id: UUID, day: date) -> list[CallMade]:
    """Every call that was noted on the day, in its order."""
    found = select(SchoolCall, School).where(
        SchoolCall.school_key == School.school_key,
        SchoolCall.incident_id == incident_id,
        SchoolCall.day == day,
        scope.covers(School),
    )
    return [
        CallMade(school.name, school.school_key, call.called_at, call.author, OUTCOMES[call.outcome], call.note)
        for call, school in session.exec(found.order_by(col(SchoolCall.called_at)))
    ]


def callers(session: Session, incident_id: UUID, day: date) -> dict[str, str]:
    """School key -> who calls it on that day."""
    found = select(CallAssignment).where(CallAssignment.incident_id == incident_id, CallAssignment.day == day)
    return {row.school_key: row.caller for row in session.exec(found)}
