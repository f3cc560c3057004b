"""What sesr hears."""

from sqlmodel import Session

from services.sesr.actions import directory, recording
from shared.bus import Bus
from shared.events import DirectoryLoaded, ReportSubmitted

bus = Bus("sesr")


@bus.hears(DirectoryLoaded)
def on_directory_loaded(session: Session, event: DirectoryLoaded) -> None:
    directory.store_directory(session, event)


@bus.hears(ReportSubmitted)
def on_report_submitted(session: Session, event: ReportSubmitted) -> None:
    recording.record_report(session, event)
