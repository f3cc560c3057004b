"""Long files, read by a worker: claimed so that a killed worker repeats them, and tried again until they are read."""

from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlmodel import Session, col, delete, select

from services.ingest.actions.file_kinds import FILE_KINDS
from services.ingest.actions.kept_uploads import summary, upload_file
from services.ingest.actions.reading import ReadingCanceled, in_worker, without_collector
from services.ingest.sheets import ReadingInterrupted, UnreadableFile
from services.ingest.tables import Progress, Upload, UploadFile
from shared.access import audit
from shared.db import transaction
from shared.errors import Refused

# An attempt that was interrupted is repeated after a pause, which doubles each time.
FIRST_PAUSE_SECONDS = 5
LONGEST_PAUSE = timedelta(minutes=10)
log = structlog.get_logger()

# Claims with `skip locked`: several workers read several files, and one that died leaves its file to the next.
_CLAIM = text(
    """
    update upload set attempts = attempts + 1,
      retry_at = now() + least(make_interval(secs => :first * power(2, least(attempts, 20))), :longest)
    where upload_id = (
      select upload_id from upload where state = 'reading' and (retry_at is null or retry_at <= now())
      order by uploaded_at, upload_id limit 1 for no key update skip locked
    )
    returning upload_id
    """
)


def read_waiting() -> None:
    """Reads the long files that wait, oldest first; each attempt is counted before it begins."""
    while (upload_id := _claim()) is not None:
        if not read_upload(upload_id):
            return


def _claim() -> UUID | None:
    with transaction("ingest") as session:
        found: UUID | None = session.execute(_CLAIM, {"first": FIRST_PAUSE_SECONDS, "longest": LONGEST_PAUSE}).scalar()
        return found


def read_upload(upload_id: UUID) -> bool:
    """Reads one long file in one transaction; False when somebody else is at it.

    Only what the file itself says refuses it. Whatever else ends the reading (the database, the machine, a worker that
    is stopped) leaves it to be read again after a pause.
    """
    try:
        with transaction("ingest") as session:
            upload = _taken(session, upload_id)
            if upload is None:
                return False
            _read(session, upload)
            audit(session, upload.uploaded_by, "read", str(upload_id), summary(upload))
    except (Refused, UnreadableFile, ReadingCanceled) as error:
        with transaction("ingest") as session:
            _close(session, upload_id, error)
    except ReadingInterrupted as error:
        log.warning("the reading of an upload was interrupted", upload_id=str(upload_id), reason=str(error))
    return True


def _taken(session: Session, upload_id: UUID) -> Upload | None:
    """The upload, locked, where it is still to be read and nobody else reads it."""
    mine = select(Upload).where(col(Upload.upload_id) == upload_id, col(Upload.state) == "reading")
    return session.exec(mine.with_for_update(key_share=True, skip_locked=True)).first()


def _read(session: Session, upload: Upload) -> None:
    _heed_cancel(session, upload)
    kind, content = FILE_KINDS[upload.kind], upload_file(session, upload.upload_id)
    with without_collector():
        kind.load(session, upload, kind.read(content, in_worker(upload.upload_id), upload.file_name))
    _heed_cancel(session, upload)
    upload.retry_at = None
    if upload.intent == "dry":
        upload.state = "discarded"
        _forget(session, upload.upload_id)


def _heed_cancel(session: Session, upload: Upload) -> None:
    """Raises Canceled where somebody stopped the reading, also while its rows were being stored."""
    if session.exec(select(Progress.canceled).where(col(Progress.upload_id) == upload.upload_id)).first():
        raise ReadingCanceled


def _forget(session: Session, upload_id: UUID) -> None:
    session.execute(delete(UploadFile).where(col(UploadFile.upload_id) == upload_id))


def _close(session: Session, upload_id: UUID, error: Exception) -> None:
    """The end of a file that was not taken: discarded on request, else refused with the reason; its bytes go."""
    upload = session.get_one(Upload, upload_id, with_for_update=True)
    upload.state = "discarded" if isinstance(error, ReadingCanceled) else "refused"
    upload.retry_at = None
    if isinstance(error, Refused):
        refusal = {"code": error.code, "outcome": "refused", "message": error.sentence}
        upload.problems = [refusal, *error.problems]
    elif isinstance(error, UnreadableFile):
        upload.problems = [{"code": error.code, "outcome": "refused", "message": str(error)}]
    if upload.state == "refused" or upload.intent == "dry":
        _forget(session, upload_id)
    log.info("upload not taken", upload_id=str(upload_id), state=upload.state)
    audit(session, upload.uploaded_by, upload.state, str(upload_id), summary(upload))
