"""Undoing a file of survey results: each result gets back what it was before, or goes where it was not there."""

from sqlalchemy import text
from sqlmodel import Session, col, delete, func, select

from services.ingest.actions.revisions import later_revision, next_of_kind
from services.ingest.actions.undo_words import returns
from services.ingest.tables import ReplacedResult, SurveyResult, Upload
from shared.delivery.outbox import publish
from shared.events import ROWS_PER_PART, ResultRow, SurveyResultsLoaded

_RETURNED = text(
    """
    insert into survey_result (school_key, level, item_key, period_key, ploc, item, period, percent, revision)
    select school_key, level, item_key, period_key, ploc, item, period, percent, :revision
    from replaced_result where upload_id = :upload_id
    returning school_key, ploc, level, item, period, percent
    """
)


def why_not_results(session: Session, upload: Upload) -> str:
    """Why a file of results cannot be taken back; empty where it can."""
    if later_revision(session, upload) is not None:
        return "Survey results have been published or undone since. Upload a correction."
    return ""


def results_return(session: Session, upload: Upload) -> str:
    """What the undo brings back, in a sentence."""
    replaced = select(func.count()).select_from(ReplacedResult)
    back = session.exec(replaced.where(col(ReplacedResult.upload_id) == upload.upload_id)).one()
    taken = select(func.count()).select_from(SurveyResult).where(col(SurveyResult.revision) == upload.revision)
    gone = session.exec(taken).one() - back
    return f"{returns(back, gone, 'result', 'percent')} What people typed in the tracker stays."


def undo_results(session: Session, upload: Upload, undo: Upload) -> None:
    """Brings back the results that a file replaced, and removes those that it brought, as revision of `undo`."""
    undo.revision = next_of_kind(session, upload.kind)
    fields = [col(getattr(SurveyResult, name)) for name in ResultRow._fields]
    gone = delete(SurveyResult).where(col(SurveyResult.revision) == upload.revision).returning(*fields)
    taken = [ResultRow(*row) for row in session.execute(gone)]
    values = {"upload_id": upload.upload_id, "revision": undo.revision}
    rows = [ResultRow(**row) for row in session.execute(_RETURNED, values).mappings()]
    back = {_key(row) for row in rows}
    removed = [row for row in taken if _key(row) not in back]
    undo.counts = {"accepted": len(rows), "rejected": 0, "changed": len(taken)}
    parts = max(1, -(-max(len(rows), len(removed)) // ROWS_PER_PART))
    for part in range(parts):
        cut = slice(part * ROWS_PER_PART, (part + 1) * ROWS_PER_PART)
        event = SurveyResultsLoaded(
            upload_id=undo.upload_id,
            revision=undo.revision,
            part=part + 1,
            parts=parts,
            rows=rows[cut],
            removed=removed[cut],
        )
        publish(session, event)
    undo.parts = {"": parts}


def _key(row: ResultRow) -> tuple[str, str, str, str]:
    return row.school_key, row.level, row.item, row.period
