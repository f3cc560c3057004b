"""Days off out of a calendar file (.ics) that somebody sent: read in a child, with a sentence for all that is left out."""

import json
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from shared.errors import Invalid
from shared.files.children import Bounds, ChildFailed, ChildrenBusy, run_child

MOST_BYTES = 1024 * 1024
BOUNDS = Bounds(memory=384 * 1024 * 1024, output=4 * 1024 * 1024, cpu_seconds=12, seconds=20.0)
LEFT_OUT_NAMED = 20
_REFUSED = {
    "large": "The calendar is larger than 1 MB. Export only the calendar of holidays, or one school year of it.",
    "not_a_calendar": "This is not a calendar file (.ics). Export the calendar of holidays as iCalendar (.ics) and send that.",
    "no_events": "The calendar has no events. Look whether it is the calendar of holidays, and export it again.",
    "rule_within_a_day": "“{name}” repeats within a day, which no day off does. Take it out of the calendar and export it again.",
    "too_many": "The calendar has more events than a calendar of holidays can have. Export only the holidays.",
    "failed": "The calendar could not be read within its time. Export only the holidays of one school year, and send that.",
    "busy": "Many files are being read just now. Try again in a minute.",
    "nothing": "The calendar has no day off from {since} to {until}. {left_out}",
}
_LEFT_OUT = {
    "timed": "is not for a whole day",
    "cancelled": "is canceled",
    "tentative": "is not confirmed",
    "weekend": "is on a weekend",
    "long": "lasts more than 120 days",
    "zone": "names a time zone that is not known",
    "broken": "cannot be read",
}


class CalendarDays(NamedTuple):
    """The weekdays that a calendar takes whole, with their names, and a sentence for each event that it left out."""

    days: dict[date, str]
    left_out: list[str]


def read_calendar(content: bytes, since: date, until: date, zone: str) -> CalendarDays:
    """The days off of a calendar file from one day to another, in a time zone.

    Raises Invalid with a sentence that says what to do. Nothing is read of what is larger than MOST_BYTES.
    """
    if len(content) > MOST_BYTES:
        raise _refused("large")
    if b"BEGIN:VCALENDAR" not in content.replace(b"\x00", b"").upper():
        raise _refused("not_a_calendar")
    with tempfile.NamedTemporaryFile(prefix="ses-calendar-", suffix=".ics") as kept:
        kept.write(content)
        kept.flush()
        words = (kept.name, since.isoformat(), until.isoformat(), zone)
        try:
            found = json.loads(run_child("shared.files.ics_child", *words, bounds=BOUNDS))
        except ChildFailed as error:
            raise _refused("failed") from error
        except ChildrenBusy as error:
            raise _refused("busy") from error
    return days_found(found, since, until)


def days_found(found: Mapping[str, Any], since: date, until: date) -> CalendarDays:
    """What the child answered. Raises Invalid where it refused the file, or found no day."""
    if "refused" in found:
        raise _refused(found["refused"], name=found["name"])
    days = {date.fromisoformat(day): name for day, name in found["days"].items()}
    left_out = _sentences(found["left_out"])
    if not days:
        raise _refused("nothing", since=since, until=until, left_out=" ".join(left_out[:3]))
    return CalendarDays(days, left_out)


def _refused(code: str, **facts: object) -> Invalid:
    sentence = _REFUSED[code].format(**facts).strip()
    return Invalid(sentence, code=f"calendar_{code}", problems=[{"code": code, "field": "file", "message": sentence}])


def _sentences(left_out: Sequence[Sequence[str]]) -> list[str]:
    """What was left out, each event once: `“Board meeting” on 2026-11-12 and 3 more days is not for a whole day.`"""
    first = {(reason, name): day for reason, name, day in reversed(left_out)}
    counts = Counter((reason, name) for reason, name, _ in left_out)
    made = []
    for (reason, name), count in counts.items():
        day, more = first[reason, name], f" and {count - 1} more times" if count > 1 else ""
        made.append(f"“{name or 'An event without a name'}”{f' on {day}' if day else ''}{more} {_LEFT_OUT[reason]}.")
    rest = len(made) - LEFT_OUT_NAMED
    return [*made[:LEFT_OUT_NAMED], *([f"And {rest} more events."] if rest > 0 else [])]
