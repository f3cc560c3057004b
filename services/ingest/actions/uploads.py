"""Taking a file in: recognized when known, read at once or by a worker, previewed, published, quarantined, discarded.

A file is read while the request holds no connection to the database: `read_offered` and `read_again` look at the
database before, and what they read is taken in afterwards by one transaction, which looks again.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlmodel import Session, col, or_, select, update

from services.ingest.actions.file_kinds import FILE_KINDS
from services.ingest.actions.kept_uploads import found_upload, summary, upload_file
from services.ingest.actions.reading import impatient, room_to_read
from services.ingest.actions.revisions import later_revision, lock_content
from services.ingest.sheets import ReadingInterrupted, TakesLong, UnreadableFile
from services.ingest.tables import Progress, Upload, UploadFile
from shared.access import audit
from shared.db import transaction
from shared.delivery.outbox import call_job
from shared.errors import Conflict, NotSupported, TooLarge
from shared.settings import settings

# A file above this size takes longer to read than a request should.
READ_AT_ONCE_BYTES = 3 * 1024 * 1024
LONGEST_NAME = 200
WAITING = ("preview", "quarantined")


@dataclass
class Offered:
    """A file as it came; `intent`: publish, preview or dry."""

    kind: str
    file_name: str
    content: bytes
    actor: str
    intent: str = "publish"
    term: str = ""
    hold_mails: bool = False

    @cached_property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.content).digest()


class FileRead(NamedTuple):
    """A file read under this name; `table` is what its kind loads, None where a worker is to read it."""

    file_name: str
    table: Any = None


@dataclass
class Taken:
    """Outcome; `known` when this content was already taken."""

    upload: Upload
    known: bool


def read_offered(offered: Offered) -> FileRead:
    """Reads a file while somebody waits and no transaction is open; one that is known is read only to be published.

    Raises NotSupported, TooLarge or Invalid with the problems.
    """
    _check(offered)
    with transaction("ingest") as session:
        known = _known(session, offered)
    if known is None:
        return _read_at_once(offered.kind, offered.file_name[:LONGEST_NAME], offered.content)
    if _is_to_be_published(known, offered):
        return _read_at_once(offered.kind, known.file_name, offered.content)
    return FileRead(known.file_name)


def read_again(upload_id: UUID, *, confirmed: bool) -> FileRead:
    """Reads the file of an upload that waits, to publish it; no transaction is open meanwhile.

    Raises NotFound, or Conflict where it cannot be published, NotSupported or Invalid with the problems.
    """
    with transaction("ingest") as session:
        upload = found_upload(session, upload_id)
        _refuse_unless_waiting(upload, confirmed=confirmed)
        content = upload_file(session, upload_id)
    return _read_at_once(upload.kind, upload.file_name, content)


def _read_at_once(kind: str, file_name: str, content: bytes) -> FileRead:
    """What the file holds; without its table where reading it takes longer than a person waits."""
    if len(content) > READ_AT_ONCE_BYTES:
        return FileRead(file_name)
    watch = impatient()
    try:
        with room_to_read(watch.left()):
            return FileRead(file_name, FILE_KINDS[kind].read(content, watch, file_name))
    except UnreadableFile as error:
        raise NotSupported(str(error), code=error.code) from error
    except (TakesLong, ReadingInterrupted):
        return FileRead(file_name)


def take_upload(session: Session, offered: Offered, read: FileRead) -> Taken:
    """Takes a file in that `read_offered` has read; it stays in the state `reading`, for a worker, when it takes long.

    Raises Invalid with the problems; nothing is stored then, nor by a dry run.
    """
    if offered.intent != "dry":
        lock_content(session, offered.kind, offered.sha256)
    known = _known(session, offered)
    if known is not None:
        if _is_to_be_published(known, offered):
            publish_upload(session, known, offered.actor, read, confirmed=False)
        return Taken(known, known=True)
    upload = Upload(
        upload_id=uuid4(),
        kind=offered.kind,
        file_name=offered.file_name[:LONGEST_NAME],
        sha256=offered.sha256,
        size=len(offered.content),
        state="reading",
        uploaded_by=offered.actor,
        intent=offered.intent,
        named_term=offered.term,
        hold_mails=offered.hold_mails,
    )
    if offered.intent != "dry":
        _keep(session, upload, offered.content)
    _load(session, upload, read)
    if upload.state == "reading" and offered.intent == "dry":
        _keep(session, upload, offered.content)
    if offered.intent != "dry":
        audit(session, offered.actor, "upload", str(upload.upload_id), summary(upload))
    return Taken(upload, known=False)


def _check(offered: Offered) -> None:
    most = settings().upload_max_mb
    if len(offered.content) > most * 1024 * 1024:
        raise TooLarge(f"The file is larger than {most} MB. Remove what is not needed and upload it again.")
    if offered.kind not in FILE_KINDS:
        raise NotSupported(f"Files of the kind {offered.kind!r} cannot be taken in.", code="kind_unknown")


def _keep(session: Session, upload: Upload, content: bytes) -> None:
    session.add(upload)
    session.flush()
    session.add(UploadFile(upload_id=upload.upload_id, content=content))
    session.add(Progress(upload_id=upload.upload_id))
    session.flush()


def _load(session: Session, upload: Upload, read: FileRead) -> None:
    """Loads what was read; leaves the file to a worker where it was not, or as one of another name."""
    if read.table is None or read.file_name != upload.file_name:
        upload.state = "reading"
        call_job(session, "ingest.read_upload")
        return
    FILE_KINDS[upload.kind].load(session, upload, read.table)
    session.flush()


def _is_to_be_published(known: Upload, offered: Offered) -> bool:
    return offered.intent == "publish" and known.state == "preview"


def _known(session: Session, offered: Offered) -> Upload | None:
    """The upload that took this content for the same term and still stands: nothing was published over it since.

    To a dry run nothing is known: it says what the file would change now.
    """
    if offered.intent == "dry":
        return None
    same = select(Upload).where(
        col(Upload.kind) == offered.kind,
        col(Upload.sha256) == offered.sha256,
        col(Upload.state).in_(["reading", "preview", "quarantined", "published", "unchanged"]),
        col(Upload.intent) != "dry",
        or_(col(Upload.named_term) == offered.term, col(Upload.term) == offered.term),
    )
    newest = session.exec(same.order_by(col(Upload.uploaded_at).desc()).limit(1)).first()
    if newest is None or newest.revision is None:
        return newest
    return None if later_revision(session, newest) else newest


def publish_upload(session: Session, upload: Upload, actor: str, read: FileRead, *, confirmed: bool) -> None:
    """Publishes an upload that waits; one in quarantine only when `confirmed`. Its file was `read` again, so that what
    is published is compared with what is there now. Raises Conflict where it does not wait."""
    _lock(session, upload)
    _refuse_unless_waiting(upload, confirmed=confirmed)
    upload.intent, upload.confirmed, upload.state = "publish", upload.confirmed or confirmed, "reading"
    upload.attempts, upload.retry_at = 0, None
    _load(session, upload, read)
    audit(session, actor, "confirm" if confirmed else "publish", str(upload.upload_id), summary(upload))


def _refuse_unless_waiting(upload: Upload, *, confirmed: bool) -> None:
    if upload.state not in WAITING:
        raise Conflict(f"This upload is {upload.state}; only a waiting one can be published.", code="not_waiting")
    if upload.state == "quarantined" and not confirmed:
        raise Conflict("This upload is quarantined. Confirm it on its page, or discard it.", code="quarantined")


def review_upload(session: Session, upload: Upload, actor: str, read: FileRead) -> None:
    """Looks again at what an upload that waits would change, as things are now; it waits on. Raises Conflict otherwise."""
    _lock(session, upload)
    _refuse_unless_waiting(upload, confirmed=True)
    upload.intent, upload.confirmed, upload.state = "preview", False, "reading"
    upload.attempts, upload.retry_at = 0, None
    _load(session, upload, read)
    audit(session, actor, "review", str(upload.upload_id), summary(upload))


def discard_upload(session: Session, upload: Upload, actor: str) -> None:
    """Discards an upload that waits, or stops the reading of a long one. Raises Conflict where it is done already."""
    if upload.state == "reading":
        session.execute(update(Progress).where(col(Progress.upload_id) == upload.upload_id).values(canceled=True))
        call_job(session, "ingest.read_upload")
    else:
        _lock(session, upload)
        if upload.state not in WAITING:
            raise Conflict(f"This upload is {upload.state}; only a waiting one can be discarded.", code="not_waiting")
        upload.state = "discarded"
    audit(session, actor, "discard", str(upload.upload_id), summary(upload))


def _lock(session: Session, upload: Upload) -> None:
    session.refresh(upload, with_for_update=True)
