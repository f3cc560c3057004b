"""Time: when a report was counted whatever the phone's clock says, and which day and window it belongs to."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal, NamedTuple

Punctual = Literal["reported", "on_time", "late", "overdue", "not_yet"]
CLOCK_TOLERANCE = timedelta(minutes=5)
# A report that waited longer was counted by a clock that nobody had set (a new battery, 1970): its person is asked.
LONGEST_WAIT = timedelta(days=14)
# A window takes counts made this long before it is due; the first of the day takes all since midnight.
LEAD = timedelta(minutes=60)
TIME_FORMATS = ("%H:%M", "%H.%M", "%H%M", "%I:%M %p", "%I.%M %p", "%I %p")


class Counted(NamedTuple):
    """When it was counted, on our clock; `note` says that the phone's clock is wrong, or nothing. None: nobody knows."""

    at: datetime | None
    note: str


class ReportWindow(NamedTuple):
    """An expected report: counted from `starts`, due at `due`, on time until `until`."""

    label: str
    starts: datetime
    due: datetime
    until: datetime


def counted_when(received: datetime, counted: datetime | None, sent: datetime | None) -> Counted:
    """Its own time where the phone's clock is right; else its two readings tell how long it waited.

    Without `sent` a time of counting in the future is taken as now. A wait of more than LONGEST_WAIT is none: the clock
    was not set when it was counted.
    """
    if counted is None:
        return Counted(received, "")
    if (sent or received) - counted > LONGEST_WAIT:
        return Counted(None, "")
    if sent is None:
        late = counted > received + CLOCK_TOLERANCE
        note = "The time of counting was in the future; it was set to now." if late else ""
        return Counted(min(counted, received), note)
    wrong = received - sent
    if abs(wrong) <= CLOCK_TOLERANCE:
        return Counted(min(counted, received), "")
    at = received - max(sent - counted, timedelta())
    minutes = round(abs(wrong) / timedelta(minutes=1))
    way = "slow" if wrong > timedelta() else "fast"
    return Counted(at, f"The clock of this device is {minutes} minutes {way}; the time was corrected.")


def counted_by_hand(received: datetime, day: date, text: str, zone: tzinfo) -> Counted:
    """The time that somebody entered for a count whose clock was not set; None where it is not a time before now."""
    try:
        [entered] = read_times(text)
    except ValueError:
        return Counted(None, "")
    at = datetime.combine(day, time.fromisoformat(entered), zone).astimezone(UTC)
    return Counted(at if at <= received else None, "The time of counting was entered by hand.")


def read_times(text: str) -> list[str]:
    """`8:30 am, 11:00` as sorted `08:30`, `11:00`; ValueError for what is not a time of day."""
    found = set()
    for part in text.replace(";", ",").split(","):
        if part.strip():
            found.add(_read_time(part.strip()))
    return sorted(found)


def _read_time(text: str) -> str:
    plain = " ".join(
        text[:20].upper().replace(".M", "M").replace("M.", "M").replace("AM", " AM").replace("PM", " PM").split()
    )
    for form in TIME_FORMATS:
        try:
            return datetime.strptime(plain, form).strftime("%H:%M")
        except ValueError:
            continue
    raise ValueError(f"{text[:20]} is not a time of day; write 8:30, 11:00, 1:30 PM")


def windows_of(day: date, times: Sequence[str], zone: tzinfo, grace: timedelta) -> tuple[ReportWindow, ...]:
    """The windows of a day in their order; instants in UTC."""
    made = []
    for place, text in enumerate(times):
        due = datetime.combine(day, time.fromisoformat(text), zone).astimezone(UTC)
        starts = due - LEAD if place else datetime.combine(day, time(), zone).astimezone(UTC)
        made.append(ReportWindow(text, starts, due, due + grace))
    return tuple(made)


def due_by(windows: Sequence[ReportWindow], now: datetime) -> list[ReportWindow]:
    """The windows whose reports have to be there by now."""
    return [window for window in windows if window.until <= now]


def next_due(windows: Sequence[ReportWindow], now: datetime) -> ReportWindow | None:
    """The window that comes next; not one whose time has come already."""
    return next((window for window in windows if window.due > now), None)


def due_now(windows: Sequence[ReportWindow], now: datetime) -> ReportWindow | None:
    """The window whose time has come and that is still in its minutes of grace."""
    return next((window for window in windows if window.due <= now < window.until), None)


def missed_since(times: Sequence[datetime], due: Sequence[ReportWindow]) -> datetime | None:
    """When the first report was due that a school owes, given the times at which its valid reports were counted."""
    last = max(times, default=None)
    return next((window.due for window in due if last is None or last < window.starts), None)


def punctual(times: Sequence[datetime], window: ReportWindow | None) -> Punctual:
    """How a school stands towards the last due window; `times` are those at which its valid reports were counted."""
    if window is None:
        return "reported" if times else "not_yet"
    answers = [at for at in times if at >= window.starts]
    if not answers:
        return "overdue"
    return "on_time" if min(answers) <= window.until else "late"
