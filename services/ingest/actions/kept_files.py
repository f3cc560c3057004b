"""How long the bytes of uploads are kept: their reports and figures stay, the files go."""

from datetime import timedelta

from sqlmodel import Session, col, delete, func, or_, select, update

from services.ingest.tables import ReplacedDirectory, Upload, UploadFile
from shared.access import audit

OPEN_STATES = ("reading", "preview", "quarantined")


def purge_files(session: Session, days: int) -> int:
    """Removes the files of settled uploads that came more than `days` ago; answers how many."""
    settled = select(Upload.upload_id).where(
        col(Upload.state).not_in(OPEN_STATES), col(Upload.uploaded_at) < func.now() - timedelta(days=days)
    )
    purged = delete(UploadFile).where(col(UploadFile.upload_id).in_(settled)).returning(col(UploadFile.upload_id))
    count = len(session.execute(purged).all())
    session.execute(delete(ReplacedDirectory).where(col(ReplacedDirectory.upload_id).in_(settled)))
    full = or_(col(Upload.changes) != [], col(Upload.roster) != {})
    blank = update(Upload).where(col(Upload.upload_id).in_(settled), full).values(changes=[], roster={})
    session.execute(blank.execution_options(synchronize_session=False))
    if count:
        audit(session, "retention", "purge", "upload files", {"days": days, "files": count})
    return count


def purge_dry_runs(session: Session, days: int = 1) -> None:
    """Removes the reports of dry runs that a worker read, once whoever asked has had a day to look."""
    old = col(Upload.uploaded_at) <= func.now() - timedelta(days=days)
    session.execute(delete(Upload).where(col(Upload.intent) == "dry", col(Upload.state) != "reading", old))
