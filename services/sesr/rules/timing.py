"""Time: when a report was counted whatever the phone's clock says, and which day and window it belongs to."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal, NamedTuple

Punctual = Literal["reported", "on_time", "late", "overdue", "not_yet"]
CLOCK_TOLERANCE = timedelta(minutes=5)
# A window takes counts made this long before it is due; the first of the day takes all since midnight.
LEAD = timedelta(minutes=60)


class Counted(NamedTuple):
    """When it was counted, on our clock; `note` says that the phone's clock is wrong, or nothing."""

    at: datetime
    note: str


class Window(NamedTuple):
    """An expected report: counted from `starts`, due at `due`, on time until `until`."""

    label: str
    starts: datetime
    due: datetime
    until: datetime


def counted_when(received: datetime, counted: datetime | None, sent: datetime | None) -> Counted:
    """Its own time where the phone's clock is right; else its two readings tell how long it waited.

    Without `sent` a time of counting in the future is taken as now.
    """
    if counted is None:
        return Counted(received, "")
    if sent is None:
        late = counted > received + CLOCK_TOLERANCE
        return Counted(
            min(counted, received), "The time of counting was in the future; it was set to now." if late else ""
        )
    wrong = received - sent
    if abs(wrong) <= CLOCK_TOLERANCE:
        return Counted(min(counted, received), "")
    at = received - max(sent - counted, timedelta())
    minutes = round(abs(wrong) / timedelta(minutes=1))
    way = "slow" if wrong > timedelta() else "fast"
    return Counted(at, f"The clock of this device is {minutes} minutes {way}; the time was corrected.")


def read_times(text: str) -> list[str]:
    """`8:30, 11:00` as sorted `08:30`, `11:00`; ValueError for what is no time of day."""
    found = set()
    for part in text.replace(";", ",").split(","):
        if part.strip():
            try:
                found.add(datetime.strptime(part.strip(), "%H:%M").strftime("%H:%M"))
            except ValueError:
                raise ValueError(f"{part.strip()[:20]} is no time of day; write 8:30, 11:00, 13:30") from None
    return sorted(found)


def windows_of(day: date, times: Sequence[str], zone: tzinfo, grace: timedelta) -> tuple[Window, ...]:
    """The windows of a day in their order; instants in UTC."""
    made = []
    for place, text in enumerate(times):
        due = datetime.combine(day, time.fromisoformat(text), zone).astimezone(UTC)
        starts = due - LEAD if place else datetime.combine(day, time(), zone).astimezone(UTC)
        made.append(Window(text, starts, due, due + grace))
    return tuple(made)


def due_by(windows: Sequence[Window], now: datetime) -> list[Window]:
    """The windows whose reports have to be there by now."""
    return [window for window in windows if window.until <= now]


def next_due(windows: Sequence[Window], now: datetime) -> Window | None:
    """The window that comes next, or is running in its grace."""
    return next((window for window in windows if window.until > now), None)


def missed_since(times: Sequence[datetime], due: Sequence[Window]) -> datetime | None:
    """When the first report was due that a school owes, given the times at which its valid reports were counted."""
    last = max(times, default=None)
    return next((window.due for window in due if last is None or last < window.starts), None)


def punctual(times: Sequence[datetime], window: Window | None) -> Punctual:
    """How a school stands towards the last due window; `times` are those at which its valid reports were counted."""
    if window is None:
        return "reported" if times else "not_yet"
    answers = [at for at in times if at >= window.starts]
    if not answers:
        return "overdue"
    return "on_time" if min(answers) <= window.until else "late"
