"""Taking an offered value over, which is always a person's decision."""

from typing import Any

from sqlmodel import Session

from services.tracker.actions.entries import Cell, save_cells
from services.tracker.queries.offers import file_offers, rate_offers
from services.tracker.queries.progress import lines, periods
from shared.access import Who
from shared.errors import NotFound

_GONE = "This value is no longer offered. Reload the page."


def take_file_value(session: Session, who: Who, school: Any, level: str, item_id: str, period: int) -> None:
    """Replaces what was entered by what the results file holds."""
    known = lines(session, school.school_key, level)
    for offer in file_offers(session, school.school_key, level, known):
        if (offer.item_id, offer.period) == (item_id, period):
            save_cells(session, who, school.school_key, level, [Cell(item_id, period, offer.percent)], "results file")
            return
    raise NotFound(_GONE)


def take_rate(session: Session, who: Who, school: Any, level: str, item_id: str, term: str, period: int) -> None:
    """Enters a term's Parents response rate as the result of a year."""
    known = lines(session, school.school_key, level)
    if not 0 <= period < len(periods(session)):
        raise NotFound("There is no such year. Reload the page.")
    for offer in rate_offers(session, school.school_key, known):
        if (offer.item_id, offer.term) == (item_id, term):
            save_cells(session, who, school.school_key, level, [Cell(item_id, period, offer.percent)], "response rate")
            return
    raise NotFound(_GONE)
