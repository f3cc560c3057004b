"""Undoing an extraction: a compensating revision that restores the rows of the revision before it."""

from datetime import date
from typing import cast

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from services.ingest.actions.participation import publish_extraction
from services.ingest.actions.revisions import last_revision, later_revision
from services.ingest.actions.staging import DATA
from services.ingest.actions.undo_words import returns
from services.ingest.queries.windows import windows
from services.ingest.rules.dates import Window, window_of
from services.ingest.tables import DeliveryStep, ExtractionCount, ReplacedCount, Upload
from shared.delivery.outbox import publish
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


def why_not_extraction(session: Session, upload: Upload) -> str:
    """Why an extraction cannot be taken back; empty where it can."""
    if later_revision(session, upload) is not None:
        return "A correction of this extraction has been published since. Undo that one, or upload a correction."
    mailed = col(DeliveryStep.step).startswith("mail/")
    if session.exec(
        select(DeliveryStep).where(col(DeliveryStep.upload_id) == upload.upload_id, mailed).limit(1)
    ).first():
        return "Alerts of this extraction were sent. Upload a correction of the same date."
    return ""


def extraction_returns(session: Session, upload: Upload) -> str:
    """What the undo of an extraction brings back, in a sentence."""
    counts = select(func.count()).select_from(ReplacedCount).where(col(ReplacedCount.upload_id) == upload.upload_id)
    added = (
        select(func.count())
        .select_from(ExtractionCount)
        .where(
            col(ExtractionCount.term) == upload.term,
            col(ExtractionCount.extraction_date) == upload.extraction_date,
            col(ExtractionCount.revision) == upload.revision,
        )
    )
    back = session.exec(counts).one()
    gone = session.exec(added).one() - back
    return returns(back, gone, "row", "counts")


def undo_extraction(session: Session, upload: Upload, undo: Upload) -> None:
    """Restores the rows that an extraction replaced, and removes those that it added, as revision of `undo`."""
    undo.term, undo.extraction_date = upload.term, upload.extraction_date
    undo.revision = last_revision(session, upload.term, upload.extraction_date) + 1
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
    undo.counts = {
        "accepted": len(restored),
        "rejected": 0,
        "changed": len(restored) + sum(map(len, removed.values())),
    }
    groups = [group for group in GROUPS if group in restored or group in removed]
    undo.groups = list(groups)
    _publish_begun(session, undo, upload)
    publish_extraction(session, undo, _window(session, undo), groups, removed)


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


def _window(session: Session, upload: Upload) -> Window:
    assert upload.extraction_date is not None
    window, _ = window_of(upload.extraction_date, windows(session), upload.term or "")
    return window if window.term == upload.term else Window(upload.term or "", *_half_year(upload.extraction_date))


def _half_year(day: date) -> tuple[date, date]:
    window, _ = window_of(day, [])
    return window.opens, window.closes
