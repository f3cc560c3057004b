"""The uploads: listed, one of them, and those that belong together."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import defer
from sqlmodel import Session, col, func, or_, select

from services.ingest.tables import DropFolder, DroppedFile, Progress, Upload
from shared.access.people import person

_FOLDER = "service:folder-"
# A report can be large; a list shows none.
_REPORT: tuple[Any, ...] = (Upload.problems, Upload.found, Upload.difference, Upload.changes, Upload.roster)


def uploaders(session: Session, found: Iterable[Upload]) -> dict[str, str]:
    """Who uploaded, as a page names them: a person's address, `Automatic upload (NAME)` for a program or a folder."""
    return {actor: _uploader(session, actor) for actor in {upload.uploaded_by for upload in found}}


def _uploader(session: Session, actor: str) -> str:
    person_id, _, role = actor.partition(" as ")
    if not person_id.startswith("service:"):
        return person_id
    if person_id.startswith(_FOLDER):
        return f"Automatic upload (folder {person_id.removeprefix(_FOLDER)})"
    program = person(session, person_id)
    return f"Automatic upload ({program.name if program else role})"


def uploads(
    session: Session, before: datetime | None = None, limit: int = 50, state: str = "", kind: str = ""
) -> Sequence[Upload]:
    """Uploads, newest first, older than `before`; a dry run is none."""
    found = select(Upload).where(col(Upload.intent) != "dry").options(*(defer(column) for column in _REPORT))
    if before is not None:
        found = found.where(col(Upload.uploaded_at) < before)
    if state:
        found = found.where(col(Upload.state) == state)
    if kind:
        found = found.where(col(Upload.kind) == kind)
    return session.exec(found.order_by(col(Upload.uploaded_at).desc()).limit(limit)).all()


def rows_read(session: Session, upload_id: UUID) -> int:
    """How many rows of a long file have been read so far."""
    found = session.get(Progress, upload_id)
    return 0 if found is None else found.rows


def related(session: Session, taken: Upload) -> Sequence[Upload]:
    """The uploads of the other dates of the same file, its undo, or what it is the undo or a part of."""
    mine = (col(Upload.part_of) == taken.upload_id, col(Upload.undoes) == taken.upload_id)
    found = select(Upload).where(or_(*mine, col(Upload.upload_id) == (taken.part_of or taken.undoes)))
    return session.exec(found.order_by(col(Upload.extraction_date).desc(), col(Upload.uploaded_at))).all()


def drop_folders(session: Session) -> dict[str, DropFolder]:
    """The drop folders that were looked at, by name."""
    return {row.folder: row for row in session.exec(select(DropFolder))}


def dropped_files(session: Session, folder: str, limit: int | None = None, start: int = 0) -> Sequence[DroppedFile]:
    """Files of a drop folder from `start` on, those still to be settled first, then the newest."""
    settled = col(DroppedFile.state).in_(("done", "held", "refused"))
    found = select(DroppedFile).where(col(DroppedFile.folder) == folder)
    order = settled, col(DroppedFile.seen_at).desc(), col(DroppedFile.file_name)
    return session.exec(found.order_by(*order).offset(start).limit(limit)).all()


def dropped_count(session: Session, folder: str) -> int:
    """How many files of a drop folder are known."""
    return session.exec(select(func.count()).where(col(DroppedFile.folder) == folder)).one()
