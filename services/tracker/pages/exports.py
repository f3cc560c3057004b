"""Large workbooks out: order one; it is watched and downloaded on the pages of long files."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from services.tracker.actions.exports import ExportOrder, order_export
from services.tracker.queries.district import choices
from services.tracker.queries.plan import levels, plan_of
from services.tracker.queries.schools import SchoolFilter
from shared.access import Who
from shared.jobs.queue import jobs_of
from shared.web import Db, allow, page, redirect

router = APIRouter(prefix="/tracker", include_in_schema=False)
Sees = Annotated[Who, allow("tracker.see")]
Word = Annotated[str, Form()]


@router.get("/exports")
def exports(request: Request, session: Db, who: Sees) -> Response:
    jobs, of = jobs_of(session, who)
    return page(
        request,
        "exports.html",
        jobs=jobs,
        of=of,
        choices=choices(session, who),
        levels=levels(session, plan_of(session, None).plan_id),
    )


@router.post("/exports")
def order_book(
    session: Db, who: Sees, kind: Word, level: Word = "", region: Word = "", cos: Word = "", director: Word = ""
) -> Response:
    filters = SchoolFilter(region or None, cos or None, director or None)
    return redirect(f"/tracker/files/{order_export(session, who, ExportOrder(kind, filters, level or None))}")
