"""Numbers, school years and dates inside the text of an LCAP measure."""

import re
from decimal import Decimal
from typing import NamedTuple

_MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan\.|Feb\.|Mar\.|Apr\.|Aug\.|Sept?\.|Oct\.|Nov\.|Dec\."
)
YEAR = r"20\d\d-(?:20)?\d\d(?!\d)"
_DATE = rf"(?:(?:{_MONTHS}) (?:\d{{1,2}}, )?|(?:[Ff]all|[Ss]pring|[Ss]ummer|[Ww]inter) (?:Semester )?)20\d\d(?![-\d])"
_MARKED = (
    rf"{_DATE}|{YEAR}|20\d\d-\d?(?!\d)|\b(?:19|20)\d\d\b(?![,%.]\d)"
    r"|\b(?:[Gg]rades?|Tiers?|Group|Level|Action|Goal|Quintile|Region) (?:TK|UTK|K|\d+)(?:(?:-|, (?:and |or )?| and | or )\d+)*"
    r"|\b(?:TK|UTK|K)-\d+|\b\d+-(?:week|year|day|month|point)\b|\b\d+(?:st|nd|rd|th)\b|\bwithin \d+ days|\bover \d+ days"
)
_NUMBER = r"-?\d[\d,]*(?:\.\d*)?%?|-?\.\d+%?"
_YEAR_OR_DATE = re.compile(rf"{_DATE}|{YEAR}")
_SCHOOL_YEAR = re.compile(YEAR)
_DAY = re.compile(_DATE)
_MASK = re.compile(_MARKED)
_VALUE = re.compile(rf"(?<![\w.])(?:{_NUMBER})(?![\w])")
_PARENTHESES = re.compile(r"\([^()]*\)")
WORDS = {
    word: number
    for number, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split(), start=1
    )
}
_WORD = re.compile(r"\b(?:" + "|".join(WORDS) + r")\b", re.IGNORECASE)


class Number(NamedTuple):
    """A value in the text and where it stands; `cut` where a decimal point has no digits behind it."""

    value: Decimal
    unit: str
    at: int
    cut: bool = False


def numbers(text: str) -> list[Number]:
    """The values of a text in their order; not years, dates, grades, tiers or what is in parentheses."""
    masked = _PARENTHESES.sub(_blank, _MASK.sub(_blank, text))
    return [_number(found) for found in _VALUE.finditer(masked)]


def word_number(text: str) -> Number | None:
    """The first number written as a word: `Nine schools`."""
    found = _WORD.search(text)
    return None if found is None else Number(Decimal(WORDS[found[0].casefold()]), "", found.start())


def school_year(text: str) -> str:
    """The first school year; empty where there is none."""
    found = _SCHOOL_YEAR.search(text)
    return found[0] if found else ""


def day(text: str) -> str:
    """The first date, month or season with its year; empty where there is none."""
    found = _DAY.search(text)
    return found[0] if found else ""


def moment(text: str) -> str:
    """The first school year or date, whichever comes first."""
    found = _YEAR_OR_DATE.search(text)
    return found[0] if found else ""


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _number(found: re.Match[str]) -> Number:
    text = found[0]
    percent = text.endswith("%")
    bare = text.rstrip("%").rstrip(",")
    cut = percent and bare.endswith(".")
    return Number(Decimal(bare.rstrip(".").replace(",", "")), "%" if percent else "", found.start(), cut)
