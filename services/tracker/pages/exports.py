"""Large workbooks out: ask for one, watch it being written, download it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from services.tracker.actions.exports import ask_export
from services.tracker.queries import progress as plan
from services.tracker.queries.books import Wanted
from services.tracker.queries.district import choices
from services.tracker.queries.exports import content_of, export_of, exports_of
from shared.access import Who
from shared.errors import Conflict
from shared.files.workbooks import XLSX_TYPE
from shared.web import Db, allow, page, redirect

router = APIRouter(prefix="/tracker", include_in_schema=False)
Seen = Annotated[Who, allow("tracker.see")]
Word = Annotated[str, Form()]


@router.get("/exports")
def exports(request: Request, session: Db, who: Seen) -> Response:
    return page(
        request,
        "exports.html",
        exports=exports_of(session, who),
        choices=choices(session, who),
        levels=plan.levels(session),
    )


@router.post("/exports")
def ask_book(
    session: Db, who: Seen, kind: Word, level: Word = "", region: Word = "", cos: Word = "", director: Word = ""
) -> Response:
    wanted = Wanted(region or None, cos or None, director or None)
    return redirect(f"/tracker/exports/{ask_export(session, who, kind, wanted, level or None)}")


@router.get("/exports/{export_id}")
def export(request: Request, session: Db, who: Seen, export_id: UUID) -> Response:
    return page(request, "export.html", export=export_of(session, who, export_id))


@router.get("/exports/{export_id}/file")
def export_file(session: Db, who: Seen, export_id: UUID) -> Response:
    found = export_of(session, who, export_id)
    if found.state != "done":
        raise Conflict("This export is not written yet. Wait until its page says so.", code="export_not_ready")
    ending, kind = (".xlsx", XLSX_TYPE) if found.kind == "book" else (".zip", "application/zip")
    headers = {"content-disposition": f'attachment; filename="progress-tracker-schools{ending}"'}
    return Response(content_of(session, export_id), media_type=kind, headers=headers)
