"""Taking a file in: recognized when known, read at once or by a worker, previewed, published, quarantined, discarded."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session, col, or_, select, update

from services.ingest.actions.directory import load_directory
from services.ingest.actions.lcap import load_lcap
from services.ingest.actions.participation import load_participation
from services.ingest.actions.reading import Watch, impatient
from services.ingest.actions.results import load_results
from services.ingest.actions.revisions import later_revision
from services.ingest.sheets import ReadingInterrupted, TakesLong, UnreadableFile
from services.ingest.tables import Progress, Upload, UploadFile
from shared.access import audit
from shared.access.policy import may
from shared.delivery.outbox import call_job
from shared.errors import Conflict, NotFound, NotSupported, TooLarge
from shared.settings import settings

# A file above this size takes longer to read than a request should.
READ_AT_ONCE_BYTES = 3 * 1024 * 1024
WAITING = ("preview", "quarantined")
Loader = Callable[[Session, Upload, bytes, Watch], None]
LOADERS: dict[str, Loader] = {
    "participation": load_participation,
    "directory": load_directory,
    "survey-results": load_results,
    "lcap-actions": load_lcap,
    "lcap-measures": load_lcap,
}


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


@dataclass
class Taken:
    """What became of it; `known` when this content was already taken."""

    upload: Upload
    known: bool


def take_upload(session: Session, offered: Offered) -> Taken:
    """Takes a file in; it stays in the state `reading`, for a worker, when it takes long.

    Raises NotSupported, TooLarge or Invalid with the problems; nothing is stored then, nor by a dry run.
    """
    _check(offered)
    sha256 = hashlib.sha256(offered.content).digest()
    known = _known(session, offered, sha256)
    if known is not None and offered.intent != "dry":
        if offered.intent == "publish" and known.state == "preview":
            publish_upload(session, known, offered.actor, confirmed=False)
        return Taken(known, known=True)
    upload = Upload(
        upload_id=uuid4(),
        kind=offered.kind,
        file_name=offered.file_name[:200],
        sha256=sha256,
        size=len(offered.content),
        state="reading",
        uploaded_by=offered.actor,
        intent=offered.intent,
        named_term=offered.term,
        hold_mails=offered.hold_mails,
    )
    if offered.intent != "dry":
        _keep(session, upload, offered.content)
    read_at_once(session, upload, offered.content)
    if upload.state == "reading" and offered.intent == "dry":
        _keep(session, upload, offered.content)
    if offered.intent != "dry":
        audit(session, offered.actor, "upload", str(upload.upload_id), summary(upload))
    return Taken(upload, known=False)


def _check(offered: Offered) -> None:
    most = settings().upload_max_mb
    if len(offered.content) > most * 1024 * 1024:
        raise TooLarge(f"The file is larger than {most} MB. Remove what is not needed and upload it again.")
    if offered.kind not in LOADERS:
        raise NotSupported(f"Files of the kind {offered.kind!r} cannot be taken in.", code="kind_unknown")


def _keep(session: Session, upload: Upload, content: bytes) -> None:
    session.add(upload)
    session.flush()
    session.add(UploadFile(upload_id=upload.upload_id, content=content))
    session.add(Progress(upload_id=upload.upload_id))
    session.flush()


def read_at_once(session: Session, upload: Upload, content: bytes) -> None:
    """Reads the file while somebody waits; leaves it to a worker when that takes long. Raises as `take_upload`."""
    try:
        if upload.size > READ_AT_ONCE_BYTES:
            raise TakesLong
        LOADERS[upload.kind](session, upload, content, impatient())
        session.flush()
    except UnreadableFile as error:
        raise NotSupported(str(error), code=error.code) from error
    except (TakesLong, ReadingInterrupted):
        upload.state = "reading"
        call_job(session, "ingest.read_upload")


def _known(session: Session, offered: Offered, sha256: bytes) -> Upload | None:
    """The upload that took this content for the same term and still stands: nothing was published over it since."""
    same = select(Upload).where(
        col(Upload.kind) == offered.kind,
        col(Upload.sha256) == sha256,
        col(Upload.state).in_(["reading", "preview", "quarantined", "published", "unchanged"]),
        col(Upload.intent) != "dry",
        or_(col(Upload.named_term) == offered.term, col(Upload.term) == offered.term),
    )
    newest = session.exec(same.order_by(col(Upload.uploaded_at).desc()).limit(1)).first()
    if newest is None or newest.revision is None:
        return newest
    return None if later_revision(session, newest) else newest


def summary(upload: Upload) -> dict[str, Any]:
    """What the audit keeps of an upload."""
    return {
        "kind": upload.kind,
        "file": upload.file_name,
        "state": upload.state,
        "extraction_date": upload.extraction_date,
        "revision": upload.revision,
        **upload.counts,
    }


def publish_upload(session: Session, upload: Upload, actor: str, *, confirmed: bool) -> None:
    """Publishes an upload that waits; one in quarantine only when `confirmed`. Reads its file again, so that what is
    published is compared with what is there now. Raises Conflict where it does not wait."""
    _lock(session, upload)
    if upload.state not in WAITING:
        raise Conflict(f"This upload is {upload.state}; only one that waits can be published.", code="not_waiting")
    if upload.state == "quarantined" and not confirmed:
        raise Conflict("This upload is quarantined. Confirm it on its page, or discard it.", code="quarantined")
    content = upload_file(session, upload.upload_id)
    upload.intent, upload.confirmed, upload.state = "publish", upload.confirmed or confirmed, "reading"
    upload.attempts, upload.retry_at = 0, None
    read_at_once(session, upload, content)
    audit(session, actor, "confirm" if confirmed else "publish", str(upload.upload_id), summary(upload))


def discard_upload(session: Session, upload: Upload, actor: str) -> None:
    """Discards an upload that waits, or stops the reading of a long one. Raises Conflict where it is done already."""
    if upload.state == "reading":
        session.execute(update(Progress).where(col(Progress.upload_id) == upload.upload_id).values(canceled=True))
        call_job(session, "ingest.read_upload")
    else:
        _lock(session, upload)
        if upload.state not in WAITING:
            raise Conflict(f"This upload is {upload.state}; only one that waits can be discarded.", code="not_waiting")
        upload.state = "discarded"
    audit(session, actor, "discard", str(upload.upload_id), summary(upload))


def _lock(session: Session, upload: Upload) -> None:
    session.refresh(upload, with_for_update=True)


def upload_file(session: Session, upload_id: UUID) -> bytes:
    """The bytes of an upload as they came. Raises NotFound where none are kept."""
    kept = session.get(UploadFile, upload_id)
    if kept is None:
        raise NotFound("The file of this upload is not kept.")
    return kept.content


def may_open(role: str, upload: Upload) -> bool:
    """Whether the role may see what stands in the file: a directory holds people's names and addresses."""
    return upload.kind != "directory" or may(role, "directory.see")


def shown_problems(role: str, upload: Upload) -> list[dict[str, Any]]:
    """The places of what was found; of a file that the role may not open only why it was refused."""
    seen = may_open(role, upload)
    return [problem for problem in upload.problems if seen or problem.get("outcome") == "refused"]
