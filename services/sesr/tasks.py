"""What sesr does with events, and what it forgets every night."""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import Session

from services.sesr.actions import intake, recording, replying, retention
from shared.delivery.bus import Bus
from shared.events import CalendarChanged, DirectoryLoaded, ReplyReceived, ReportSubmitted
from shared.privacy import purge
from shared.settings import settings

bus = Bus("sesr")


@bus.handles(DirectoryLoaded)
def store_directory(session: Session, event: DirectoryLoaded) -> None:
    intake.store_directory(session, event)


@bus.handles(CalendarChanged)
def store_calendar(session: Session, event: CalendarChanged) -> None:
    intake.store_calendar(session, event)


@bus.handles(ReplyReceived)
def take_reply(session: Session, event: ReplyReceived) -> None:
    replying.take_reply(session, event)


@bus.handles_batch(ReportSubmitted)
def record_report(session: Session, events: Sequence[ReportSubmitted]) -> None:
    recording.record_report(session, events)


@bus.daily("sesr.purge_names", timedelta(days=1))
def purge_names(session: Session) -> None:
    retention.purge(session, settings().strike_name_days)


@bus.daily("sesr.purge_personal", timedelta(days=1))
def purge_personal(session: Session) -> None:
    purge.purge_personal(session, "sesr")
