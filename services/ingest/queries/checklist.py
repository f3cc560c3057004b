"""What the checklists ask of ingest: when a kind of file was last loaded, and when the last backup was made."""

from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from services.ingest.tables import Upload, metadata

_AUDIT = metadata.tables["ingest.audit"].c


def last_loaded(session: Session, kind: str) -> datetime | None:
    """When a file of a kind was last published; None where none was."""
    published = select(func.max(Upload.uploaded_at)).where(
        col(Upload.kind) == kind, col(Upload.state).in_(("published", "unchanged"))
    )
    found: datetime | None = session.execute(published).scalar_one()
    return found


def last_backup(session: Session) -> datetime | None:
    """When `ses backup` made the newest backup; None where it made none."""
    made = select(func.max(_AUDIT.at)).where(_AUDIT.action == "backup made")
    found: datetime | None = session.execute(made).scalar_one()
    return found
