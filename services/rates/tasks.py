"""What rates hears; once a day, and when it first starts, it looks for standings that were never computed."""

from datetime import timedelta

from sqlmodel import Session

from services.rates.actions import standings
from services.rates.actions.directory import note_sent, store_directory
from services.rates.actions.extractions import store_tiers
from shared.delivery.bus import Bus
from shared.events import DigestsSent, DirectoryLoaded, ExtractionLoaded

bus = Bus("rates")


@bus.handles(ExtractionLoaded)
def on_extraction_loaded(session: Session, event: ExtractionLoaded) -> None:
    store_tiers(session, event)


@bus.handles(DirectoryLoaded)
def on_directory_loaded(session: Session, event: DirectoryLoaded) -> None:
    store_directory(session, event)


@bus.handles(DigestsSent)
def on_digests_sent(session: Session, event: DigestsSent) -> None:
    note_sent(session, event)


@bus.daily("rates.fill_standings", timedelta(days=1))
def fill_standings(session: Session) -> None:
    standings.fill_standings(session)
