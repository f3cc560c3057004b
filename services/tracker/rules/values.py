"""Percents as people type and read them: 0 to 100, at most one decimal; shown with one, half away from zero."""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from shared.names import name_key

_NUMBER = re.compile(r"-?\d{1,9}(\.\d+)?")
_TENTH = Decimal("0.1")


class BadPercent(ValueError):
    """A percent that cannot be taken: a stable code, what was typed, and what to do."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def read_percent(typed: object, *, small_is_meant: bool = False) -> Decimal | None:
    """What was typed as a percent; None for a blank.

    Raises BadPercent for anything but 0 to 100 with one decimal, and asks about a fraction such as 0.74, unless
    `small_is_meant` says that a percent below one is meant.
    """
    shown = "" if typed is None else str(typed).strip()
    plain = (
        shown.removesuffix("%").strip().replace(",", ".") if shown.count(",") == 1 else shown.removesuffix("%").strip()
    )
    if not plain:
        return None
    if not _NUMBER.fullmatch(plain):
        raise BadPercent("percent_not_a_number", f"“{shown[:40]}” is not a number. Enter a percent such as 74.5.")
    value = Decimal(plain)
    if not 0 <= value <= 100:
        raise BadPercent("percent_out_of_range", f"{plain} is not between 0 and 100. Enter a percent such as 74.5.")
    if 0 < value < 1 and not small_is_meant:
        raise BadPercent("percent_as_fraction", f"Is {plain} meant as {as_percent(value)}%? Enter {as_percent(value)}.")
    if value != value.quantize(_TENTH):
        raise BadPercent("percent_decimals", f"{plain} has more than one decimal. Enter {shown_percent(value)}.")
    return value.quantize(_TENTH)


def as_percent(fraction: Decimal) -> str:
    """A fraction as the percent that was probably meant: 0.74 is 74."""
    return f"{(fraction * 100).normalize():f}"


def offered_rate(rate: Decimal) -> Decimal:
    """A response rate as a result: half up to one decimal, at most 100."""
    return min(rate.quantize(_TENTH, ROUND_HALF_UP), Decimal("100.0"))


def shown_percent(value: Decimal | None) -> str:
    """One decimal, half away from zero; empty where there is no value."""
    if value is None:
        return ""
    rounded = value.quantize(_TENTH, ROUND_HALF_UP)
    return str(rounded if rounded else abs(rounded))


def shown_difference(value: Decimal | None) -> str:
    """One decimal with its sign, a true minus sign for people: +0.8, −1.2, 0.0."""
    shown = shown_percent(value)
    if not shown or shown == "0.0":
        return shown
    return f"\N{MINUS SIGN}{shown[1:]}" if shown.startswith("-") else f"+{shown}"


_SEASONS = {"fa": "fall", "f": "fall", "sp": "spring", "s": "spring", "su": "summer", "wi": "winter", "w": "winter"}
_TERM = re.compile(r"([a-z]{1,12}) ?(?:20)?(\d\d)")


def term_key(term: str) -> str:
    """A term in one spelling: `Fa26`, `FALL 2026` and `Fall 2026` are `fall 26`; other labels by their name key."""
    key = name_key(term)
    found = _TERM.fullmatch(key)
    if found is None:
        return key
    return f"{_SEASONS.get(found[1], found[1])} {found[2]}"


def same_term(term: str, labels: Iterable[str]) -> bool:
    """Whether one of a year's labels is the term."""
    return term_key(term) in {term_key(label) for label in labels}
