"""The search of the header, and the one page of a school, on which each service says what it knows of it."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from services.ingest.queries import directory
from services.ingest.queries.schools import found_directors, found_schools
from shared.access import Who
from shared.access.policy import may
from shared.errors import NotFound
from shared.web import Db, allow, page, redirect
from shared.web.parts import SCHOOL_PARTS

AT_ONCE = 50
router = APIRouter(prefix="/schools", include_in_schema=False)
See = Annotated[Who, allow("schools.see")]


@router.get("")
def search(request: Request, session: Db, who: See, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """What was found; the school's own page where it is the only one."""
    schools = found_schools(session, q, AT_ONCE + 1)
    directors = found_directors(session, q, AT_ONCE + 1) if may(who.role, "directory.see") else []
    if q.strip() and len(schools) == 1 and not directors:
        return redirect(_address(schools[0].school_key))
    rows = [{"href": _address(each.school_key), "school": each} for each in schools[:AT_ONCE]]
    return page(
        request,
        "schools.html",
        q=q,
        rows=rows,
        more=len(schools) > AT_ONCE,
        at_once=AT_ONCE,
        directors=directors[:AT_ONCE],
        more_directors=len(directors) > AT_ONCE,
    )


@router.get("/{key}")
def school(request: Request, session: Db, who: See, key: str) -> Response:
    found = directory.school(session, key)
    if found is None:
        raise NotFound("There is no school with this key. Search for its name, PLOC or code.")
    parts = [part for part in SCHOOL_PARTS if may(who.role, part.permission)]
    path = quote(key, safe=":")
    return page(request, "school.html", school=found, parts=parts, path=f"/cards/school/{path}")


def _address(key: str) -> str:
    return f"/schools/{quote(key, safe=':')}"
