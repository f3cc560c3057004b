"""Looking back: what was mailed about a school, what came in after each mail, which directors look at their alerts."""

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from services.notify.actions import answers, retiring
from services.notify.pages.parts import SentForm, plain_form, preference_fields, read_preference, tabs_of
from services.notify.queries import answers as answer_queries
from services.notify.queries import comparing, reports
from services.notify.rules.comparing import LIKE_POINTS
from shared.access import Who
from shared.errors import Invalid, NotFound
from shared.web import Db, allow, back, done, page

router = APIRouter(prefix="/notify", include_in_schema=False)
PAGE = 50


@router.get("/worked")
def worked(
    request: Request, session: Db, who: Annotated[Who, allow("digests.see")], before: int | None = None
) -> Response:
    rows = reports.worked(session, before, PAGE)
    older = f"/notify/worked?before={rows[-1].mail_id}" if len(rows) == PAGE else None
    beside = comparing.comparisons(session, [row.mail_id for row in rows])
    return page(
        request,
        "worked.html",
        rows=rows,
        beside=beside,
        like_points=int(LIKE_POINTS),
        older=older,
        tabs=tabs_of("/notify/worked"),
    )


@router.get("/directors")
def directors(request: Request, session: Db, who: Annotated[Who, allow("digests.see")], after: str = "") -> Response:
    rows = reports.directors(session, after, 100)
    more = "/notify/directors?" + urlencode({"after": rows[-1].person_id}) if len(rows) == 100 else None
    return page(request, "directors.html", rows=rows, more=more, tabs=tabs_of("/notify/directors"))


@router.post("/directors/{person_id}/preference")
def prefer(
    request: Request, session: Db, who: Annotated[Who, allow("digests.write")], person_id: str, sent: SentForm
) -> Response:
    here = f"/notify/directors/{quote(person_id, safe='')}/preference"
    former = preference_fields(answer_queries.preference_of(session, person_id))
    answers.prefer(session, person_id, **read_preference(sent), actor=who.actor)
    return done(request, "/notify/directors", "Which mails this director gets was saved.", back(here, former))


@router.get("/schools")
def schools(
    request: Request, session: Db, who: Annotated[Who, allow("digests.see")], q: str = "", after: str | None = None
) -> Response:
    found = reports.schools(session, q.strip(), after, PAGE) if q.strip() else []
    more = "/notify/schools?" + urlencode({"q": q, "after": found[-1].school_key}) if len(found) == PAGE else None
    return page(request, "schools_mailed.html", q=q, found=found, more=more, tabs=tabs_of("/notify/schools"))


@router.get("/schools/{school_key}")
def school(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("digests.see")],
    school_key: str,
    limit: Annotated[int, Query(ge=1)] = 200,
) -> Response:
    return _school(request, session, school_key, [], limit=limit)


@router.post("/schools/{school_key}/retire")
def retire(
    request: Request, session: Db, who: Annotated[Who, allow("digests.write")], school_key: str, sent: SentForm
) -> Response:
    form = plain_form(sent)
    term, here = form.get("term", ""), f"/notify/schools/{quote(school_key, safe='')}"
    try:
        retiring.retire_school(session, term, school_key, form.get("reason", ""), who.actor)
    except Invalid as error:
        return _school(request, session, school_key, error.problems, 422)
    undo = back(f"{here}/restore", [("term", term)])
    return done(request, here, f"No mail mentions this school in {term}.", undo)


@router.post("/schools/{school_key}/restore")
def restore(
    request: Request, session: Db, who: Annotated[Who, allow("digests.write")], school_key: str, sent: SentForm
) -> Response:
    term, here = plain_form(sent).get("term", ""), f"/notify/schools/{quote(school_key, safe='')}"
    former = [row for row in reports.retired_terms(session, school_key) if row.term == term]
    fields = [(name, getattr(row, name)) for row in former for name in ("term", "reason")]
    retiring.restore_school(session, term, school_key, who.actor)
    return done(request, here, f"This school is followed again in {term}.", back(f"{here}/retire", fields))


def _school(
    request: Request, session: Db, school_key: str, problems: list[Any], status: int = 200, limit: int = 200
) -> Response:
    named = reports.school_name(session, school_key)
    if named is None:
        raise NotFound("No extraction has this school.")
    entries = reports.timeline(session, school_key, limit + 1)
    path = f"/notify/schools/{quote(school_key, safe='')}"
    retired = reports.retired_terms(session, school_key)
    gone = {row.term for row in retired}
    terms = [term for term in reports.terms_of(session, school_key) if term not in gone]
    return page(
        request,
        "school_alerts.html",
        status,
        named=named,
        entries=entries[:limit],
        more=f"{path}?limit={limit * 5}" if len(entries) > limit else None,
        path=path,
        retired=retired,
        terms=terms,
        term_options=[(term, term) for term in terms],
        problems=problems,
        tabs=tabs_of("/notify/schools"),
    )
