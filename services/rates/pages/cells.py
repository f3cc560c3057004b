"""A row of the table as people read it."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

from services.rates.rules import MARKS, TIER_LABELS, change, shown_rate, tier_nr
from shared.web.charts import Lines, lines
from shared.web.clock import date_words

TRAIL = 12


class Cells(NamedTuple):
    """The texts of a row; `tier` as a number for its color, `trail` for the sparkline. The template unpacks them all."""

    href: str
    school: str
    region: str
    ploc: str
    cos: str
    director: str
    level: str
    category: str
    tier: int | None
    tier_nr: str
    range: str
    total: str
    submitted: str
    rate: str
    exact: str
    date: str
    needed: str
    gained: str
    points: str
    why: str
    mark: str
    trail: Lines | None
    trail_words: str


def row_cells(row: Any, *, brief: bool = False) -> Cells:
    """The cells of a row of `standing`; a school that is not in the extraction is unknown, last seen on a date.

    Brief, for a page of all schools: without the sparkline and what hovering tells.
    """
    here, trail = row.present, () if brief else row.trail[-TRAIL:]
    return Cells(
        f"/rates/schools/{quote(row.school_key, safe=':')}",
        row.school,
        row.region,
        row.ploc,
        row.cos,
        row.director,
        row.level,
        row.group.capitalize(),
        row.tier,
        (tier_nr(row.tier) or "No rate") if here else "Unknown",
        TIER_LABELS.get(row.tier, "No rate") if here else f"Last seen {row.last_on}",
        number(row.total),
        number(row.submitted),
        shown_rate(row.submitted, row.total),
        "" if brief or row.rate is None else f"{row.rate.normalize():f} %",
        str(row.last_on),
        number(row.needed),
        signed(row.gained),
        points(row.moved),
        "" if brief else why(row),
        mark_words(row) if row.mark else "",
        None if brief else lines(trail),
        "" if brief else trail_words(trail),
    )


def number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def signed(value: int | None) -> str:
    """A change of a count: `+12`, `-3`, `0`."""
    return "" if value is None else f"{value:+,}" if value else "0"


@lru_cache(maxsize=1 << 16)
def points(value: Decimal | None) -> str:
    """A change of a rate in points with one decimal, half away from zero."""
    if value is None:
        return ""
    rounded = value.quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{rounded:+}" if rounded else "0.0"


def why(row: Any) -> str:
    """How much of a change comes from a changed total; empty where the total stayed."""
    if not row.present or row.was_total is None or row.total == row.was_total:
        return ""
    found = change((row.was_submitted, row.was_total), (row.submitted, row.total))
    part = f", {points(found.by_total)} points of the change" if found is not None else ""
    return f"Total was {row.was_total:,}{part}"


def mark_words(row: Any) -> str:
    """The movement mark with its number or date."""
    if row.mark == "stalled":
        return f"No new surveys in {row.stalled} extractions"
    if row.mark == "missing":
        return f"Missing, last seen {date_words(row.last_on)}"
    return MARKS.get(row.mark, "")


def trail_words(trail: Sequence[Decimal | None]) -> str:
    """What a sparkline shows, in words."""
    known = [rate for rate in trail if rate is not None]
    if not known:
        return "No rate yet"
    return f"From {known[0]:.0f}% to {known[-1]:.0f}% in {len(known)} extractions"
