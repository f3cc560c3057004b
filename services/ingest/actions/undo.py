"""Undoing an upload: a compensating revision that restores the rows of the revision before it."""

from datetime import date
from typing import cast
from uuid import uuid4

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.ingest.actions.participation import publish_extraction
from services.ingest.actions.revisions import last_revision, later_revision, lock_extraction
from services.ingest.actions.staging import DATA
from services.ingest.queries.windows import windows
from services.ingest.rules.dates import Window, window_of
from services.ingest.tables import DeliveryStep, Upload
from shared.access import audit
from shared.delivery.outbox import publish
from shared.errors import Conflict
from shared.events import GROUPS, Group, UndoBegun

# Whole sets of rows, joined with those that the upload replaced.
_ADDED = text(
    """
    delete from extraction_count e
    where e.term = :term and e.extraction_date = :extraction_date and e.revision = :undone and not exists (
      select 1 from replaced_count r
      where r.upload_id = :upload_id and r.respondent_group = e.respondent_group and r.school_key = e.school_key
    )
    returning e.respondent_group, e.school_key
    """
)
_RESTORED = text(
    f"""
    update extraction_count e set revision = :revision, {", ".join(f"{name} = r.{name}" for name in DATA)}
    from replaced_count r
    where r.upload_id = :upload_id and e.term = :term and e.extraction_date = :extraction_date
      and e.respondent_group = r.respondent_group and e.school_key = r.school_key and e.revision = :undone
    returning e.respondent_group
    """
)


def why_not_undone(session: Session, upload: Upload) -> str:
    """Why this publish cannot be taken back; empty where it can."""
    if upload.kind != "participation" or upload.state != "published" or upload.undoes is not None:
        return "Only a published extraction can be undone."
    if later_revision(session, upload) is not None:
        return "A correction of this extraction was published since. Undo that one, or upload a correction."
    mailed = col(DeliveryStep.step).startswith("mail/")
    if session.exec(
        select(DeliveryStep).where(col(DeliveryStep.upload_id) == upload.upload_id, mailed).limit(1)
    ).first():
        return "Alerts of this extraction were sent. Upload a correction of the same date."
    return ""


def undo_upload(session: Session, upload: Upload, actor: str) -> Upload:
    """Takes a publish back; answers the compensating upload. Raises Conflict with the reason where it cannot."""
    lock_extraction(session, upload.term, upload.extraction_date)
    session.refresh(upload, with_for_update=True)
    reason = why_not_undone(session, upload)
    if reason:
        raise Conflict(reason, code="undo_too_late")
    undo = _compensation(session, upload, actor)
    values = {
        "term": upload.term,
        "extraction_date": upload.extraction_date,
        "upload_id": upload.upload_id,
        "undone": upload.revision,
        "revision": undo.revision,
    }
    removed: dict[Group, list[str]] = {}
    for row in session.execute(_ADDED, values):
        removed.setdefault(row.respondent_group, []).append(row.school_key)
    restored = [cast(Group, group) for group in session.execute(_RESTORED, values).scalars()]
    upload.state = "undone"
    undo.counts = {
        "accepted": len(restored),
        "rejected": 0,
        "changed": len(restored) + sum(map(len, removed.values())),
    }
    groups = [group for group in GROUPS if group in restored or group in removed]
    undo.groups = list(groups)
    _publish_begun(session, undo, upload)
    publish_extraction(session, undo, _window(session, undo), groups, removed)
    audit(session, actor, "undo", str(upload.upload_id), {"undo": str(undo.upload_id), **undo.counts})
    return undo


def _publish_begun(session: Session, undo: Upload, undone: Upload) -> None:
    """Stops the mails of the undone upload while the tiers that the undo leads to are under way."""
    assert undo.extraction_date is not None and undo.revision is not None and undone.revision is not None
    publish(
        session,
        UndoBegun(
            upload_id=undo.upload_id,
            undoes=undone.upload_id,
            term=undo.term or "",
            extraction_date=undo.extraction_date,
            revision=undo.revision,
            undone_revision=undone.revision,
        ),
    )


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
        extraction_date=upload.extraction_date,
        revision=last_revision(session, upload.term, upload.extraction_date) + 1,
        undoes=upload.upload_id,
    )
    session.add(undo)
    session.flush()
    return undo


def _window(session: Session, upload: Upload) -> Window:
    assert upload.extraction_date is not None
    window, _ = window_of(upload.extraction_date, windows(session), upload.term or "")
    return window if window.term == upload.term else Window(upload.term or "", *_half_year(upload.extraction_date))


def _half_year(day: date) -> tuple[date, date]:
    window, _ = window_of(day, [])
    return window.opens, window.closes
