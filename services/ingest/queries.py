"""What of ingest can be seen: uploads, how far they travelled, the people of the demo sign-in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ingest.tables import Upload

_UPLOADS = text(
    'select upload_id, kind, file_name, state, uploaded_by, uploaded_at, term, "on", revision, groups, counts from upload'
    " where cast(:before as timestamptz) is null or uploaded_at < :before order by uploaded_at desc limit :limit"
)
_TRAVEL = text("select station, detail, at from travel where upload_id = :upload_id order by at, station")
_TOLD = text(
    "select e.topic, d.subscriber, count(*) as events, count(*) filter (where d.state = 'acked') as heard,"
    " min(e.created_at) as said_at, max(d.acked_at) as heard_at"
    " from outbox_event e join outbox_delivery d using (event_id)"
    " where e.topic in ('ingest.extraction_loaded', 'ingest.directory_loaded')"
    " and (e.payload->>'upload_id' = :upload_id or (e.topic = 'ingest.directory_loaded' and e.version = :revision))"
    " group by e.topic, d.subscriber order by d.subscriber"
)


class Station(NamedTuple):
    """One step of an upload's way: done or not, when, and in words."""

    name: str
    done: bool
    at: datetime | None
    words: str


def uploads(session: Session, before: datetime | None = None, limit: int = 50) -> Sequence[Any]:
    """Uploads, newest first, older than `before`."""
    return session.execute(_UPLOADS, {"before": before, "limit": limit}).all()


def upload(session: Session, upload_id: UUID) -> Upload | None:
    return session.get(Upload, upload_id)


def journey(session: Session, taken: Upload) -> list[Station]:
    """The steps of an upload: stored, heard, tiers computed, digests planned, mails sent."""
    steps = [Station("Stored", True, taken.uploaded_at, f"{taken.counts.get('accepted', 0)} rows")]
    if taken.state == "unchanged":
        return [*steps, Station("Nothing new", True, taken.uploaded_at, "every row was known: nobody is told")]
    revision = taken.revision if taken.kind == "directory" else None
    told = session.execute(_TOLD, {"upload_id": str(taken.upload_id), "revision": revision}).all()
    steps += [
        Station(
            f"Heard by {row.subscriber}", row.heard == row.events, row.heard_at, f"{row.heard} of {row.events} events"
        )
        for row in told
    ]
    if taken.kind == "participation":
        steps += _later(session, taken)
    return steps


def _later(session: Session, taken: Upload) -> list[Station]:
    notes = session.execute(_TRAVEL, {"upload_id": taken.upload_id}).all()
    computed = {note.station.split("/")[1] for note in notes if note.station.startswith("tiers/")}
    digests = next((note for note in notes if note.station == "digests"), None)
    mails = [note for note in notes if note.station.startswith("mail/")]
    steps = [
        Station(
            "Tiers computed",
            bool(computed),
            max((note.at for note in notes if note.station.startswith("tiers/")), default=None),
            ", ".join(sorted(computed)) or "waiting",
        )
    ]
    if digests is None:
        return [*steps, Station("Alerts planned", False, None, "waiting")]
    counts = digests.detail
    words = f"{counts['planned']} planned, {counts['held']} held, {counts['unroutable']} without a route"
    sent_at = mails[-1].at if mails else None
    done = len(mails) >= counts["planned"]
    return [
        *steps,
        Station("Alerts planned", True, digests.at, words),
        Station("Mails sent", done, sent_at, f"{len(mails)} of {counts['planned']}"),
    ]
