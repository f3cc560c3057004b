"""The list of uploads with the form that takes a file in, and the templates to fill in."""

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from services.ingest.actions.uploads import Offered, read_offered, take_upload
from services.ingest.pages.templates import KINDS, made_template
from services.ingest.queries import uploads as upload_queries
from services.ingest.queries import windows as window_queries
from services.ingest.rules.drops import folder_address
from shared.access import Who
from shared.db import transaction
from shared.errors import NotFound
from shared.files.workbooks import XLSX_TYPE
from shared.settings import settings
from shared.web import Db, allow, page, redirect
from shared.web.clock import Moment
from shared.web.quick import allow_quickly

AT_ONCE = 50
DROPPED_SHOWN = 20
router = APIRouter(prefix="/ingest", include_in_schema=False)


@router.get("/")
def uploads(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("uploads.see")],
    before: Moment | None = None,
    state: str = "",
    kind: str = "",
) -> Response:
    rows = upload_queries.uploads(session, before, AT_ONCE, state, kind)
    last = rows[-1].uploaded_at if len(rows) == AT_ONCE else None
    older = last.isoformat() if last else None
    return page(
        request,
        "uploads.html",
        uploads=rows,
        uploaders=upload_queries.uploaders(session, rows),
        older=older,
        state=state,
        kind=kind,
        kinds=KINDS,
        windows=window_queries.survey_windows(session),
        most=settings().upload_max_mb,
        folders=_folders(session),
    )


def _folders(session: Db) -> list[dict[str, Any]]:
    """The drop folders of the settings: where each is, its last look, why that failed, and its files."""
    looked = upload_queries.drop_folders(session)
    return [
        {
            "name": name,
            "shown": _shown(name, secret.get_secret_value()),
            "row": looked.get(name),
            "files": upload_queries.dropped_files(session, name, DROPPED_SHOWN),
            "count": upload_queries.dropped_count(session, name),
        }
        for name, secret in settings().drop_folders.items()
    ]


@router.get("/folders/{name}")
def folder(
    request: Request, session: Db, who: Annotated[Who, allow("uploads.see")], name: str, start: int = 0
) -> Response:
    """Every file of one drop folder, a page at a time."""
    if name not in settings().drop_folders:
        raise NotFound("There is no drop folder of this name in the settings.")
    start = max(start, 0)
    count = upload_queries.dropped_count(session, name)
    here = f"/ingest/folders/{name}?start="
    return page(
        request,
        "drop_folder.html",
        name=name,
        files=upload_queries.dropped_files(session, name, AT_ONCE, start),
        count=count,
        start=start,
        previous=f"{here}{max(0, start - AT_ONCE)}" if start else None,
        next=f"{here}{start + AT_ONCE}" if start + AT_ONCE < count else None,
    )


def _shown(name: str, address: str) -> str:
    try:
        return folder_address(name, address).shown
    except ValueError:
        return ""


@router.post("/uploads")
def post_upload(
    who: Annotated[Who, allow_quickly("uploads.write", "ingest")],
    file: Annotated[UploadFile, File()],
    kind: Annotated[str, Form()] = "participation",
    term: Annotated[str, Form()] = "",
) -> Response:
    """Takes a file in for a preview; what it changes is published on its page."""
    offered = Offered(kind, file.filename or "upload", file.file.read(), who.actor, "preview", term)
    read = read_offered(offered)
    with transaction("ingest") as session:
        taken = take_upload(session, offered, read)
    return redirect(f"/ingest/uploads/{taken.upload.upload_id}{'?known=1' if taken.known else ''}")


@router.get("/templates/{kind}.xlsx")
def template(who: Annotated[Who, allow("uploads.see")], kind: str) -> Response:
    if kind not in KINDS:
        raise NotFound("There is no template of this kind. Choose one on the page of uploads.")
    headers = {"content-disposition": f'attachment; filename="template-{kind}.xlsx"'}
    return Response(made_template(kind), media_type=XLSX_TYPE, headers=headers)
