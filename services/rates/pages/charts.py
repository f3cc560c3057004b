"""The charts of rates: a school's history with its forecast, and how many schools were in each tier at each extraction."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from services.rates.queries.rollups import TierCounts
from services.rates.queries.settings import TermWindow
from services.rates.rules.tiers import rate, shown_percent, tier_nr
from shared.days import date_words, day_words
from shared.numbers import counted
from shared.tiers import TIER_CUTS, TIERS, shown_rate
from shared.web.charts import (
    Chart,
    Fan,
    Figures,
    Level,
    LinePlot,
    Moment,
    Stack,
    Stop,
    Zone,
    categories,
    columns,
    days,
    line_chart,
    measure,
    percents,
)
from shared.web.clock import today

_CUTS = [float(100 * cut) for cut in TIER_CUTS]
_ZONES = [
    Zone(low, high, f"Tier {n}", f"tier-{n}") for n, (low, high) in zip(TIERS, pairwise([0, *_CUTS, 100]), strict=True)
]
_LEGEND = (*((f"Tier {number}", f"tier-{number}") for number in TIERS), ("No rate or not in it", "tier-none"))


def history_chart(
    group: str, term: Sequence[Any], missing: Sequence[date], window: TermWindow, now: Any, goal: int | None
) -> Chart:
    """A term's rates in the survey window, the tiers' bands, the goal and, until the window closes, the forecast's range.

    `term`: the school's rows, oldest first; `missing`: the extractions that lack it, where the line is broken.
    """
    found = {row.extraction_date: _stop(row) for row in term}
    stops = sorted([*found.values(), *(_absent(day) for day in missing if day not in found)])
    opens, closes = min(window.opens, term[0].extraction_date), max(window.closes, term[-1].extraction_date)
    known = [row for row in term if row.rate is not None]
    ends = [(window.opens, "Window opens", opens), (window.closes, "Window closes", closes)]
    return line_chart(
        LinePlot(
            words=f"{group.capitalize()}: {_history_words(known)}.",
            x=days(opens, closes),
            y=percents(_CUTS),
            stops=stops,
            zones=_ZONES,
            levels=[Level(goal, f"Goal {goal}%")] if goal else [],
            moments=[Moment(day.toordinal(), words) for day, words, edge in ends if day != edge],
            fan=_fan(known, window, now),
            last_words=shown_rate(known[-1].submitted, known[-1].total) if known else "",
        )
    )


def _stop(row: Any) -> Stop:
    shown = shown_rate(row.submitted, row.total)
    said = f"{shown}, {row.submitted:,} of {row.total:,}, {tier_nr(row.tier)}" if row.rate is not None else "no rate"
    return Stop(row.extraction_date.toordinal(), (row.rate,), f"{date_words(row.extraction_date)}: {said}")


def _absent(day: date) -> Stop:
    return Stop(day.toordinal(), (None,), f"{date_words(day)}: not in this extraction")


def _history_words(known: Sequence[Any]) -> str:
    if not known:
        return "no rate so far"
    ends = f"from {shown_percent(known[0].rate)} to {shown_percent(known[-1].rate)}"
    return f"the rate went {ends} in {counted(len(known), 'extraction')}"


def _fan(known: Sequence[Any], window: TermWindow, now: Any) -> Fan | None:
    """The forecast from the last rate to the close; None where there is none, or where the window is over."""
    if now is None or now.final_likely is None or not known or today() > window.closes:
        return None
    low, likely, high = (rate(end, now.total) or 0 for end in (now.final_low, now.final_likely, now.final_high))
    last = (known[-1].extraction_date.toordinal(), known[-1].rate)
    return Fan(last, window.closes.toordinal(), low, likely, high, f"Likely {shown_rate(now.final_likely, now.total)}")


def tiers_chart(name: str, weeks: Sequence[TierCounts], *, is_small: bool = False) -> Chart:
    """Schools by tier at each extraction, Tier 1 at the bottom, with how many left it below the day."""
    x = categories([(day_words(week.day), f"{week.left:,} left" if week.left else "") for week in weeks])
    most = max((sum(week.tiers) + week.without for week in weeks), default=0)
    head = (
        "Extraction",
        *(f"Tier {number}" for number in TIERS),
        "No rate or not in it",
        "Left Tier 1",
        "Newly in Tier 1",
    )
    shown = [
        Stack(place + 0.14, place + 0.86, _parts(week), f"{date_words(week.day)}: {_week_words(week)}")
        for place, week in enumerate(weeks)
    ]
    rows = [
        (date_words(week.day), *(f"{count:,}" for count in (*week.tiers, week.without, week.left, week.newly_in)))
        for week in weeks
    ]
    words = f"{name}: schools by tier at each extraction. {date_words(weeks[-1].day)}: {_week_words(weeks[-1])}."
    y = measure([most], is_whole=True, most=3 if is_small else 5)
    return columns(
        words,
        x,
        y,
        shown,
        labels=True,
        legend=() if is_small else _LEGEND,
        figures=Figures(head, rows),
        height=110 if is_small else 220,
    )


def _parts(week: TierCounts) -> list[tuple[int, str]]:
    return [
        *((count, f"tier-{number}") for number, count in zip(TIERS, week.tiers, strict=True)),
        (week.without, "tier-none"),
    ]


def _week_words(week: TierCounts) -> str:
    tiers = ", ".join(f"{count:,} in Tier {number}" for number, count in zip(TIERS, week.tiers, strict=True))
    without = f", {week.without:,} without a rate or not in it" if week.without else ""
    return f"{tiers}{without}; {week.left:,} left Tier 1, {week.newly_in:,} newly in it"
