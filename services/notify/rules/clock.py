"""When mails may go: the sending window and quiet hours in the district's time zone, and snoozes by extraction."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

STEP = timedelta(minutes=15)
LOOK_AHEAD = timedelta(days=9)


class Hours(NamedTuple):
    """When mails may go, in wall time of the zone; None everywhere means at any time.

    The sending window is `opens` to `closes`; quiet hours are `quiet_from` to `quiet_until`, over midnight too.
    """

    zone: str
    opens: time | None = None
    closes: time | None = None
    quiet_from: time | None = None
    quiet_until: time | None = None
    weekdays_only: bool = False


def _within(at: time, start: time | None, end: time | None) -> bool:
    if start is None or end is None or start == end:
        return False
    return start <= at < end if start < end else at >= start or at < end


def may_send(now: datetime, hours: Hours) -> bool:
    """Whether a mail may go at an instant."""
    local = now.astimezone(ZoneInfo(hours.zone))
    if hours.weekdays_only and local.weekday() >= 5:
        return False
    windowed = hours.opens is not None and hours.closes is not None and hours.opens != hours.closes
    if windowed and not _within(local.time(), hours.opens, hours.closes):
        return False
    return not _within(local.time(), hours.quiet_from, hours.quiet_until)


def next_sending(now: datetime, hours: Hours) -> datetime | None:
    """The first instant from now on at which a mail may go; None when the settings leave none in nine days."""
    if may_send(now, hours):
        return now
    zone = ZoneInfo(hours.zone)
    first = now.astimezone(UTC).replace(second=0, microsecond=0)
    candidates = [first + STEP * n - timedelta(minutes=first.minute % 15) for n in range(1, LOOK_AHEAD // STEP)]
    for days in range(LOOK_AHEAD.days):
        day = now.astimezone(zone).date() + timedelta(days=days)
        walls = [wall for wall in (hours.opens, hours.quiet_until) if wall is not None]
        candidates += [datetime.combine(day, wall, zone).astimezone(UTC) for wall in walls]
    return next((at for at in sorted(candidates) if at > now and may_send(at, hours)), None)


def is_snoozed(extraction_date: date, made_on: date, until: date | None, next_day: date | None) -> bool:
    """Whether a snooze holds for an extraction: to its last day, or where it has none, with the next extraction's mail.

    `next_day` is the term's first extraction after the one that was answered, None while there is none.
    """
    if until is not None:
        return extraction_date <= until
    return next_day is None or extraction_date <= next_day


def is_reminder_due(now: datetime, last_at: datetime, every_days: int) -> bool:
    """Whether so many days have passed since a director's last mail; never where reminders are off.

    What was not reminded of in time (reminders were off, the sender stood still) is not made up for: one is enough.
    """
    return every_days > 0 and now - last_at >= timedelta(days=every_days)
