"""The API of ingest: uploads."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, File, Query, Response, UploadFile
from pydantic import BaseModel

from services.ingest import queries
from services.ingest.actions.uploads import Offered, take_upload
from services.ingest.tables import Upload
from shared.access import Who
from shared.errors import NotFound
from shared.web import Db, allow

router = APIRouter(prefix="/ingest/api/v1", tags=["uploads"])
Kind = Literal["participation", "directory", "survey-results", "lcap-actions", "lcap-measures"]


class Step(BaseModel):
    """One step of an upload's way."""

    name: str
    done: bool
    at: datetime | None
    words: str


class UploadOut(BaseModel):
    """An upload, its report, and how far it has travelled."""

    upload_id: UUID
    kind: str
    file_name: str
    state: str
    known: bool
    uploaded_by: str
    uploaded_at: datetime
    term: str | None
    on: date | None
    revision: int | None
    groups: list[str]
    counts: dict[str, int]
    problems: list[dict[str, Any]]
    travelled: list[Step]


def _out(session: Db, upload: Upload, *, known: bool) -> UploadOut:
    steps = [Step(**step._asdict()) for step in queries.journey(session, upload)]
    return UploadOut(**upload.model_dump(exclude={"sha256", "size", "thin"}), known=known, travelled=steps)


@router.post("/uploads", status_code=201)
def post_upload(
    session: Db,
    response: Response,
    who: Annotated[Who, allow("uploads.write")],
    file: Annotated[UploadFile, File()],
    kind: Annotated[Kind, Query()] = "participation",
) -> UploadOut:
    """Takes a file in: 201 taken, 200 for content that was taken before, 413, 415 or 422 with `problems`."""
    offered = Offered(kind, file.filename or "upload", file.file.read(), who.actor)
    taken = take_upload(session, offered)
    session.flush()
    session.refresh(taken.upload)
    response.status_code = 200 if taken.known else 201
    response.headers["location"] = f"/ingest/api/v1/uploads/{taken.upload.upload_id}"
    return _out(session, taken.upload, known=taken.known)


@router.get("/uploads")
def get_uploads(
    session: Db,
    _: Annotated[Who, allow("uploads.see")],
    cursor: datetime | None = None,
    limit: int = Query(50, ge=1, le=200),
) -> dict[str, Any]:
    """Uploads, newest first; `cursor` is the `next` of the page before."""
    rows = [dict(row._mapping) for row in queries.uploads(session, cursor, limit)]
    return {"uploads": rows, "next": rows[-1]["uploaded_at"] if len(rows) == limit else None}


@router.get("/uploads/{upload_id}")
def get_upload(session: Db, _: Annotated[Who, allow("uploads.see")], upload_id: UUID) -> UploadOut:
    """The report of an upload and how far it has travelled."""
    upload = queries.upload(session, upload_id)
    if upload is None:
        raise NotFound("There is no upload with this id.")
    return _out(session, upload, known=True)
