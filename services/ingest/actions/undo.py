"""Taking a publish back: a compensating revision that restores the rows of the revision before it."""

from datetime import date
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import text
from sqlmodel import Session

from services.ingest.actions.participation import later_revision, tell_extraction
from services.ingest.rules.dates import Window, window_of
from services.ingest.tables import Upload
from shared.access import audit
from shared.errors import Conflict
from shared.events import GROUPS, ExtractionRow, Group

_DATA = [name for name in ExtractionRow._fields if name != "school_key"]
_MAILED = text("select exists (select 1 from travel where upload_id = :upload_id and station like 'mail/%')")
_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:lock, 1))")
_NEXT = text('select coalesce(max(revision), 0) + 1 from upload where term = :term and "on" = :on')
_ADDED = text(
    'delete from extraction_count e where e.term = :term and e."on" = :on and e.revision = :undone and not exists'
    ' (select 1 from replaced_count r where r.upload_id = :upload_id and r."group" = e."group"'
    '  and r.school_key = e.school_key) returning e."group", e.school_key'
)
_RESTORED = text(
    f"update extraction_count e set revision = :revision, {', '.join(f'{name} = r.{name}' for name in _DATA)}"
    ' from replaced_count r where r.upload_id = :upload_id and e.term = :term and e."on" = :on'
    ' and e."group" = r."group" and e.school_key = r.school_key and e.revision = :undone returning e."group"'
)
_WINDOWS = text("select term, opens, closes from survey_window")


def why_not_undone(session: Session, upload: Upload) -> str:
    """Why this publish cannot be taken back; empty where it can."""
    if upload.kind != "participation" or upload.state != "published" or upload.undoes is not None:
        return "Only a published extraction can be undone."
    if later_revision(session, upload) is not None:
        return "A correction of this extraction was published since. Undo that one, or upload a correction."
    if session.execute(_MAILED, {"upload_id": upload.upload_id}).scalar():
        return "Alerts of this extraction were sent. Upload a correction of the same date."
    return ""


def undo_upload(session: Session, upload: Upload, actor: str) -> Upload:
    """Takes a publish back; answers the compensating upload. Raises Conflict with the reason where it cannot."""
    session.execute(_LOCK, {"lock": f"{upload.term}/{upload.on}"})
    session.refresh(upload, with_for_update=True)
    reason = why_not_undone(session, upload)
    if reason:
        raise Conflict(reason, code="undo_too_late")
    undo = _compensation(session, upload, actor)
    values = {**_place(upload), "upload_id": upload.upload_id, "undone": upload.revision, "revision": undo.revision}
    removed: dict[Group, list[str]] = {}
    for group, school_key in session.execute(_ADDED, values):
        removed.setdefault(group, []).append(school_key)
    restored = [cast(Group, group) for group in session.execute(_RESTORED, values).scalars()]
    upload.state = "undone"
    undo.counts = {
        "accepted": len(restored),
        "rejected": 0,
        "changed": len(restored) + sum(map(len, removed.values())),
    }
    groups = [group for group in GROUPS if group in restored or group in removed]
    undo.groups = list(groups)
    tell_extraction(session, undo, _window(session, undo), groups, removed)
    audit(session, actor, "undo", str(upload.upload_id), {"by": str(undo.upload_id), **undo.counts})
    return undo


def _place(upload: Upload) -> dict[str, Any]:
    return {"term": upload.term, "on": upload.on}


def _compensation(session: Session, upload: Upload, actor: str) -> Upload:
    undo = Upload(
        upload_id=uuid4(),
        kind=upload.kind,
        file_name=f"Undo of {upload.file_name}"[:200],
        sha256=b"",
        size=0,
        state="published",
        uploaded_by=actor,
        term=upload.term,
        on=upload.on,
        revision=session.execute(_NEXT, _place(upload)).scalar_one(),
        undoes=upload.upload_id,
    )
    session.add(undo)
    session.flush()
    return undo


def _window(session: Session, upload: Upload) -> Window:
    assert upload.on is not None
    listed = [Window(*row) for row in session.execute(_WINDOWS)]
    window, _ = window_of(upload.on, listed, upload.term or "")
    return window if window.term == upload.term else Window(upload.term or "", *_half_year(upload.on))


def _half_year(on: date) -> tuple[date, date]:
    window, _ = window_of(on, [])
    return window.opens, window.closes
