"""Reports whose authors may not report any more: the duty desk looks at each, accepts or refuses it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from services.sesr.actions.holding import accept_held, refuse_held
from services.sesr.pages.words import WORDS
from services.sesr.queries import reports
from shared.access import Who, scope_of
from shared.errors import NotFound
from shared.web import Db, allow, page, redirect
from shared.web.clock import district_zone

router = APIRouter(prefix="/sesr", include_in_schema=False)
MOST = 50


@router.get("/held")
def held(request: Request, session: Db, who: Annotated[Who, allow("sesr.chase")]) -> Response:
    found = reports.held_reports(session, scope_of(who), MOST + 1)
    return page(request, "held.html", held=found[:MOST], more=len(found) > MOST, **WORDS)


@router.post("/held/{report_id}")
def decide(
    session: Db, who: Annotated[Who, allow("sesr.chase")], report_id: UUID, accept: Annotated[bool, Form()]
) -> Response:
    found = reports.held_report(session, scope_of(who), report_id)
    if found is None:
        raise NotFound("None of your schools has this report.")
    if not accept:
        refuse_held(session, who, found)
        return redirect("/sesr/held")
    receipt = accept_held(session, who, found, district_zone())
    return redirect(f"/sesr/receipts/{receipt.report_id}")
