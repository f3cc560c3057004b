"""Fitting the forecast of a group's final rates, once for each extraction. Only this module loads the numerical library."""

from collections.abc import Iterator
from datetime import date
from typing import LiteralString, NamedTuple

import numpy as np
from sqlalchemy import func, select
from sqlmodel import Session, col

from services.rates.queries.settings import TermWindow, days_off, window_of
from services.rates.rules.curves import Curves, FinalRates, nothing_known
from services.rates.rules.forecast import final_rates
from services.rates.rules.outlook import FinalCounts, outlook
from services.rates.rules.pace import per_day
from services.rates.rules.tiers import surveys_at, tier_result
from services.rates.tables import Extraction
from shared.db import raw
from shared.files.copying import copy_line, copy_lines
from shared.school_days import school_days

# So many of a district's earlier terms are learned from, the newest that ended before this one's window opens.
EARLIER_TERMS = 3
# Text: as many rows as a national file has go from the driver into arrays.
_COUNTS: LiteralString = """
    select school_key, extraction_date, submitted, total from rate
    where term = %(term)s and respondent_group = %(respondent_group)s and extraction_date between %(since)s and %(until)s
        and not removed and submitted is not null and total > 0
"""


class Counts(NamedTuple):
    """A group's curves up to a day, the schools of their rows, and each school's counts at the last extraction."""

    curves: Curves
    schools: list[str]
    newest: dict[str, tuple[int, int]]


def fit_forecasts(session: Session, term: str, group: str, day: date, is_newest: bool = True) -> None:
    """Fills the temporary table `forecast` of a group at an extraction; it stays empty where nothing can be said.

    Final rates are fitted for the newest extraction only; what is needed per school day is a division, known for all.
    """
    window = window_of(session, term)
    if window is None or not window.opens <= day < window.closes:
        return
    found = _counts(session, window, group, date.min if is_newest else day, day)
    finals = nothing_known(len(found.schools))
    if is_newest:
        earlier = [_counts(session, each, group, date.min, each.closes) for each in _earlier(session, window, group)]
        finals = final_rates(found.curves, [each.curves for each in earlier])
    left = school_days(day, window.closes, days_off(session))
    copy_lines(session, "forecast", _lines(found, finals, left))


def _lines(found: Counts, finals: FinalRates, left: int) -> Iterator[str]:
    low, likely, high = finals
    for at, school in enumerate(found.schools):
        counts = found.newest.get(school)
        if counts is None:
            continue
        submitted, total = counts
        needed = per_day(tier_result(submitted, total).needed, left)
        ends = None
        if np.isfinite(likely[at]):
            ends = FinalCounts(*(surveys_at(float(rates[at]), total) for rates in (low, likely, high)))
        facts = ends or (None, None, None)
        yield copy_line(school, *facts, outlook(submitted, total, ends), needed) + "\n"


def _earlier(session: Session, window: TermWindow, group: str) -> list[TermWindow]:
    """The windows of the newest terms that were over when this one opened and have extractions of the group."""
    own = (col(Extraction.respondent_group) == group, col(Extraction.schools) > 0, col(Extraction.term) != window.term)
    newest = func.max(Extraction.extraction_date)
    terms = select(col(Extraction.term)).where(*own).group_by(col(Extraction.term)).order_by(newest.desc())
    windows = (window_of(session, term) for term in session.scalars(terms).all())
    return [each for each in windows if each is not None and each.closes < window.opens][:EARLIER_TERMS]


def _counts(session: Session, window: TermWindow, group: str, since: date, until: date) -> Counts:
    values = {"term": window.term, "respondent_group": group, "since": since, "until": until}
    rows = raw(session).execute(_COUNTS, values).fetchall()
    dates, schools = sorted({day for _, day, _, _ in rows}), sorted({school for school, _, _, _ in rows})
    column, at = {day: n for n, day in enumerate(dates)}, {school: n for n, school in enumerate(schools)}
    rates = np.full((len(schools), len(dates)), np.nan)
    newest: dict[str, tuple[int, int]] = {}
    for school, day, submitted, total in rows:
        rates[at[school], column[day]] = 100 * submitted / total
        if day == dates[-1]:
            newest[school] = (submitted, total)
    days = np.array([(day - window.opens).days for day in dates], dtype=np.float64)
    return Counts(Curves(days, rates, float((window.closes - window.opens).days)), schools, newest)
