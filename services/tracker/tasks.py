"""The handlers of the events that tracker subscribes to, and the large workbooks that it reads and writes."""

from datetime import timedelta
from uuid import UUID

from sqlmodel import Session

from services.tracker.actions import exports, intake
from services.tracker.actions.lcap import loads
from shared.db import transaction
from shared.delivery.bus import Bus
from shared.events import DirectoryLoaded, LcapLoaded, SurveyResultsLoaded, TiersComputed
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


@bus.loop(exports.JOB, every=timedelta(minutes=1), soft_seconds=600)
def write_books() -> None:
    """Writes every export that waits; each in a transaction of its own, its progress in others."""
    is_more = True
    while is_more:
        begun: list[UUID] = []

        def noted(export_id: UUID, done: int, total: int, begun: list[UUID] = begun) -> None:
            begun.append(export_id)
            with transaction("tracker") as session:
                exports.note_progress(session, export_id, done, total)

        try:
            with transaction("tracker") as session:
                is_more = exports.write_next(session, noted)
        except Exception as error:
            if not begun:
                raise
            with transaction("tracker") as session:
                exports.note_failure(session, begun[-1], error)


@bus.daily("tracker.purge_personal", timedelta(days=1))
def purge_personal(session: Session) -> None:
    purge.purge_personal(session, "tracker")
