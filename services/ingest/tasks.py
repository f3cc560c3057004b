"""The tasks of ingest: the delivery progress of uploads, matched spellings, the reading of long files, and clock work."""

from datetime import timedelta

from sqlmodel import Session

from services.ingest.actions import drops, intake, kept_files, long_files, retention
from shared.delivery.bus import Bus
from shared.events import AliasResolved, DigestsPlanned, DigestsSent, PlansChanged, TiersComputed
from shared.privacy import purge
from shared.settings import settings

bus = Bus("ingest")


@bus.handles(TiersComputed)
def note_tiers(session: Session, event: TiersComputed) -> None:
    intake.note_tiers(session, event)


@bus.handles(DigestsPlanned)
def note_digests(session: Session, event: DigestsPlanned) -> None:
    intake.note_digests(session, event)


@bus.handles(DigestsSent)
def note_sent(session: Session, event: DigestsSent) -> None:
    intake.note_sent(session, event)


@bus.handles(AliasResolved)
def keep_alias(session: Session, event: AliasResolved) -> None:
    intake.keep_alias(session, event)


@bus.handles(PlansChanged)
def store_plans(session: Session, event: PlansChanged) -> None:
    intake.store_plans(session, event)


@bus.loop("ingest.read_upload", timedelta(seconds=20), soft_seconds=240)
def read_upload() -> None:
    long_files.read_waiting()


@bus.loop("ingest.look_at_folders", timedelta(seconds=60), soft_seconds=240)
def look_at_folders() -> None:
    drops.look_at_folders()


@bus.daily("ingest.purge_access", timedelta(days=1))
def purge_access(session: Session) -> None:
    retention.purge(session)


@bus.daily("ingest.purge_files", timedelta(days=1))
def purge_files(session: Session) -> None:
    kept_files.purge_files(session, settings().upload_days)
    kept_files.purge_dry_runs(session)
    drops.purge_dropped(session, settings().upload_days)


@bus.daily("ingest.purge_personal", timedelta(days=1))
def purge_personal(session: Session) -> None:
    purge.purge_personal(session, "ingest")
