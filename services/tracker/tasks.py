"""What tracker hears."""

from sqlmodel import Session

from services.tracker.actions import hearing, lcap
from shared.bus import Bus
from shared.events import DirectoryLoaded, LcapLoaded, SurveyResultsLoaded, TiersComputed

bus = Bus("tracker")


@bus.hears(DirectoryLoaded)
def on_directory_loaded(session: Session, event: DirectoryLoaded) -> None:
    hearing.store_directory(session, event)


@bus.hears(SurveyResultsLoaded)
def on_survey_results_loaded(session: Session, event: SurveyResultsLoaded) -> None:
    hearing.store_results(session, event)


@bus.hears(LcapLoaded)
def on_lcap_loaded(session: Session, event: LcapLoaded) -> None:
    lcap.store_lcap(session, event)


@bus.hears(TiersComputed)
def on_tiers_computed(session: Session, event: TiersComputed) -> None:
    hearing.store_rates(session, event)
