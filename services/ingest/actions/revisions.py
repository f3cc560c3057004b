"""The revisions of an extraction, and of the kinds of files without a date: one after the other, under a lock."""

from datetime import date
from uuid import UUID

from sqlalchemy import String, cast
from sqlmodel import Session, col, func, select

from services.ingest.tables import Upload

_LOCK_SPACE = 1


def lock_extraction(session: Session, term: str | None, day: date | None) -> None:
    """Until the transaction ends nobody else publishes a revision of this extraction."""
    _lock(session, f"{term}/{day}")


def lock_kind(session: Session, kind: str) -> None:
    """Until the transaction ends nobody else publishes a file of this kind."""
    _lock(session, f"kind {kind}")


def lock_content(session: Session, kind: str, sha256: bytes) -> None:
    """Until the transaction ends nobody else takes this content in: of two who send it at once, one finds it known."""
    _lock(session, f"content {kind} {sha256.hex()}")


def _lock(session: Session, name: str) -> None:
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(cast(name, String), _LOCK_SPACE))))


def last_revision(session: Session, term: str | None, day: date | None) -> int:
    """The newest revision of an extraction; 0 where nothing of it was published."""
    newest = select(func.coalesce(func.max(Upload.revision), 0))
    return session.exec(newest.where(col(Upload.term) == term, col(Upload.extraction_date) == day)).one() or 0


def revision_before(session: Session, upload: Upload) -> int:
    """The revision that was published in events before this one; 0 for the first."""
    found = select(func.coalesce(func.max(Upload.revision), 0)).where(
        col(Upload.term) == upload.term,
        col(Upload.extraction_date) == upload.extraction_date,
        col(Upload.revision) < upload.revision,
        col(Upload.parts) != {},
    )
    return session.exec(found).one() or 0


def next_of_kind(session: Session, kind: str) -> int:
    """The next revision of a kind of files."""
    return (
        session.exec(select(func.coalesce(func.max(Upload.revision), 0) + 1).where(col(Upload.kind) == kind)).one() or 0
    )


def later_revision(session: Session, upload: Upload) -> UUID | None:
    """An upload that was published over this one's extraction since; None where this is the newest revision."""
    later = select(Upload.upload_id).where(
        col(Upload.kind) == upload.kind,
        col(Upload.term).is_not_distinct_from(upload.term),
        col(Upload.extraction_date).is_not_distinct_from(upload.extraction_date),
        col(Upload.revision) > upload.revision,
        col(Upload.state).in_(["published", "undone"]),
    )
    return session.exec(later.limit(1)).first()
