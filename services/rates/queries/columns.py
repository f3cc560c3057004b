"""The columns of the table: the district's twelve and what is computed beside them, each with how it is listed and sorted."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Numeric, SQLColumnExpression, Text, case, cast, func
from sqlmodel import col

from services.rates.rules.movement import MOVEMENTS
from services.rates.rules.outlook import OUTLOOKS
from services.rates.rules.tiers import TIER_LABELS, TIER_WORDS
from services.rates.tables import SchoolHistory as Row
from shared.names import name_key

Kind = Literal["text", "number"]
BLANK = "(blank)"
_FIGURE = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,4})?", re.ASCII)
_TIER = case((~col(Row.present), "absent"), else_=func.coalesce(cast(col(Row.tier), Text), "none"))
_RANGES = {**{str(number): label for number, label in TIER_LABELS.items()}, "none": "No rate", "absent": "Unknown"}


def _as_it_is(text: str) -> str:
    return text


@dataclass(frozen=True, eq=False)
class Column:
    """`key` is what a filter list compares, `shown` what it shows, `order` what is sorted and compared to numbers."""

    name: str
    label: str
    help: str
    kind: Kind
    key: SQLColumnExpression[Any]
    order: SQLColumnExpression[Any]
    shown: SQLColumnExpression[Any] | None = None
    words: tuple[tuple[str, str], ...] = ()
    normal: Callable[[str], str] = _as_it_is
    sorts: tuple[str, str] = ("Sort A to Z", "Sort Z to A")
    unit: str = ""

    @property
    def text(self) -> SQLColumnExpression[Any]:
        """What people read in it."""
        return self.key if self.shown is None else self.shown

    def word(self, value: str) -> str:
        """A value of the list as people read it."""
        if self.kind == "number" and _FIGURE.fullmatch(value):
            return f"{Decimal(value).normalize():,f}{self.unit}"
        return dict(self.words).get(value, value)


def _plain(expression: SQLColumnExpression[Any]) -> SQLColumnExpression[Any]:
    """The order of the characters themselves, as in the guide's menu: 109th before 10th."""
    return expression.collate("C")


def _text(
    name: str,
    label: str,
    help: str,
    expression: SQLColumnExpression[Any],
    order: SQLColumnExpression[Any] | None = None,
) -> Column:
    return Column(name, label, help, "text", expression, _plain(func.lower(expression) if order is None else order))


def _number(name: str, label: str, help: str, expression: SQLColumnExpression[Any], unit: str = "") -> Column:
    sorts = ("Sort smallest to largest", "Sort largest to smallest")
    return Column(name, label, help, "number", cast(expression, Text), expression, sorts=sorts, unit=unit)


def _tier(name: str, label: str, help: str, words: dict[str, str]) -> Column:
    sorts = ("Sort by color, red first", "Sort by color, green first")
    return Column(name, label, help, "text", _TIER, col(Row.tier), words=tuple(words.items()), sorts=sorts)


_ALL = (
    _text("school", "School", "The school's name, as in the extraction.", col(Row.school), col(Row.school_sort)),
    _text("region", "Region", "N, S, E or W; XS is options schools and virtual academies.", col(Row.region)),
    _text("ploc", "PLOC", "The primary location code.", col(Row.ploc)),
    _tier(
        "tier",
        "Response Tier NR",
        "Tier number 1 to 4, computed from the exact counts. Unknown: the school is not in this extraction.",
        TIER_WORDS,
    ),
    _number(
        "rate",
        "Response Rate",
        "Surveys Submitted divided by Total Surveys, with enough decimals to show the tier.",
        col(Row.rate),
        "%",
    ),
    _number("submitted", "Surveys Submitted", "How many surveys were submitted so far.", col(Row.submitted)),
    _number("total", "Total Surveys", "How many surveys are expected: the rate is of these.", col(Row.total)),
    _number("needed", "Needed", "How many more surveys lift the school into the next tier.", col(Row.needed)),
    _number("change", "Change", "Surveys since the school's row before.", col(Row.change_surveys)),
    _number(
        "points",
        "Points",
        "Change of the rate in percentage points since the school's row before.",
        col(Row.change_points),
    ),
    Column(
        "movement",
        "Movement",
        "Left Tier 1 or newly in it, first seen, not in this extraction, or no new surveys in two extractions or more.",
        "text",
        col(Row.movement),
        col(Row.movement),
        words=tuple(MOVEMENTS.items()),
    ),
    Column(
        "outlook",
        "Outlook",
        "For a school in Tier 1, if nothing changes: will end in it, may, or will leave it. Blank where nothing can be said.",
        "text",
        col(Row.outlook),
        col(Row.outlook),
        words=tuple(OUTLOOKS.items()),
    ),
    _number(
        "per_day",
        "Needed per Day",
        "Surveys needed for the next tier on each school day from the extraction to the close.",
        col(Row.needed_per_day),
    ),
    _number(
        "forecast",
        "Forecast",
        "The likely rate when the window closes, and the range that holds 80 of 100 schools.",
        func.round(cast(col(Row.final_likely), Numeric) * 100 / func.nullif(col(Row.total), 0), 1),
        "%",
    ),
    _text("cos", "CoS", "The Community of Schools.", col(Row.cos), col(Row.cos_sort)),
    Column(
        "director",
        "Regional Director",
        "Last name, first name. Two spellings that differ only in case or accents are listed as one.",
        "text",
        col(Row.director_key),
        _plain(col(Row.director_key)),
        col(Row.director),
        normal=name_key,
    ),
    _text("level", "Level", "The school's level in the directory.", col(Row.level)),
    _tier("range", "Response Tier", "The percentage range of the tier.", _RANGES),
    _text(
        "category",
        "Category",
        "The respondent group: students (grades 4 to 12), staff or parents.",
        func.initcap(Row.respondent_group),
    ),
    _text(
        "date",
        "Date of Extraction",
        "When the data were pulled. A school that is not in this extraction shows the last one that had it.",
        cast(col(Row.last_seen), Text),
    ),
)
COLUMNS: dict[str, Column] = {column.name: column for column in _ALL}
# Shown beside the columns: a picture of the rates so far, which is neither sorted nor filtered.
HISTORY = "history"
_FIRST = (
    "school", "region", "ploc", "tier", "rate", "submitted", "total", "needed", "change", "points", "movement", "outlook",
    "per_day",
)  # fmt: skip
# In the order in which they are shown unless a person chose another: what decides comes first.
LAYOUT = (*_FIRST, HISTORY, *(name for name in COLUMNS if name not in _FIRST))
