"""Days without school as people write them: a day or a range with a name, one to a line."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from shared.school_days import is_school_day

LONGEST_NAME = 80
# Longer than any break of a school year; more is a wrong year.
LONGEST_RANGE = 120
# What a form takes at once; more is no list of holidays.
LONGEST_LIST = 20_000
# Weekdays without school in one calendar year, beyond which it is said: an event of school days may be among them.
MANY_A_YEAR = 80
_LINE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\s*(?:to|until|-|–)\s*(\d{4}-\d{2}-\d{2}))?[\s,;:]*(.*)", re.IGNORECASE)


class RangeOff(NamedTuple):
    """The weekdays from a first day to a last one, both without school."""

    first: date
    last: date
    name: str

    def weekdays(self) -> list[date]:
        days = (self.first + timedelta(n) for n in range((self.last - self.first).days + 1))
        return [day for day in days if is_school_day(day)]


class DayChanges(NamedTuple):
    """What a list does to the calendar: days with their names, a renamed one with the name before and after."""

    added: dict[date, str]
    renamed: dict[date, tuple[str, str]]
    removed: dict[date, str]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.renamed or self.removed)


def wrong_with(off: RangeOff) -> tuple[str, str]:
    """The code of what is wrong with a range and a sentence that says what to do; empty where nothing is."""
    if off.last < off.first:
        return "range_backwards", "the last day is before the first. Swap the two"
    if (off.last - off.first).days >= LONGEST_RANGE:
        return "range_long", f"more than {LONGEST_RANGE} days. Look at the years of the two days"
    if not off.weekdays():
        return "weekend", "Enter a weekday; weekends are never school days"
    if len(off.name) > LONGEST_NAME:
        return "name_long", f"a day's name has at most {LONGEST_NAME} characters. Shorten it"
    return "", ""


def days_of(ranges: Iterable[RangeOff]) -> dict[date, str]:
    """The weekdays of ranges with their names; the later of two ranges names a day."""
    return {day: off.name for off in ranges for day in off.weekdays()}


def day_changes(now: Mapping[date, str], listed: Mapping[date, str], *, replaces: bool) -> DayChanges:
    """What becomes of the calendar; where the list replaces it, its other days from the first to the last listed one go."""
    both = listed.keys() & now.keys()
    return DayChanges(
        {day: name for day, name in listed.items() if day not in now},
        {day: (now[day], listed[day]) for day in sorted(both) if now[day] != listed[day]},
        {day: name for day, name in now.items() if replaces and day not in listed and _is_between(day, listed)},
    )


def _is_between(day: date, listed: Mapping[date, str]) -> bool:
    return bool(listed) and min(listed) <= day <= max(listed)


def many_years(days: Iterable[date]) -> list[tuple[int, int]]:
    """The calendar years with more than MANY_A_YEAR of the days, with how many."""
    counts: dict[int, int] = {}
    for day in days:
        counts[day.year] = counts.get(day.year, 0) + 1
    return sorted((year, count) for year, count in counts.items() if count > MANY_A_YEAR)


def list_text(days: Mapping[date, str]) -> str:
    """The days as a list that `listed_ranges` reads: neighbors of one name are a range, a weekend between them or not."""
    ranges: list[RangeOff] = []
    for day, name in sorted(days.items()):
        last = ranges[-1] if ranges else None
        follows = last is not None and last.name == name and not RangeOff(last.last, day, "").weekdays()[1:-1]
        if last is not None and follows and (day - last.first).days < LONGEST_RANGE:
            ranges[-1] = last._replace(last=day)
        else:
            ranges.append(RangeOff(day, day, name))
    return "\n".join(map(_line_of, ranges))


def _line_of(off: RangeOff) -> str:
    is_plain = off.first == off.last and not re.match(r"(?:to|until|-|–)", off.name, re.IGNORECASE)
    return f"{off.first}{'' if is_plain else f' to {off.last}'} {off.name}".strip()


def listed_ranges(text: str) -> tuple[list[RangeOff], list[str]]:
    """The days of a list, `2026-11-23 to 2026-11-27 Name` or `2026-11-11 Name` to a line, and a sentence for each wrong line."""
    found, wrong = [], []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        off = _range_of(line.strip())
        sentence = "write it as 2026-11-23 to 2026-11-27 Name" if off is None else wrong_with(off)[1]
        if off is None or sentence:
            wrong.append(f"Line {number}, “{line.strip()[:60]}”: {sentence}.")
        else:
            found.append(off)
    return found, wrong


def _range_of(line: str) -> RangeOff | None:
    parts = _LINE.fullmatch(line)
    if parts is None:
        return None
    try:
        first = date.fromisoformat(parts[1])
        return RangeOff(first, date.fromisoformat(parts[2]) if parts[2] else first, " ".join(parts[3].split()))
    except ValueError:
        return None
