"""The columns of the table: the district's twelve and what is computed beside them, each with its SQL for lists and order."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from services.rates.rules import MARKS, TIER_LABELS, TIER_WORDS
from shared.names import name_key

Kind = Literal["text", "number"]
BLANK = "(blank)"
_FIGURE = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,4})?", re.ASCII)
_TIER = "case when not present then 'absent' else coalesce(cast(tier as text), 'none') end"
_RANGES = {**{str(number): label for number, label in TIER_LABELS.items()}, "none": "No rate", "absent": "Unknown"}


def _plain(text: str) -> str:
    return text


@dataclass(frozen=True)
class Column:
    """`key` is what a filter list compares, `shown` what it prints, `order` what is sorted and compared to numbers."""

    name: str
    label: str
    help: str
    kind: Kind
    key: str
    order: str
    shown: str = ""
    words: tuple[tuple[str, str], ...] = ()
    normal: Callable[[str], str] = _plain
    sorts: tuple[str, str] = ("Sort A to Z", "Sort Z to A")
    unit: str = ""

    @property
    def print(self) -> str:
        return self.shown or self.key

    def word(self, value: str) -> str:
        """A value of the list as people read it."""
        if self.kind == "number" and _FIGURE.fullmatch(value):
            return f"{Decimal(value).normalize():,f}{self.unit}"
        return dict(self.words).get(value, value)


def _text(name: str, label: str, help: str, expression: str, order: str = "") -> Column:
    return Column(name, label, help, "text", expression, order or f'lower({expression}) collate "C"')


def _number(name: str, label: str, help: str, expression: str, unit: str = "") -> Column:
    sorts = ("Sort smallest to largest", "Sort largest to smallest")
    return Column(name, label, help, "number", f"cast({expression} as text)", expression, sorts=sorts, unit=unit)


def _tier(name: str, label: str, help: str, words: dict[str, str]) -> Column:
    sorts = ("Sort by color, red first", "Sort by color, green first")
    return Column(name, label, help, "text", _TIER, "tier", words=tuple(words.items()), sorts=sorts)


_ALL = (
    _text("school", "School", "The school's name, as in the extraction.", "school", 'school_sort collate "C"'),
    _text("region", "Region", "N, S, E or W; XS is options schools and virtual academies.", "region"),
    _text("ploc", "PLOC", "The primary location code.", "ploc"),
    _text("cos", "CoS", "The Community of Schools.", "cos"),
    Column(
        "director",
        "Regional Director",
        "Last name, first name. Two spellings that differ only in case or accents are listed as one.",
        "text",
        "director_key",
        'director_key collate "C"',
        "director",
        normal=name_key,
    ),
    _text(
        "category", "Category", "The respondent group: students (grades 4 to 12), staff or parents.", 'initcap("group")'
    ),
    _tier(
        "tier",
        "Response Tier NR",
        "Tier number 1 to 4, computed from the exact counts. Unknown: the school is not in this extraction.",
        TIER_WORDS,
    ),
    _tier("range", "Response Tier", "The percentage range of the tier.", _RANGES),
    _number("total", "Total Surveys", "How many surveys are expected: the denominator of the rate.", "total"),
    _number("submitted", "Surveys Submitted", "How many surveys were submitted so far: the numerator.", "submitted"),
    _number(
        "rate",
        "Response Rate",
        "Surveys Submitted divided by Total Surveys, with as many decimals as the tier needs to be plain.",
        "rate",
        "%",
    ),
    _text(
        "date",
        "Date of Extraction",
        "When the data were pulled. A school that is not in this extraction shows the last one that had it.",
        "cast(last_on as text)",
    ),
    _number("needed", "Needed", "How many more surveys lift the school into the next tier.", "needed"),
    _number("gained", "Change", "Surveys since the school's row before.", "gained"),
    _number("moved", "Points", "Change of the rate in percentage points since the school's row before.", "moved"),
    _text("level", "Level", "The school's level in the directory.", "level"),
    Column(
        "mark",
        "Movement",
        "Left or fell into Tier 1, new, not in this extraction, or no new surveys in two extractions or more.",
        "text",
        "mark",
        "mark",
        words=tuple(MARKS.items()),
    ),
)
COLUMNS: dict[str, Column] = {column.name: column for column in _ALL}
