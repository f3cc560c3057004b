"""School days: Monday to Friday, except the days off of the district's calendar."""

from collections.abc import Collection
from datetime import date, timedelta

SATURDAY = 5


def is_school_day(day: date, off: Collection[date] = ()) -> bool:
    """Whether there is school on a day by the calendar."""
    return day.weekday() < SATURDAY and day not in off


def school_days(after: date, until: date, off: Collection[date] = ()) -> int:
    """How many school days lie after one day up to and with another."""
    weeks, rest = divmod(max((until - after).days, 0), 7)
    weekdays = weeks * SATURDAY + sum(is_school_day(after + timedelta(n)) for n in range(1, rest + 1))
    return weekdays - sum(after < day <= until and is_school_day(day) for day in set(off))
