"""The page of one upload: its report, what it changes, its delivery progress; publish, confirm, discard, undo."""

from typing import Annotated, Any
from urllib.parse import quote, urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from services.ingest.actions.faulty import faulty_workbook
from services.ingest.actions.kept_uploads import found_upload, may_open, shown_problems, upload_file
from services.ingest.actions.undo import undo_returns, undo_upload
from services.ingest.actions.uploads import discard_upload, publish_upload, read_again
from services.ingest.queries import progress as progress_queries
from services.ingest.queries import uploads as upload_queries
from services.ingest.rules.findings import KEPT_PER_CODE, OUTCOMES
from services.ingest.rules.verdicts import ANSWERS, reason_sentence
from services.ingest.tables import Upload
from shared.access import Who
from shared.db import transaction
from shared.errors import NotAllowed
from shared.files.workbooks import XLSX_TYPE
from shared.web import Db, allow, page, redirect
from shared.web.quick import allow_quickly

PROBLEMS_A_PAGE = CHANGES_A_PAGE = 100
router = APIRouter(prefix="/ingest/uploads/{upload_id}", include_in_schema=False)


@router.get("")
def upload(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("uploads.see")],
    upload_id: UUID,
    known: bool = False,
    awaited: bool = False,
    outcome: str = "",
    code: str = "",
    start: int = 0,
    changed: int = 0,
) -> Response:
    taken = found_upload(session, upload_id)
    steps = progress_queries.delivery_progress(session, taken)
    made = page(
        request,
        "upload.html",
        upload=taken,
        uploader=upload_queries.uploaders(session, [taken])[taken.uploaded_by],
        steps=steps,
        live=taken.state == "reading" or (taken.state == "published" and not all(step.done for step in steps)),
        known=known,
        reasons=[reason_sentence(code, taken.counts) for code in taken.reasons],
        rows_read=upload_queries.rows_read(session, upload_id),
        related=upload_queries.related(session, taken),
        undo_returns=undo_returns(session, taken),
        may_open=may_open(who.role, taken),
        unanswered=not ANSWERS.isdisjoint(taken.reasons),
        **_changes(taken, max(changed, 0), opens=may_open(who.role, taken)),
        **_report(taken, shown_problems(who.role, taken), outcome, code, max(start, 0)),
    )
    if awaited and taken.state != "reading":
        made.headers["HX-Refresh"] = "true"  # the whole page is another one once the file has been read
    return made


def _changes(taken: Upload, start: int, *, opens: bool) -> dict[str, Any]:
    """A page of the schools and people that a directory changes, for who may see them."""
    found, end = taken.changes if opens else [], start + CHANGES_A_PAGE
    here = f"/ingest/uploads/{taken.upload_id}?changed="
    return {
        "changes": found[start:end],
        "changes_start": start,
        "changes_previous": f"{here}{max(0, start - CHANGES_A_PAGE)}#changes" if start else None,
        "changes_next": f"{here}{end}#changes" if end < len(found) else None,
    }


def _report(taken: Upload, problems: list[dict[str, Any]], outcome: str, code: str, start: int) -> dict[str, Any]:
    """The findings that the filter leaves, a page of them, with the ways to the pages beside."""
    filtered = [
        problem for problem in problems if outcome in ("", problem.get("outcome")) and code in ("", problem.get("code"))
    ]
    here = f"/ingest/uploads/{taken.upload_id}"

    def at(begin: int) -> str:
        return f"{here}?{urlencode({'outcome': outcome, 'code': code, 'start': begin})}#report"

    end = start + PROBLEMS_A_PAGE
    counts = {name: sum(f["count"] for f in taken.found if f["outcome"] == name) for name in OUTCOMES}
    return {
        "problems": filtered[start:end],
        "shown": len(filtered),
        "start": start,
        "outcome": outcome,
        "code": code,
        "outcomes": counts,
        "most_found": max((found["count"] for found in taken.found), default=0),
        "most_listed": KEPT_PER_CODE,
        "previous": at(max(0, start - PROBLEMS_A_PAGE)) if start else None,
        "next": at(end) if end < len(filtered) else None,
    }


def _opened(session: Db, who: Who, upload_id: UUID) -> Upload:
    """The upload, for who may see what is in its file."""
    taken = found_upload(session, upload_id)
    if not may_open(who.role, taken):
        raise NotAllowed("A directory holds people's names and addresses. Ask the central office for this file.")
    return taken


@router.post("/publish")
def publish(
    who: Annotated[Who, allow_quickly("uploads.decide", "ingest")],
    upload_id: UUID,
    confirm: Annotated[bool, Form()] = False,
) -> Response:
    read = read_again(upload_id, confirmed=confirm)
    with transaction("ingest") as session:
        publish_upload(session, found_upload(session, upload_id), who.actor, read, confirmed=confirm)
    return redirect(f"/ingest/uploads/{upload_id}")


@router.post("/discard")
def discard(session: Db, who: Annotated[Who, allow("uploads.decide")], upload_id: UUID) -> Response:
    discard_upload(session, found_upload(session, upload_id), who.actor)
    return redirect(f"/ingest/uploads/{upload_id}")


@router.post("/undo")
def undo(session: Db, who: Annotated[Who, allow("uploads.decide")], upload_id: UUID) -> Response:
    made = undo_upload(session, found_upload(session, upload_id), who.actor)
    return redirect(f"/ingest/uploads/{made.upload_id}")


@router.get("/file")
def file(session: Db, who: Annotated[Who, allow("uploads.see")], upload_id: UUID) -> Response:
    taken = _opened(session, who, upload_id)
    content = upload_file(session, upload_id)
    return _download(content, f"{upload_id}-{taken.file_name}", "application/octet-stream")


@router.get("/rejected.xlsx")
def rejected(who: Annotated[Who, allow_quickly("uploads.see", "ingest")], upload_id: UUID) -> Response:
    with transaction("ingest") as session:
        taken, content = _opened(session, who, upload_id), upload_file(session, upload_id)
    return _download(faulty_workbook(content, taken), f"correct-{taken.file_name.rpartition('.')[0]}.xlsx", XLSX_TYPE)


def _download(content: bytes, name: str, media_type: str) -> Response:
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    return Response(content, media_type=media_type, headers=headers)
