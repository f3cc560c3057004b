"""What ingest hears: how far its uploads have travelled, and which spellings were matched; long files are read here."""

from datetime import timedelta

from sqlmodel import Session

from services.ingest.actions import kept_files, long_files, retention, travel
from shared.delivery.bus import Bus
from shared.events import AliasResolved, DigestsPlanned, DigestsSent, TiersComputed
from shared.settings import settings

bus = Bus("ingest")


@bus.handles(TiersComputed)
def on_tiers_computed(session: Session, event: TiersComputed) -> None:
    travel.note_tiers(session, event)


@bus.handles(DigestsPlanned)
def on_digests_planned(session: Session, event: DigestsPlanned) -> None:
    travel.note_digests(session, event)


@bus.handles(DigestsSent)
def on_digests_sent(session: Session, event: DigestsSent) -> None:
    travel.note_sent(session, event)


@bus.handles(AliasResolved)
def on_alias_resolved(session: Session, event: AliasResolved) -> None:
    travel.keep_alias(session, event)


@bus.loop("ingest.read_upload", timedelta(seconds=5), soft_seconds=240)
def read_upload() -> None:
    long_files.read_waiting()


@bus.daily("ingest.purge_access", timedelta(days=1))
def purge_access(session: Session) -> None:
    retention.purge(session)


@bus.daily("ingest.purge_files", timedelta(days=1))
def purge_files(session: Session) -> None:
    kept_files.purge_files(session, settings().upload_days)
