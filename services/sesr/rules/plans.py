"""What an incident asks of schools at a moment: its days and its windows, as they were known then."""

from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from services.sesr.rules.timing import ReportWindow, windows_of

SATURDAY = 5


class Plan(NamedTuple):
    """Days, times and alarms of an incident from `since` on, until the next plan."""

    since: datetime
    first_day: date
    last_day: date
    weekends: bool
    days_off: tuple[date, ...]
    windows: tuple[str, ...]
    grace_minutes: int
    most_per_adult: int

    def is_school_day(self, day: date) -> bool:
        """Whether schools report on that day at all."""
        return (
            self.first_day <= day <= self.last_day
            and (self.weekends or day.weekday() < SATURDAY)
            and day not in self.days_off
        )


class Course(NamedTuple):
    """An incident over time: its plans, when it was opened and closed, and the pauses (closed, opened again)."""

    plans: tuple[Plan, ...]
    opened_at: datetime
    closed_at: datetime | None
    pauses: tuple[tuple[datetime, datetime], ...]

    def plan_at(self, moment: datetime) -> Plan:
        """The plan in force at a moment; before the first one, the first."""
        known = [plan for plan in self.plans if plan.since <= moment]
        return known[-1] if known else self.plans[0]

    def closed_by(self, moment: datetime) -> datetime | None:
        """When it had been closed, as it was known at a moment; None while it was open."""
        shut = [lower for lower, upper in self.pauses if lower <= moment < upper]
        if self.closed_at is not None and self.closed_at <= moment:
            shut.append(self.closed_at)
        return max(shut, default=None)


def windows_known(course: Course, day: date, at: datetime, zone: tzinfo) -> list[ReportWindow]:
    """The windows of a day as they were known at a moment.

    None is due that had ended before the incident was opened or before it was planned, or that ended while it was closed.
    """
    plan = course.plan_at(at)
    if not plan.is_school_day(day):
        return []
    windows = windows_of(day, plan.windows, zone, timedelta(minutes=plan.grace_minutes))
    return [window for window in windows if _was_due(course, window, day, at)]


def _was_due(course: Course, window: ReportWindow, day: date, at: datetime) -> bool:
    if window.until <= course.opened_at:
        return False
    closed = course.closed_by(at)
    if closed is not None and window.until > closed:
        return False
    if any(lower <= window.until < upper for lower, upper in course.pauses if lower <= at):
        return False
    planned = course.plan_at(min(window.until, at))
    return window.label in planned.windows and planned.is_school_day(day)
