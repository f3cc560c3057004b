"""Days without school as people write them: a day or a range with a name, one to a line."""

import re
from datetime import date, timedelta
from typing import NamedTuple

LONGEST_NAME = 80
# Longer than any break of a school year; more is a wrong year.
LONGEST_RANGE = 120
_LINE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\s*(?:to|until|-|–)\s*(\d{4}-\d{2}-\d{2}))?[\s,;:]*(.*)", re.IGNORECASE)


class RangeOff(NamedTuple):
    """The weekdays from a first day to a last one, both without school."""

    first: date
    last: date
    name: str

    def weekdays(self) -> list[date]:
        days = (self.first + timedelta(n) for n in range((self.last - self.first).days + 1))
        return [day for day in days if day.weekday() < 5]


def wrong_with(off: RangeOff) -> tuple[str, str]:
    """The code of what is wrong with a range and a sentence that says what to do; empty where nothing is."""
    if off.last < off.first:
        return "range_backwards", "the last day is before the first. Exchange the two"
    if (off.last - off.first).days >= LONGEST_RANGE:
        return "range_long", f"more than {LONGEST_RANGE} days. Look at the years of the two days"
    if not off.weekdays():
        return "weekend", "Enter a weekday; weekends are never school days"
    if len(off.name) > LONGEST_NAME:
        return "name_long", f"a day's name has at most {LONGEST_NAME} characters. Shorten it"
    return "", ""


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
