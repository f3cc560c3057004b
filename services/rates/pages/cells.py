"""A row of the table as people read it."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

from markupsafe import escape

from services.rates.rules import MARKS, TIER_LABELS, change, shown_rate, tier_nr
from shared.web.charts import Lines, lines
from shared.web.clock import date_words

TRAIL = 12


class Cells(NamedTuple):
    """The texts of a row, escaped for HTML already; `tier` as a number for its color, `trail` for the sparkline.

    The template unpacks them all and escapes nothing: escaping each cell there took most of a page's time.
    """

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
    if brief:
        return _brief(row)
    trail = row.trail[-TRAIL:]
    return _brief(row)._replace(
        exact="" if row.rate is None else f"{row.rate.normalize():f} %",
        why=why(row),
        trail=lines(trail),
        trail_words=trail_words(trail),
    )


def _brief(row: Any) -> Cells:
    """A thousand of them are made for a page: the row is unpacked once, what repeats is remembered."""
    (
        key, present, region, ploc, cos, director, school, level, group, tier, total, submitted, _, needed, gained,
        moved, _, last_on, _, mark, *_,
    ) = row  # fmt: skip
    return Cells(
        f"/rates/schools/{quote(key, safe=':')}",
        _html(school),
        _html(region),
        _html(ploc),
        _html(cos),
        _html(director),
        _html(level),
        group.capitalize(),
        tier,
        (tier_nr(tier) or "No rate") if present else "Unknown",
        TIER_LABELS.get(tier, "No rate") if present else f"Last seen {last_on}",
        number(total),
        number(submitted),
        shown_rate(submitted, total),
        "",
        _day(last_on),
        number(needed),
        signed(gained),
        points(moved),
        "",
        mark_words(row) if mark else "",
        None,
        "",
    )


@lru_cache(maxsize=1 << 14)
def _html(text: str) -> str:
    return str(escape(text))


@lru_cache(maxsize=256)
def _day(day: date) -> str:
    return str(day)


@lru_cache(maxsize=1 << 14)
def number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


@lru_cache(maxsize=1 << 14)
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
