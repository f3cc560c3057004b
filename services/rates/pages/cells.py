"""A row of the table as people read it."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

from services.rates.rules.movement import MOVEMENTS, change
from services.rates.rules.outlook import OUTLOOKS
from services.rates.rules.tiers import TIER_LABELS, shown_percent, tier_nr
from shared.days import date_words
from shared.tiers import shown_rate
from shared.web.charts import Lines, lines

TRAIL = 12


class RowCells(NamedTuple):
    """The texts of a row; `tier` as a number for its color, `trail` for the sparkline, `why` for who points at a change."""

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
    change: str
    points: str
    why: str
    movement: str
    outlook: str
    per_day: str
    forecast: str
    trail: Lines
    trail_words: str


def row_cells(row: Any, *, brief: bool = False) -> RowCells:
    """The cells of a row; a school that is not in the extraction is unknown, last seen on a date.

    Brief, for a page of very many: without what pointing at a cell shows.
    """
    present = row.present
    return RowCells(
        href=f"/rates/schools/{quote(row.school_key, safe=':')}",
        school=row.school,
        region=row.region,
        ploc=row.ploc,
        cos=row.cos,
        director=row.director,
        level=row.level,
        category=row.respondent_group.capitalize(),
        tier=row.tier,
        tier_nr=(tier_nr(row.tier) or "No rate") if present else "Unknown",
        range=TIER_LABELS.get(row.tier, "No rate") if present else f"Last seen {date_words(row.last_seen)}",
        total=number(row.total),
        submitted=number(row.submitted),
        rate=shown_rate(row.submitted, row.total),
        exact="" if brief or row.rate is None else f"{row.rate.normalize():f}%",
        date=date_words(row.last_seen),
        needed=number(row.needed),
        change=signed(row.change_surveys),
        points=points(row.change_points),
        why="" if brief else why(row),
        movement=movement_words(row),
        outlook=OUTLOOKS.get(row.outlook, ""),
        per_day="" if row.needed_per_day is None else f"{row.needed_per_day:,}",
        forecast=forecast_words(row),
        trail=lines(row.trail[-TRAIL:]),
        trail_words=trail_words(row.trail),
    )


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
    return f"{rounded:+,}" if rounded else "0.0"


def why(row: Any) -> str:
    """How much of a change comes from a changed total; empty where the total stayed."""
    if not row.present or row.previous_total is None or row.total == row.previous_total:
        return ""
    found = change((row.previous_submitted, row.previous_total), (row.submitted, row.total))
    part = f", {points(found.by_total)} points of the change" if found is not None else ""
    return f"Total was {row.previous_total:,}{part}"


def forecast_words(row: Any) -> str:
    """The likely final rate with its range: `31% (24% to 40%)`; empty where nothing can be said."""
    if row.final_likely is None:
        return ""
    low, likely, high = (shown_rate(each, row.total) for each in (row.final_low, row.final_likely, row.final_high))
    return likely if low == high else f"{likely} ({low} to {high})"


def movement_words(row: Any) -> str:
    """The movement with its number or date."""
    if row.movement == "stalled":
        return f"No new surveys in {row.stalled} extractions"
    if row.movement == "missing":
        return f"Missing, last seen {date_words(row.last_seen)}"
    return MOVEMENTS.get(row.movement, "")


def trail_words(trail: Sequence[Decimal | None]) -> str:
    """What a sparkline of the last TRAIL rates shows, in words; it says where there were more."""
    known = [rate for rate in trail[-TRAIL:] if rate is not None]
    if not known:
        return "No rate yet"
    all_known = sum(rate is not None for rate in trail)
    many = f"the last {len(known)} of {all_known}" if all_known > len(known) else str(len(known))
    return f"From {shown_percent(known[0])} to {shown_percent(known[-1])} in {many} extractions"
