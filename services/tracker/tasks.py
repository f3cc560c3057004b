"""What tracker hears, and the large workbooks that it writes."""

from datetime import timedelta
from uuid import UUID

from sqlmodel import Session

from services.tracker.actions import exports, hearing, lcap
from shared.db import transaction
from shared.delivery.bus import Bus
from shared.events import DirectoryLoaded, LcapLoaded, SurveyResultsLoaded, TiersComputed

bus = Bus("tracker")


@bus.handles(DirectoryLoaded)
def on_directory_loaded(session: Session, event: DirectoryLoaded) -> None:
    hearing.store_directory(session, event)


@bus.handles(SurveyResultsLoaded)
def on_survey_results_loaded(session: Session, event: SurveyResultsLoaded) -> None:
    hearing.store_results(session, event)


@bus.handles(LcapLoaded)
def on_lcap_loaded(session: Session, event: LcapLoaded) -> None:
    lcap.store_lcap(session, event)


@bus.handles(TiersComputed)
def on_tiers_computed(session: Session, event: TiersComputed) -> None:
    hearing.store_rates(session, event)


@bus.loop(exports.JOB, every=timedelta(minutes=1), soft_seconds=600)
def write_books() -> None:
    """Writes every export that waits; each in a transaction of its own, its progress in others."""
    going = True
    while going:
        begun: list[UUID] = []

        def told(export_id: UUID, done: int, total: int, begun: list[UUID] = begun) -> None:
            begun.append(export_id)
            with transaction("tracker") as session:
                exports.note_progress(session, export_id, done, total)

        try:
            with transaction("tracker") as session:
                going = exports.write_next(session, told)
        except Exception as error:
            if not begun:
                raise
            with transaction("tracker") as session:
                exports.note_failure(session, begun[-1], error)
