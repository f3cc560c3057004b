"""Taking a file in: recognised when known, read, checked, stored and told in one transaction."""

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session, col, select

from services.ingest.actions.directory import load_directory
from services.ingest.actions.participation import load_participation
from services.ingest.sheets import UnreadableFile
from services.ingest.tables import Upload, UploadFile
from shared.access import audit
from shared.errors import NotSupported, TooLarge
from shared.settings import settings

PROBLEMS_KEPT = 500
LOADERS = {"participation": load_participation, "directory": load_directory}


@dataclass
class Offered:
    """A file as it came."""

    kind: str
    file_name: str
    content: bytes
    actor: str


@dataclass
class Taken:
    """What became of it; `known` when this content was already taken."""

    upload: Upload
    known: bool


def take_upload(session: Session, offered: Offered) -> Taken:
    """Takes a file in. Raises NotSupported, TooLarge or Invalid with the problems; nothing is stored then."""
    _check_size(offered.content)
    if offered.kind not in LOADERS:
        raise NotSupported(f"Files of the kind {offered.kind!r} cannot be taken in.", code="kind_unknown")
    sha256 = hashlib.sha256(offered.content).digest()
    known = _known(session, offered.kind, sha256)
    if known is not None:
        return Taken(known, known=True)
    upload = Upload(
        upload_id=uuid4(),
        kind=offered.kind,
        file_name=offered.file_name[:200],
        sha256=sha256,
        size=len(offered.content),
        state="published",
        uploaded_by=offered.actor,
    )
    try:
        LOADERS[offered.kind](session, upload, offered.content)
    except UnreadableFile as error:
        raise NotSupported(str(error), code=error.code) from error
    upload.problems = upload.problems[:PROBLEMS_KEPT]
    session.add(upload)
    session.flush()
    session.add(UploadFile(upload_id=upload.upload_id, content=offered.content))
    audit(session, offered.actor, "upload", str(upload.upload_id), _summary(upload))
    return Taken(upload, known=False)


def _check_size(content: bytes) -> None:
    most = settings().upload_max_mb
    if len(content) > most * 1024 * 1024:
        raise TooLarge(f"The file is larger than {most} MB. Remove what is not needed and upload it again.")


def _known(session: Session, kind: str, sha256: bytes) -> Upload | None:
    chosen = select(Upload).where(col(Upload.kind) == kind, col(Upload.sha256) == sha256)
    newest = chosen.order_by(col(Upload.uploaded_at).desc()).limit(1)
    return session.exec(newest).first()


def _summary(upload: Upload) -> dict[str, Any]:
    return {
        "kind": upload.kind,
        "file": upload.file_name,
        "on": upload.on,
        "revision": upload.revision,
        **upload.counts,
    }


def upload_file(session: Session, upload_id: UUID) -> bytes | None:
    """The bytes of an upload as they came."""
    kept = session.get(UploadFile, upload_id)
    return None if kept is None else kept.content
