"""Pages of uploads: the list with its form, and one upload with its report and its way."""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from services.ingest import queries
from services.ingest.actions.uploads import Offered, take_upload, upload_file
from shared.access import Who
from shared.errors import NotFound
from shared.web import Db, allow, page, redirect

router = APIRouter(prefix="/ingest", include_in_schema=False)


@router.get("/")
def uploads(
    request: Request, session: Db, who: Annotated[Who, allow("uploads.see")], before: datetime | None = None
) -> Response:
    rows = queries.uploads(session, before, 50)
    older = rows[-1].uploaded_at.isoformat() if len(rows) == 50 else None
    return page(request, "uploads.html", uploads=rows, older=older)


@router.post("/uploads")
def post_upload(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("uploads.write")],
    file: Annotated[UploadFile, File()],
    kind: Annotated[str, Form()] = "participation",
) -> Response:
    taken = take_upload(session, Offered(kind, file.filename or "upload", file.file.read(), who.actor))
    return redirect(f"/ingest/uploads/{taken.upload.upload_id}{'?known=1' if taken.known else ''}")


@router.get("/uploads/{upload_id}")
def upload(
    request: Request, session: Db, who: Annotated[Who, allow("uploads.see")], upload_id: UUID, known: bool = False
) -> Response:
    taken = queries.upload(session, upload_id)
    if taken is None:
        raise NotFound("There is no upload with this id.")
    steps = queries.journey(session, taken)
    travelling = not all(step.done for step in steps)
    return page(request, "upload.html", upload=taken, steps=steps, travelling=travelling, known=known)


@router.get("/uploads/{upload_id}/file")
def file(session: Db, who: Annotated[Who, allow("uploads.see")], upload_id: UUID) -> Response:
    taken, content = queries.upload(session, upload_id), upload_file(session, upload_id)
    if taken is None or content is None:
        raise NotFound("There is no upload with this id.")
    name = quote(f"{upload_id}-{taken.file_name}", safe="")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(content, media_type="application/octet-stream", headers=headers)
