"""Looking back: what was told of a school, what came in after each mail, which directors look at their alerts."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.notify.actions import answers
from services.notify.pages.parts import SentForm, plain_form, tabs_of
from services.notify.queries import reports
from shared.access import Who
from shared.errors import NotFound
from shared.web import Db, allow, page, redirect

router = APIRouter()
PAGE = 50


@router.get("/worked")
def worked(
    request: Request, session: Db, who: Annotated[Who, allow("digests.see")], before: int | None = None
) -> Response:
    rows = reports.worked(session, before, PAGE)
    older = f"/notify/worked?before={rows[-1].mail_id}" if len(rows) == PAGE else None
    return page(request, "worked.html", rows=rows, older=older, tabs=tabs_of("/notify/worked"))


@router.get("/directors")
def directors(request: Request, session: Db, who: Annotated[Who, allow("digests.see")], after: str = "") -> Response:
    rows = reports.directors(session, after, 100)
    more = "/notify/directors?" + urlencode({"after": rows[-1].person_id}) if len(rows) == 100 else None
    return page(request, "directors.html", rows=rows, more=more, tabs=tabs_of("/notify/directors"))


@router.post("/directors/{person_id}/preference")
def prefer(session: Db, who: Annotated[Who, allow("digests.write")], person_id: str, sent: SentForm) -> Response:
    form = plain_form(sent)
    preference = {name: form.get(name) == "1" for name in ("only_changes", "also_when_none")}
    answers.prefer(session, person_id, **preference, actor=who.actor)
    return redirect("/notify/directors")


@router.get("/schools")
def schools(request: Request, session: Db, who: Annotated[Who, allow("digests.see")], q: str = "") -> Response:
    found = reports.schools(session, q.strip()) if q.strip() else []
    return page(request, "schools_told.html", q=q, found=found, tabs=tabs_of("/notify/schools"))


@router.get("/schools/{school_key}")
def school(request: Request, session: Db, who: Annotated[Who, allow("digests.see")], school_key: str) -> Response:
    named = reports.school_name(session, school_key)
    if named is None:
        raise NotFound("No extraction has told of this school.")
    entries = reports.timeline(session, school_key)
    return page(request, "school_alerts.html", named=named, entries=entries, tabs=tabs_of("/notify/schools"))
