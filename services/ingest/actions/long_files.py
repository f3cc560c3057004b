"""Long files, read by a worker: claimed so that a killed worker repeats them, and tried again until they are read.

While a file is read its worker holds no transaction. The upload is its by a lease, which it renews; what it has read it
loads only while no other worker has begun the file since.
"""

from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlmodel import Session, col, delete, func, select, update

from services.ingest.actions.file_kinds import FILE_KINDS
from services.ingest.actions.kept_uploads import summary, upload_file
from services.ingest.actions.reading import ReadingCanceled, in_worker, without_collector
from services.ingest.sheets import ReadingInterrupted, UnreadableFile
from services.ingest.tables import Progress, Upload, UploadFile
from shared.access import audit
from shared.db import transaction
from shared.errors import Refused
from shared.leases import renewed

# An attempt that was interrupted is repeated after a pause, which doubles each time.
FIRST_PAUSE_SECONDS = 5
LONGEST_PAUSE = timedelta(minutes=10)
# A worker that has not renewed for so long is gone.
LEASE = timedelta(seconds=15)
RENEW_SECONDS = LEASE.total_seconds() / 3
log = structlog.get_logger()

# Claims with `skip locked`: several workers read several files, and one that died leaves its file to the next.
_CLAIM = text(
    """
    update upload set attempts = attempts + 1,
      retry_at = now()
        + greatest(:lease, least(make_interval(secs => :first * power(2, least(attempts, 20))), :longest))
    where upload_id = (
      select upload_id from upload where state = 'reading' and (retry_at is null or retry_at <= now())
      order by uploaded_at, upload_id limit 1 for no key update skip locked
    )
    returning upload_id, attempts as attempt
    """
)


class ReadingClaim(NamedTuple):
    """An upload that this worker reads, and which attempt at it that is."""

    upload_id: UUID
    attempt: int


def read_waiting() -> None:
    """Reads the long files that wait, oldest first; each attempt is counted before it begins."""
    while (claim := _claim()) is not None:
        read_upload(claim)


def _claim() -> ReadingClaim | None:
    values = {"first": FIRST_PAUSE_SECONDS, "longest": LONGEST_PAUSE, "lease": LEASE}
    with transaction("ingest") as session:
        row = session.execute(_CLAIM, values).one_or_none()
    return None if row is None else ReadingClaim(row.upload_id, row.attempt)


def read_upload(claim: ReadingClaim) -> None:
    """Reads one long file, then loads it in one transaction, unless another worker has begun it meanwhile.

    Only what the file itself says refuses it. Whatever else ends the reading (the database, the machine, a worker that
    is stopped) leaves it to be read again after a pause.
    """
    try:
        with without_collector():
            _load(claim, _read(claim))
    except (Refused, UnreadableFile, ReadingCanceled) as error:
        _close(claim, error)
    except ReadingInterrupted as error:
        log.warning("the reading of an upload was interrupted", upload_id=str(claim.upload_id), reason=str(error))


def _read(claim: ReadingClaim) -> Any:
    """What the file holds; no transaction is open while it is read."""
    with transaction("ingest") as session:
        _heed_cancel(session, claim.upload_id)
        upload = session.get_one(Upload, claim.upload_id)
        content = upload_file(session, claim.upload_id)
    with renewed("ingest", lambda session: _renew(session, claim), RENEW_SECONDS):
        return FILE_KINDS[upload.kind].read(content, in_worker(claim.upload_id), upload.file_name)


def _renew(session: Session, claim: ReadingClaim) -> None:
    mine = update(Upload).where(col(Upload.upload_id) == claim.upload_id, col(Upload.attempts) == claim.attempt)
    later = func.greatest(col(Upload.retry_at), func.now() + LEASE)
    session.execute(mine.where(col(Upload.state) == "reading").values(retry_at=later))


def _load(claim: ReadingClaim, found: Any) -> None:
    with transaction("ingest") as session:
        upload = _own(session, claim)
        if upload is None:
            return
        FILE_KINDS[upload.kind].load(session, upload, found)
        _heed_cancel(session, upload.upload_id)
        upload.retry_at = None
        if upload.intent == "dry":
            upload.state = "discarded"
            _forget(session, upload.upload_id)
        audit(session, upload.uploaded_by, "read", str(upload.upload_id), summary(upload))


def _own(session: Session, claim: ReadingClaim) -> Upload | None:
    """The upload, locked, where it is still to be read and no other worker has begun it since the claim."""
    mine = select(Upload).where(
        col(Upload.upload_id) == claim.upload_id,
        col(Upload.state) == "reading",
        col(Upload.attempts) == claim.attempt,
    )
    upload = session.exec(mine.with_for_update(key_share=True)).first()
    if upload is None:
        log.warning("an upload was read too late: another worker has begun it", upload_id=str(claim.upload_id))
    return upload


def _heed_cancel(session: Session, upload_id: UUID) -> None:
    """Raises Canceled where somebody stopped the reading, also while its rows were being stored."""
    if session.exec(select(Progress.canceled).where(col(Progress.upload_id) == upload_id)).first():
        raise ReadingCanceled


def _forget(session: Session, upload_id: UUID) -> None:
    session.execute(delete(UploadFile).where(col(UploadFile.upload_id) == upload_id))


def _close(claim: ReadingClaim, error: Exception) -> None:
    """The end of a file that was not taken: discarded on request, else refused with the reason; its bytes go."""
    with transaction("ingest") as session:
        upload = _own(session, claim)
        if upload is None:
            return
        upload.state = "discarded" if isinstance(error, ReadingCanceled) else "refused"
        upload.retry_at = None
        if isinstance(error, Refused):
            refusal = {"code": error.code, "outcome": "refused", "message": error.sentence}
            upload.problems = [refusal, *error.problems]
        elif isinstance(error, UnreadableFile):
            upload.problems = [{"code": error.code, "outcome": "refused", "message": str(error)}]
        if upload.state == "refused" or upload.intent == "dry":
            _forget(session, upload.upload_id)
        log.info("upload not taken", upload_id=str(upload.upload_id), state=upload.state)
        audit(session, upload.uploaded_by, upload.state, str(upload.upload_id), summary(upload))
