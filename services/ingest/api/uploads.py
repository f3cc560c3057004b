"""The API of uploads."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from services.ingest.actions.kept_uploads import found_upload, may_open, shown_problems
from services.ingest.actions.undo import undo_returns, undo_upload
from services.ingest.actions.uploads import (
    Offered,
    discard_upload,
    publish_upload,
    read_again,
    read_offered,
    review_upload,
    take_upload,
)
from services.ingest.queries import progress as progress_queries
from services.ingest.queries import uploads as upload_queries
from services.ingest.rules.verdicts import reason_sentence
from services.ingest.tables import Upload
from shared.access import Who
from shared.db import transaction
from shared.web import Db, allow
from shared.web.clock import Moment
from shared.web.quick import allow_quickly

router = APIRouter(prefix="/ingest/api/v1/uploads", tags=["uploads"])
Kind = Literal["participation", "directory", "survey-results", "lcap-actions", "lcap-measures"]
PROBLEMS_SHOWN = 500
LISTED = {
    "upload_id", "kind", "file_name", "state", "uploaded_by", "uploaded_at", "term", "extraction_date", "revision",
    "groups", "counts", "part_of", "undoes",
}  # fmt: skip


class StepOut(BaseModel):
    """One step of the delivery progress of an upload."""

    name: str
    done: bool
    at: datetime | None
    words: str


class UploadOut(BaseModel):
    """An upload, its report, and its delivery progress. `found` counts every finding, `problems` shows the first.

    `changes`: the first schools and people that a directory adds, changes and removes, of `changes_count`. `roster`: what
    a roster holds that its mapping names, and what nobody has said yet. `undo_returns`: what an undo brings back, in a sentence; empty where the upload cannot be undone.
    """

    upload_id: UUID
    kind: str
    file_name: str
    state: str
    known: bool
    uploaded_by: str
    uploaded_at: datetime
    term: str | None
    extraction_date: date | None
    revision: int | None
    groups: list[str]
    counts: dict[str, int]
    thin: bool
    reasons: list[str]
    found: list[dict[str, Any]]
    problems: list[dict[str, Any]]
    difference: dict[str, Any]
    changes: list[dict[str, Any]]
    changes_count: int
    roster: dict[str, Any]
    rows_read: int
    undo_returns: str
    delivery_progress: list[StepOut]


def _out(session: Db, upload: Upload, *, known: bool) -> UploadOut:
    steps = [StepOut(**step._asdict()) for step in progress_queries.delivery_progress(session, upload)]
    shown = upload.model_dump(include=set(UploadOut.model_fields), exclude={"uploaded_at", "problems", "changes"})
    return UploadOut(
        **shown,
        uploaded_at=upload.uploaded_at or datetime.now(UTC),
        problems=upload.problems[:PROBLEMS_SHOWN],
        changes=upload.changes[:PROBLEMS_SHOWN],
        changes_count=len(upload.changes),
        known=known,
        rows_read=upload_queries.rows_read(session, upload.upload_id),
        undo_returns=undo_returns(session, upload),
        delivery_progress=steps,
    )


def place_of(upload: Upload) -> str:
    return f"/ingest/api/v1/uploads/{upload.upload_id}"


def _answer(request: Request, session: Db, response: Response, upload: Upload, status: int) -> Any:
    """The upload as it is now: 409 in quarantine, 202 while it is being read, else the status given."""
    session.flush()
    if upload in session:
        session.refresh(upload)
    response.headers["location"] = place_of(upload)
    if upload.state == "quarantined":
        return _quarantined(request, upload)
    response.status_code = 202 if upload.state == "reading" else status
    return _out(session, upload, known=status == 200)


def _quarantined(request: Request, upload: Upload) -> JSONResponse:
    """Returned, not raised: the upload stays, for a person to confirm or discard."""
    reasons = [{"code": code, "message": reason_sentence(code, upload.counts)} for code in upload.reasons]
    problem = {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "code": "quarantined",
        "detail": "The file is quarantined until somebody confirms or discards it.",
        "problems": [*reasons, *upload.problems[:PROBLEMS_SHOWN]],
        "upload_id": str(upload.upload_id),
        "request_id": getattr(request.state, "request_id", ""),
    }
    headers = {"location": place_of(upload)}
    return JSONResponse(problem, 409, headers=headers, media_type="application/problem+json")


@router.post("", status_code=201, response_model=UploadOut)
def post_upload(
    request: Request,
    response: Response,
    who: Annotated[Who, allow_quickly("uploads.write", "ingest")],
    file: Annotated[UploadFile, File()],
    kind: Annotated[Kind, Query()] = "participation",
    dry_run: bool = False,
    term: str = "",
) -> Any:
    """Takes a file in and publishes it.

    201 published, 200 for content that was taken before or a dry run, 202 while a long file is read, 409 quarantined,
    413, 415 or 422 with `problems`. `term` names the survey window where the date does not.
    """
    intent = "dry" if dry_run else "publish"
    offered = Offered(kind, file.filename or "upload", file.file.read(), who.actor, intent, term)
    read = read_offered(offered)
    with transaction("ingest") as session:
        taken = take_upload(session, offered, read)
        if dry_run and taken.upload.state != "reading":
            response.status_code = 200
            return _out(session, taken.upload, known=False)
        return _answer(request, session, response, taken.upload, 200 if taken.known else 201)


@router.get("")
def get_uploads(
    session: Db,
    _: Annotated[Who, allow("uploads.see")],
    cursor: Moment | None = None,
    state: str = "",
    kind: str = "",
    limit: int = Query(50, ge=1, le=200),
) -> dict[str, Any]:
    """Uploads, newest first; `cursor` is the `next` of the page before."""
    rows = [row.model_dump(include=LISTED) for row in upload_queries.uploads(session, cursor, limit, state, kind)]
    return {"uploads": rows, "next": rows[-1]["uploaded_at"] if len(rows) == limit else None}


@router.get("/{upload_id}")
def get_upload(session: Db, who: Annotated[Who, allow("uploads.see")], upload_id: UUID) -> UploadOut:
    """The report of an upload and its delivery progress; the `problems` of a directory for who may see it."""
    upload = found_upload(session, upload_id)
    shown: dict[str, Any] = {"problems": shown_problems(who.role, upload)[:PROBLEMS_SHOWN]}
    if not may_open(who.role, upload):
        shown |= {"changes": [], "roster": {}}
    return _out(session, upload, known=True).model_copy(update=shown)


@router.get("/{upload_id}/changes")
def get_changes(
    session: Db,
    who: Annotated[Who, allow("directory.see")],
    upload_id: UUID,
    cursor: int = Query(0, ge=0),
    limit: int = Query(200, ge=1, le=1000),
) -> dict[str, Any]:
    """Every school and person that a directory adds, changes and removes; `cursor` is the `next` of the page before."""
    found = found_upload(session, upload_id).changes
    end = cursor + limit
    return {"changes": found[cursor:end], "count": len(found), "next": end if end < len(found) else None}


@router.post("/{upload_id}/publish", response_model=UploadOut)
def post_publish(
    request: Request,
    response: Response,
    who: Annotated[Who, allow_quickly("uploads.decide", "ingest")],
    upload_id: UUID,
    confirm: bool = False,
) -> Any:
    """Publishes an upload that waits; `confirm` one in quarantine."""
    read = read_again(upload_id, confirmed=confirm)
    with transaction("ingest") as session:
        upload = found_upload(session, upload_id)
        publish_upload(session, upload, who.actor, read, confirmed=confirm)
        return _answer(request, session, response, upload, 201)


@router.post("/{upload_id}/review", response_model=UploadOut)
def post_review(
    request: Request,
    response: Response,
    who: Annotated[Who, allow_quickly("uploads.decide", "ingest")],
    upload_id: UUID,
) -> Any:
    """Looks again at what an upload that waits would change now, such as a roster after its mapping was saved."""
    read = read_again(upload_id, confirmed=True)
    with transaction("ingest") as session:
        upload = found_upload(session, upload_id)
        review_upload(session, upload, who.actor, read)
        return _answer(request, session, response, upload, 200)


@router.post("/{upload_id}/discard")
def post_discard(session: Db, who: Annotated[Who, allow("uploads.decide")], upload_id: UUID) -> UploadOut:
    """Discards an upload that waits, or stops the reading of a long one."""
    upload = found_upload(session, upload_id)
    discard_upload(session, upload, who.actor)
    return _out(session, upload, known=True)


@router.post("/{upload_id}/undo", status_code=201)
def post_undo(
    session: Db, response: Response, who: Annotated[Who, allow("uploads.decide")], upload_id: UUID
) -> UploadOut:
    """Takes a publish back (an extraction while its alerts are not sent); answers the compensating upload."""
    undo = undo_upload(session, found_upload(session, upload_id), who.actor)
    session.flush()
    session.refresh(undo)
    response.headers["location"] = place_of(undo)
    return _out(session, undo, known=False)
