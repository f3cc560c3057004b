"""When mails may go: the sending window and quiet hours in the district's time zone, and snoozes by extraction."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shared.school_days import is_school_day, school_days

STEP = timedelta(minutes=15)
# Longer than any break of a school year, so that the day after it is found.
LOOK_AHEAD = timedelta(days=130)


class Hours(NamedTuple):
    """When mails may go, in wall time of the zone; None everywhere means at any time.

    The sending window is `opens` to `closes`; quiet hours are `quiet_from` to `quiet_until`, over midnight too;
    `days_off` counts where mails go on school days only.
    """

    zone: str
    opens: time | None = None
    closes: time | None = None
    quiet_from: time | None = None
    quiet_until: time | None = None
    school_days_only: bool = False
    days_off: frozenset[date] = frozenset()


def _within(at: time, start: time | None, end: time | None) -> bool:
    if start is None or end is None or start == end:
        return False
    return start <= at < end if start < end else at >= start or at < end


def _is_day(day: date, hours: Hours) -> bool:
    return not hours.school_days_only or is_school_day(day, hours.days_off)


def may_send(now: datetime, hours: Hours) -> bool:
    """Whether a mail may go at an instant."""
    local = now.astimezone(ZoneInfo(hours.zone))
    if not _is_day(local.date(), hours):
        return False
    windowed = hours.opens is not None and hours.closes is not None and hours.opens != hours.closes
    if windowed and not _within(local.time(), hours.opens, hours.closes):
        return False
    return not _within(local.time(), hours.quiet_from, hours.quiet_until)


def next_sending(now: datetime, hours: Hours) -> datetime | None:
    """The first instant from now on at which a mail may go; None when the settings leave none within LOOK_AHEAD."""
    if may_send(now, hours):
        return now
    today = now.astimezone(ZoneInfo(hours.zone)).date()
    days = (today + timedelta(days=n) for n in range(LOOK_AHEAD.days))
    moments = (at for day in days if _is_day(day, hours) for at in _moments(day, hours))
    return next((at for at in moments if at > now and may_send(at, hours)), None)


def _moments(day: date, hours: Hours) -> list[datetime]:
    """Every quarter of an hour of a day of the zone, and where the window opens and the quiet ends, in their order."""
    zone = ZoneInfo(hours.zone)
    starts, ends = (datetime.combine(day + timedelta(days=n), time(), zone).astimezone(UTC) for n in (0, 1))
    quarters = [starts + STEP * n for n in range((ends - starts) // STEP)]
    walls = [datetime.combine(day, wall, zone) for wall in (hours.opens, hours.quiet_until) if wall is not None]
    return sorted([*quarters, *(wall.astimezone(UTC) for wall in walls)])


def is_snoozed(extraction_date: date, made_on: date, until: date | None, next_day: date | None) -> bool:
    """Whether a snooze holds for an extraction: to its last day, or where it has none, with the next extraction's mail.

    `next_day` is the term's first extraction after the one that was answered, None while there is none.
    """
    if until is not None:
        return extraction_date <= until
    return next_day is None or extraction_date <= next_day


def is_reminder_due(today: date, last: date, every_days: int, off: Collection[date] = ()) -> bool:
    """Whether so many school days have passed since a director's last mail and today is one; never where reminders are off.

    What was not reminded of in time (reminders were off, the sender stood still) is not made up for: one is enough.
    """
    return every_days > 0 and is_school_day(today, off) and school_days(last, today, off) >= every_days
