"""Undoing an upload: a compensating one that brings back what the upload replaced, of every kind that can be undone."""

from collections.abc import Callable
from typing import NamedTuple
from uuid import uuid4

from sqlmodel import Session

from services.ingest.actions.revisions import lock_extraction, lock_kind
from services.ingest.actions.undo_directory import directory_returns, undo_directory, why_not_directory
from services.ingest.actions.undo_extraction import extraction_returns, undo_extraction, why_not_extraction
from services.ingest.actions.undo_results import results_return, undo_results, why_not_results
from services.ingest.tables import Upload
from shared.access import audit
from shared.errors import Conflict


class Undoing(NamedTuple):
    """How uploads of a kind are undone: why one cannot be, what comes back in a sentence, and the undo itself."""

    why_not: Callable[[Session, Upload], str]
    returns: Callable[[Session, Upload], str]
    undo: Callable[[Session, Upload, Upload], None]


KINDS = {
    "participation": Undoing(why_not_extraction, extraction_returns, undo_extraction),
    "survey-results": Undoing(why_not_results, results_return, undo_results),
    "directory": Undoing(why_not_directory, directory_returns, undo_directory),
}


def why_not_undone(session: Session, upload: Upload) -> str:
    """Why this publish cannot be taken back; empty where it can."""
    kind = KINDS.get(upload.kind)
    if kind is None or upload.state != "published" or upload.undoes is not None:
        return "Only a published extraction, directory or file of survey results can be undone."
    return kind.why_not(session, upload)


def undo_returns(session: Session, upload: Upload) -> str:
    """What an undo of this upload brings back, in a sentence; empty where it cannot be undone."""
    return "" if why_not_undone(session, upload) else KINDS[upload.kind].returns(session, upload)


def undo_upload(session: Session, upload: Upload, actor: str) -> Upload:
    """Takes a publish back; answers the compensating upload. Raises Conflict with the reason where it cannot."""
    if upload.kind == "participation":
        lock_extraction(session, upload.term, upload.extraction_date)
    else:
        lock_kind(session, upload.kind)
    session.refresh(upload, with_for_update=True)
    reason = why_not_undone(session, upload)
    if reason:
        raise Conflict(reason, code="undo_too_late")
    undo = Upload(
        upload_id=uuid4(),
        kind=upload.kind,
        file_name=f"Undo of {upload.file_name}"[:200],
        sha256=b"",
        size=0,
        state="published",
        uploaded_by=actor,
        undoes=upload.upload_id,
    )
    session.add(undo)
    session.flush()
    KINDS[upload.kind].undo(session, upload, undo)
    upload.state = "undone"
    audit(session, actor, "undo", str(upload.upload_id), {"undo": str(undo.upload_id), **undo.counts})
    return undo
