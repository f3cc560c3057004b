"""The child that reads a calendar file: `python -m shared.files.ics_child FILE SINCE UNTIL ZONE`, JSON on its output.

It writes the days that events take whole (`2026-11-26` -> name), and what it left out: why, the event's name, its day.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Component, Event

from shared.files.confinement import confine

MEMORY, CPU_SECONDS = 384 * 1024 * 1024, 12
# A rule that repeats within a day is no holiday, and a second's rule would be a million events.
WITHIN_A_DAY = ("SECONDLY", "MINUTELY", "HOURLY")
LONGEST_NAME = 80
# Longer than any break of a school year.
LONGEST_DAYS = 120
MOST_OCCURRENCES = 5_000
LAST_MINUTE = time(23, 59)
_NOT_SHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")
LeftOut = tuple[str, str, str]


class RefusedCalendar(Exception):
    """The file is refused; the text is a key of the sentences in `ics_reading`, with the name of an event where there is one."""

    def __init__(self, code: str, name: str = "") -> None:
        super().__init__(code)
        self.code, self.name = code, name


def text_of(content: bytes) -> str:
    """The text of a file, in the encodings that calendar programs write."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def read_days(content: bytes, since: date, until: date, zone: ZoneInfo) -> dict[str, Any]:
    """The whole days of all events between two days, with their names, and what was left out. Raises RefusedCalendar."""
    days: dict[date, list[str]] = defaultdict(list)
    left_out: list[LeftOut] = []
    count = 0
    for name, events in _series(content):
        for occurrence in _occurrences(name, events, since, until, left_out):
            count += 1
            if count > MOST_OCCURRENCES:
                raise RefusedCalendar("too_many")
            found, reason = _whole_days(occurrence, zone)
            within = [day for day in found if since <= day <= until and day.weekday() < 5]
            if reason or not within:
                left_out.append((reason or "weekend", name, _day_of(occurrence, zone)))
            for day in within:
                days[day] += [name] if name not in days[day] else []
    named = {day.isoformat(): _cut(", ".join(filter(None, names))) for day, names in sorted(days.items())}
    return {"days": named, "left_out": left_out}


def name_of(event: Event) -> str:
    """The summary of an event as one line that shows what it is."""
    return _cut(" ".join(_NOT_SHOWN.sub(" ", str(event.get("SUMMARY", ""))).split()))


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _series(content: bytes) -> Iterator[tuple[str, Calendar]]:
    """Each event with its rule, its exceptions and the calendar's time zones as a calendar of its own, with its name."""
    try:
        calendars = Calendar.from_ical(text_of(content), multiple=True)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RefusedCalendar("not_a_calendar") from error
    events = 0
    for calendar in calendars:
        if calendar.name != "VCALENDAR":
            raise RefusedCalendar("not_a_calendar")
        series: dict[str, list[Event]] = defaultdict(list)
        for number, event in enumerate(_events(calendar)):
            series[str(event.get("UID") or number)].append(event)
        zones = [part for part in calendar.subcomponents if part.name == "VTIMEZONE"]
        for parts in series.values():
            events += 1
            yield name_of(parts[0]), _alone(calendar, [*zones, *parts])
    if not events:
        raise RefusedCalendar("no_events")


def _events(calendar: Component) -> list[Event]:
    return [part for part in calendar.walk("VEVENT") if isinstance(part, Event)]


def _alone(calendar: Calendar, parts: list[Any]) -> Calendar:
    made = Calendar()
    for name in ("X-WR-TIMEZONE", "CALSCALE"):
        if name in calendar:
            made[name] = calendar[name]
    made.subcomponents = parts
    return made


def _occurrences(name: str, calendar: Calendar, since: date, until: date, left_out: list[LeftOut]) -> list[Event]:
    """The occurrences of one series in the days; an event that cannot be read is left out by its name."""
    try:
        for event in _events(calendar):
            _must_know_zone(event)
            if _is_within_a_day(event):
                raise RefusedCalendar("rule_within_a_day", name)
        found = recurring_ical_events.of(calendar).between(since, until + timedelta(days=1))
        return [each for each in found if isinstance(each, Event)]
    except _UnknownZone:
        left_out.append(("zone", name, ""))
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):  # of a broken event
        left_out.append(("broken", name, ""))
    return []


class _UnknownZone(Exception):
    pass


def _is_within_a_day(event: Event) -> bool:
    rules = event.get("RRULE", [])
    return any(
        str((rule.get("FREQ") or [""])[0]).upper() in WITHIN_A_DAY
        or any(len(rule.get(part) or ()) > 1 for part in ("BYHOUR", "BYMINUTE", "BYSECOND"))
        for rule in (rules if isinstance(rules, list) else [rules])
    )


def _must_know_zone(event: Event) -> None:
    start = event.get("DTSTART")
    moment = getattr(start, "dt", None)
    if isinstance(moment, datetime) and moment.tzinfo is None and start.params.get("TZID"):
        raise _UnknownZone


def _whole_days(event: Event, zone: ZoneInfo) -> tuple[list[date], str]:
    """The days that an occurrence takes whole, or why it takes none."""
    status = str(event.get("STATUS", "")).upper()
    if status in ("CANCELLED", "TENTATIVE"):
        return [], status.lower()
    start, end = event.start, event.end
    if isinstance(start, datetime) and isinstance(end, datetime):
        start, end = _local(start, zone), _local(end, zone)
        first = start.date() + timedelta(days=start.time() > time())
        after = end.date() + timedelta(days=end.time() >= LAST_MINUTE)
        reason = "timed"
    else:
        first, after = _date(start), max(_date(end), _date(start) + timedelta(days=1))
        reason = ""
    length = (after - first).days
    if length > LONGEST_DAYS:
        return [], "long"
    return [first + timedelta(days=n) for n in range(length)], reason if length <= 0 else ""


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    """On the district's clock; a time without a zone is one."""
    return moment if moment.tzinfo is None else moment.astimezone(zone).replace(tzinfo=None)


def _date(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _day_of(event: Event, zone: ZoneInfo) -> str:
    start = event.start
    return _date(_local(start, zone) if isinstance(start, datetime) else start).isoformat()


def answer(content: bytes, since: date, until: date, zone: ZoneInfo) -> dict[str, Any]:
    """What is written: `read_days`, or why the file is refused."""
    try:
        return read_days(content, since, until, zone)
    except RefusedCalendar as refused:
        return {"refused": refused.code, "name": refused.name}


def _main(path: str, since: str, until: str, zone: str) -> None:
    confine(MEMORY, CPU_SECONDS)
    with open(path, "rb") as file:
        content = file.read()
    sys.stdout.write(json.dumps(answer(content, date.fromisoformat(since), date.fromisoformat(until), ZoneInfo(zone))))


if __name__ == "__main__":
    _main(*sys.argv[1:5])
