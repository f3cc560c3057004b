"""Values that a person may take over: what a results file holds otherwise, and the Parents response rate."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlmodel import Session, col, select

from services.tracker.queries.plan import PlanWords, period_rows
from services.tracker.queries.progress import ItemLine
from services.tracker.rules.values import offered_rate, same_term
from services.tracker.tables.schools import OfferDismissed, ParentsRate, Result


class FileOffer(NamedTuple):
    """A results file's value that differs from what a person entered."""

    item_id: str
    period: int
    percent: Decimal
    there: Decimal | None


class RateOffer(NamedTuple):
    """A term's Parents response rate at its last extraction, for the year of that very term.

    `there` is the value that it would replace; `preliminary` until the survey window of the term has closed.
    """

    item_id: str
    term: str
    extraction_date: date
    percent: Decimal
    period: int
    there: Decimal | None
    preliminary: bool
    window_closes: date


class UnplacedRate(NamedTuple):
    """A term whose rate no year of the plan is of."""

    term: str
    percent: Decimal


def file_offers(session: Session, school_key: str, level: str, lines: Sequence[ItemLine]) -> list[FileOffer]:
    """What results files hold other than what is in the tracker, but for what a person has dismissed."""
    words = PlanWords(session)
    loaded = select(Result).where(Result.school_key == school_key, col(Result.percent).is_not(None))
    held: dict[tuple[str, int], Decimal] = {}
    for row in session.exec(loaded.order_by(col(Result.revision))):
        for place in words.places(row.level, row.item, row.period):
            if place.level == level and row.percent is not None:
                held[place.item_id, place.period] = row.percent
    dismissed = {
        (row.item_id, row.period, row.percent)
        for row in session.exec(
            select(OfferDismissed).where(OfferDismissed.school_key == school_key, OfferDismissed.level == level)
        )
    }
    by_item = {line.item.item_id: line for line in lines}
    offers = []
    for (item_id, period), percent in sorted(held.items()):
        line = by_item.get(item_id)
        if line is None or line.values[period] == percent or (item_id, period, percent) in dismissed:
            continue
        offers.append(FileOffer(item_id, period, percent, line.values[period]))
    return offers


def newest_rates(session: Session, school_key: str) -> list[ParentsRate]:
    """The school's Parents rates at the last extraction of each term that has one, newest first."""
    rows = session.exec(
        select(ParentsRate)
        .where(ParentsRate.school_key == school_key, col(ParentsRate.rate).is_not(None))
        .order_by(col(ParentsRate.extraction_date))
    )
    newest = {row.term: row for row in rows}
    return sorted(newest.values(), key=lambda row: row.extraction_date, reverse=True)


def rate_offers(
    session: Session, school_key: str, plan_id: str, lines: Sequence[ItemLine], today: date
) -> tuple[list[RateOffer], list[UnplacedRate]]:
    """The rates whose term is a year of the plan and whose value does not stand there, and those of no year."""
    taking = [line for line in lines if line.item.from_rates]
    years = period_rows(session, plan_id)
    offers, unplaced = [], []
    for row in newest_rates(session, school_key) if taking else ():
        assert row.rate is not None
        percent = offered_rate(row.rate)
        place = next((year.position for year in years if same_term(row.term, (year.label, *year.terms))), None)
        if place is None:
            unplaced.append(UnplacedRate(row.term, percent))
            continue
        offers += [
            RateOffer(
                line.item.item_id, row.term, row.extraction_date, percent, place, line.values[place],
                row.window_closes >= today, row.window_closes,
            )
            for line in taking
            if line.values[place] != percent
        ]  # fmt: skip
    return offers, unplaced
