"""Long files, read by a worker: claimed so that a killed worker repeats them, given up after a few deaths."""

from uuid import UUID

import structlog
from sqlalchemy import text
from sqlmodel import Session

from services.ingest.actions.reading import Cancelled, in_worker, without_collector
from services.ingest.actions.uploads import LOADERS, summary, upload_file
from services.ingest.sheets import TakesLong, UnreadableFile
from services.ingest.sheets.refusals import REFUSALS
from services.ingest.tables import Upload
from shared.access import audit
from shared.db import transaction
from shared.errors import Refused

MOST_ATTEMPTS = 3
log = structlog.get_logger()

_CLAIM = text(
    "update upload set attempts = attempts + 1 where upload_id = (select upload_id from upload where state = 'reading'"
    " order by uploaded_at, upload_id limit 1 for no key update skip locked) returning upload_id, attempts"
)
_TAKE = text("select 1 from upload where upload_id = :upload_id and state = 'reading' for no key update skip locked")
_CANCELLED = text("select cancelled from progress where upload_id = :upload_id")
_FORGET = text("delete from upload_file where upload_id = :upload_id")


def read_waiting() -> None:
    """Reads the long files that wait, oldest first; each attempt is counted before it begins."""
    while (claimed := _claim()) is not None:
        upload_id, attempts = claimed
        if not read_upload(upload_id, give_up=attempts > MOST_ATTEMPTS):
            return


def _claim() -> tuple[UUID, int] | None:
    with transaction("ingest") as session:
        row = session.execute(_CLAIM).one_or_none()
    return None if row is None else (row.upload_id, row.attempts)


def read_upload(upload_id: UUID, *, give_up: bool = False) -> bool:
    """Reads one long file in one transaction; False when somebody else is at it."""
    try:
        with transaction("ingest") as session:
            if session.execute(_TAKE, {"upload_id": upload_id}).scalar() is None:
                return False
            upload = session.get_one(Upload, upload_id)
            _read(session, upload, give_up=give_up)
            audit(session, upload.uploaded_by, "read", str(upload_id), summary(upload))
    except (Refused, UnreadableFile, Cancelled, TakesLong) as error:
        with transaction("ingest") as session:
            _close(session, upload_id, error)
    return True


def _read(session: Session, upload: Upload, *, give_up: bool) -> None:
    _heed_cancel(session, upload)
    if give_up:
        raise UnreadableFile("file_unreadable")
    with without_collector():
        LOADERS[upload.kind](session, upload, upload_file(session, upload.upload_id), in_worker(upload.upload_id))
    _heed_cancel(session, upload)
    if upload.intent == "dry":
        upload.state = "discarded"


def _heed_cancel(session: Session, upload: Upload) -> None:
    """Raises Cancelled where somebody stopped the reading, also while its rows were being stored."""
    if session.execute(_CANCELLED, {"upload_id": upload.upload_id}).scalar():
        raise Cancelled


def _close(session: Session, upload_id: UUID, error: Exception) -> None:
    """The end of a file that was not taken: discarded on request, else refused with the reason; its bytes go."""
    upload = session.get_one(Upload, upload_id, with_for_update=True)
    upload.state = "discarded" if isinstance(error, Cancelled) else "refused"
    problems = list(error.problems) if isinstance(error, Refused) else []
    if upload.state == "refused":
        code, sentence = _reason(error)
        upload.problems = [{"code": code, "outcome": "refused", "message": sentence}, *problems]
        session.execute(_FORGET, {"upload_id": upload_id})
    log.info("upload not taken", upload_id=str(upload_id), state=upload.state)
    audit(session, upload.uploaded_by, upload.state, str(upload_id), summary(upload))


def _reason(error: Exception) -> tuple[str, str]:
    if isinstance(error, Refused):
        return error.code, error.sentence
    code = error.code if isinstance(error, UnreadableFile) else "file_takes_too_long"
    return code, str(error) if isinstance(error, UnreadableFile) else REFUSALS[code]
