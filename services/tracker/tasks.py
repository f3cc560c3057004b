"""What tracker hears."""

from sqlmodel import Session

from services.tracker import actions
from shared.bus import Bus
from shared.events import DirectoryLoaded, LcapLoaded, SurveyResultsLoaded, TiersComputed

bus = Bus("tracker")


@bus.hears(DirectoryLoaded)
def on_directory_loaded(session: Session, event: DirectoryLoaded) -> None:
    actions.store_directory(session, event)


@bus.hears(SurveyResultsLoaded)
def on_survey_results_loaded(session: Session, event: SurveyResultsLoaded) -> None:
    actions.store_results(session, event)


@bus.hears(LcapLoaded)
def on_lcap_loaded(session: Session, event: LcapLoaded) -> None:
    actions.store_lcap(session, event)


@bus.hears(TiersComputed)
def on_tiers_computed(session: Session, event: TiersComputed) -> None:
    actions.store_rates(session, event)
