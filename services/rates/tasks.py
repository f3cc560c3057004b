"""The handlers of rates, its long files, and, once a day, a look for histories that were never computed."""

from datetime import timedelta

from sqlmodel import Session

from services.rates.actions import calendar, extractions, histories, intake
from services.rates.actions.forecasts import fit_forecasts
from shared.db import transaction
from shared.delivery.bus import Bus
from shared.events import DigestsSent, DirectoryLoaded, ExtractionLoaded
from shared.jobs.writer import start_writer
from shared.privacy import purge

bus = Bus("rates")


@bus.handles(ExtractionLoaded)
def compute_tiers(session: Session, event: ExtractionLoaded) -> None:
    extractions.compute_tiers(session, event, fit_forecasts)


@bus.handles(DirectoryLoaded)
def store_directory(session: Session, event: DirectoryLoaded) -> None:
    intake.store_directory(session, event)


@bus.handles(DigestsSent)
def note_sent(session: Session, event: DigestsSent) -> None:
    intake.note_sent(session, event)


@bus.daily("rates.fill_histories", timedelta(days=1))
def fill_histories(session: Session) -> None:
    histories.fill_histories(session, fit_forecasts)


@bus.loop("rates.publish_calendar", timedelta(minutes=1))
def publish_calendar() -> None:
    with transaction("rates") as session:
        calendar.publish_calendar(session)


@bus.loop("rates.write_files", timedelta(minutes=1))
def write_files() -> None:
    start_writer("rates")


@bus.daily("rates.purge_personal", timedelta(days=1))
def purge_personal(session: Session) -> None:
    purge.purge_personal(session, "rates")
