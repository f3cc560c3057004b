"""The values a person types for a measure: the same fields as a read value, as text, checked cell by cell."""

import re
from dataclasses import dataclass
from decimal import Decimal

from services.tracker.rules.lcap.cells import decimal
from services.tracker.rules.lcap.growth import LEVELS, Value

MOST_CHARACTERS = 120
_NUMBER = re.compile(r"-?\d[\d,]*(\.\d{1,4})?%?")
_LEVELS = {level.casefold(): level for level in LEVELS}


@dataclass(frozen=True)
class CheckedValue:
    """One group's values as typed; numbers may carry commas and a percent sign, `now` may be a color or level."""

    group: str = ""
    now: str = ""
    before: str = ""
    unit: str = ""
    period_now: str = ""
    period_before: str = ""
    as_of: str = ""


def problem_of(value: CheckedValue) -> tuple[str, str] | None:
    """(field, sentence) of the first cell that does not read; None when all do."""
    for name, text in (("now", value.now), ("before", value.before)):
        if text and not _NUMBER.fullmatch(text.strip()) and not (name == "now" and _level(text)):
            return name, f"'{text[:40]}' is not a number. Type it like 42.8 or 1,234, or leave it empty."
    if not value.now and not value.before:
        return "now", "Type a value now, or a value before."
    for name in ("group", "period_now", "period_before", "as_of", "unit"):
        if len(getattr(value, name)) > MOST_CHARACTERS:
            return name, f"This is too long; {MOST_CHARACTERS} characters are enough."
    return None


def value_of(value: CheckedValue, year: str) -> Value:
    """The typed value as one that was read; `year` is the table's own, for one without."""
    percent = "%" in value.now + value.before + value.unit
    level = _level(value.now)
    return Value(
        value.group.strip(),
        None if level else _typed(value.now),
        _typed(value.before),
        "level" if level else "%" if percent else value.unit.strip(),
        value.period_now.strip() or year,
        not value.period_now.strip(),
        value.period_before.strip(),
        value.as_of.strip(),
        level,
    )


def _level(text: str) -> str:
    """The color or level of the state's dashboard that is typed; empty where it is none."""
    return _LEVELS.get(text.strip().casefold(), "")


def _typed(text: str) -> Decimal | None:
    return decimal(text.strip().rstrip("%")) if text.strip() else None
