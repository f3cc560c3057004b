"""What is kept of an upload: its file, its report for who may see it, and what the audit keeps."""

from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.ingest.tables import Upload, UploadFile
from shared.access.policy import may
from shared.errors import NotFound


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


def found_upload(session: Session, upload_id: UUID) -> Upload:
    """The upload. Raises NotFound."""
    upload = session.get(Upload, upload_id)
    if upload is None:
        raise NotFound("There is no upload with this id.")
    return upload


def upload_file(session: Session, upload_id: UUID) -> bytes:
    """The bytes of an upload as they came. Raises NotFound where none are kept."""
    kept = session.get(UploadFile, upload_id)
    if kept is None:
        raise NotFound("The file of this upload is not kept.")
    return kept.content


def may_open(role: str, upload: Upload) -> bool:
    """Whether the role may see what is in the file: a directory holds people's names and addresses."""
    return upload.kind != "directory" or may(role, "directory.see")


def shown_problems(role: str, upload: Upload) -> list[dict[str, Any]]:
    """The places of what was found; of a file that the role may not open only why it was refused."""
    seen = may_open(role, upload)
    return [problem for problem in upload.problems if seen or problem.get("outcome") == "refused"]
