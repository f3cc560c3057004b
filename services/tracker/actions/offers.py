"""Taking an offered value over, or dismissing it, which is always a person's decision."""

from typing import NamedTuple

from sqlmodel import Session

from services.tracker.queries.offers import FileOffer, file_offers
from services.tracker.queries.progress import lines
from services.tracker.tables.schools import OfferDismissed, School
from shared.access import Who, audit
from shared.db import upsert
from shared.errors import NotFound


class OfferPlace(NamedTuple):
    """Where an offered value would stand."""

    plan_id: str
    level: str
    item_id: str
    period: int


def dismiss_file_value(session: Session, who: Who, school: School, place: OfferPlace) -> None:
    """Leaves what was entered as it is, and offers this value of the file no more."""
    offer = _offer(session, school, place)
    dismissed = {
        "school_key": school.school_key, "level": place.level, "item_id": offer.item_id, "period": offer.period,
        "percent": offer.percent, "dismissed_by": who.actor,
    }  # fmt: skip
    upsert(session, OfferDismissed, [dismissed])
    what = {"item": offer.item_id, "period": offer.period, "percent": str(offer.percent)}
    audit(session, who.actor, "offer.dismissed", f"{school.school_key}/{place.level}", what)


def _offer(session: Session, school: School, place: OfferPlace) -> FileOffer:
    known = lines(session, school.school_key, place.plan_id, place.level)
    for offer in file_offers(session, school.school_key, place.level, known):
        if (offer.item_id, offer.period) == (place.item_id, place.period):
            return offer
    raise NotFound("This value is no longer offered. Reload the page.")
