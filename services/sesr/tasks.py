"""What sesr does with events, and what it forgets every night."""

from datetime import timedelta

from sqlmodel import Session

from services.sesr.actions import intake, recording, retention
from shared.delivery.bus import Bus
from shared.events import DirectoryLoaded, ReportSubmitted
from shared.settings import settings

bus = Bus("sesr")


@bus.handles(DirectoryLoaded)
def store_directory(session: Session, event: DirectoryLoaded) -> None:
    intake.store_directory(session, event)


@bus.handles(ReportSubmitted)
def record_report(session: Session, event: ReportSubmitted) -> None:
    recording.record_report(session, event)


@bus.daily("sesr.purge_names", timedelta(days=1))
def purge_names(session: Session) -> None:
    retention.purge(session, settings().strike_name_days)
