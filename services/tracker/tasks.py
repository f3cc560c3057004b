"""The handlers of the events that tracker subscribes to, and the long work that a process beside does."""

from datetime import timedelta

from sqlmodel import Session

from services.tracker.actions import intake
from services.tracker.actions.lcap import loads
from shared.delivery.bus import Bus
from shared.events import DirectoryLoaded, LcapLoaded, SurveyResultsLoaded, TiersComputed
from shared.jobs.writer import start_writer
from shared.privacy import purge

bus = Bus("tracker")


@bus.handles(DirectoryLoaded)
def store_directory(session: Session, event: DirectoryLoaded) -> None:
    intake.store_directory(session, event)


@bus.handles(SurveyResultsLoaded)
def compute_targets(session: Session, event: SurveyResultsLoaded) -> None:
    intake.compute_targets(session, event)


@bus.handles(LcapLoaded)
def store_lcap(session: Session, event: LcapLoaded) -> None:
    loads.store_lcap(session, event)


@bus.handles(TiersComputed)
def store_rates(session: Session, event: TiersComputed) -> None:
    intake.store_rates(session, event)


@bus.loop("tracker.write_files", every=timedelta(minutes=1))
def write_files() -> None:
    start_writer("tracker")


@bus.daily("tracker.purge_personal", timedelta(days=1))
def purge_personal(session: Session) -> None:
    purge.purge_personal(session, "tracker")
