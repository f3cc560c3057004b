"""What an event of a calendar is, whoever writes it."""

from datetime import date, datetime
from typing import NamedTuple


class CalendarEvent(NamedTuple):
    """One event. Both ends are days, the last one counted, or instants.

    `uid` stays the same for as long as the event is the same; `sequence` grows and `stamp` is another when it becomes
    another. Neither knows the time at which it is written, so that what is unchanged is written the same.
    """

    uid: str
    summary: str
    description: str
    url: str
    first: date
    last: date
    sequence: int
    stamp: datetime
