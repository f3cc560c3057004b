"""Large workbooks out: order one, watch it being written, download it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from services.tracker.actions.exports import ExportOrder, order_export
from services.tracker.queries.district import choices
from services.tracker.queries.exports import content_of, export_of, exports_of
from services.tracker.queries.plan import levels, plan_of
from services.tracker.queries.schools import SchoolFilter
from shared.access import Who
from shared.errors import Conflict
from shared.files.workbooks import XLSX_TYPE
from shared.web import Db, allow, page, redirect

router = APIRouter(prefix="/tracker", include_in_schema=False)
Sees = Annotated[Who, allow("tracker.see")]
Word = Annotated[str, Form()]


@router.get("/exports")
def exports(request: Request, session: Db, who: Sees) -> Response:
    return page(
        request,
        "exports.html",
        exports=exports_of(session, who),
        choices=choices(session, who),
        levels=levels(session, plan_of(session, None).plan_id),
    )


@router.post("/exports")
def order_book(
    session: Db, who: Sees, kind: Word, level: Word = "", region: Word = "", cos: Word = "", director: Word = ""
) -> Response:
    filters = SchoolFilter(region or None, cos or None, director or None)
    return redirect(f"/tracker/exports/{order_export(session, who, ExportOrder(kind, filters, level or None))}")


@router.get("/exports/{export_id}")
def export(request: Request, session: Db, who: Sees, export_id: UUID) -> Response:
    return page(request, "export.html", export=export_of(session, who, export_id))


@router.get("/exports/{export_id}/file")
def export_file(session: Db, who: Sees, export_id: UUID) -> Response:
    found = export_of(session, who, export_id)
    if found.state != "done":
        raise Conflict("This export is not written yet. Wait until its page says so.", code="export_not_ready")
    ending, kind = (".xlsx", XLSX_TYPE) if found.kind == "book" else (".zip", "application/zip")
    headers = {"content-disposition": f'attachment; filename="progress-tracker-schools{ending}"'}
    return Response(content_of(session, export_id), media_type=kind, headers=headers)
