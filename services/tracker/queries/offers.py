"""Values that a person may take over: what a results file holds otherwise, and the Parents response rate."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from services.tracker.queries.plan import Plan
from services.tracker.queries.progress import Line
from services.tracker.rules.values import offered_rate

_LOADED = text(
    "select level, item, period, percent from result where school_key = :school_key and percent is not null"
    " order by revision limit 2000"
)
_RATES = text(
    'select term, "on", rate from (select distinct on (term) term, "on", rate from final_rate'
    ' where school_key = :school_key and rate is not null order by term, "on" desc) newest order by "on" desc limit 4'
)


class FileOffer(NamedTuple):
    """A results file's value that differs from what a person entered."""

    item_id: str
    period: int
    percent: Decimal
    there: Decimal | None


class RateOffer(NamedTuple):
    """A term's Parents response rate as a result of an item; `taken` where a year holds that very value."""

    item_id: str
    term: str
    on: date
    percent: Decimal
    taken: bool


def file_offers(session: Session, school_key: str, level: str, lines: Sequence[Line]) -> list[FileOffer]:
    """What results files hold other than what stands in the tracker."""
    plan = Plan(session)
    held = {}
    for row in session.execute(_LOADED, {"school_key": school_key}):
        place = plan.place(row.level, row.item, row.period)
        if place is not None and place[0] == level:
            held[place[1:]] = row.percent
    by_item = {line.item.item_id: line for line in lines}
    offers = []
    for (item_id, period), percent in sorted(held.items()):
        line = by_item.get(item_id)
        if line is not None and line.values[period] != percent:
            offers.append(FileOffer(item_id, period, percent, line.values[period]))
    return offers


def rate_offers(session: Session, school_key: str, lines: Sequence[Line]) -> list[RateOffer]:
    """The school's Parents rates at the last extraction of each term that has one, newest first."""
    taking = [line for line in lines if line.item.from_rates]
    if not taking:
        return []
    rates = session.execute(_RATES, {"school_key": school_key}).all()
    return [
        RateOffer(line.item.item_id, row.term, row.on, value, value in line.values)
        for line in taking
        for row in rates
        for value in [offered_rate(row.rate)]
    ]
