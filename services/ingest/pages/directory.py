"""The directory: look schools and people up, correct them, add spellings, see what was changed by whom."""

from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.ingest.actions.directory_edits import change_person, change_school
from services.ingest.queries import directory as directory_queries
from services.ingest.rules.directory import COUNT_FIELDS, WORDS
from services.ingest.rules.names import REGIONS
from shared.access import Who
from shared.access.policy import ROLES
from shared.errors import NotFound
from shared.web import Db, allow, back, done, page

AT_ONCE = 50
router = APIRouter(prefix="/ingest/directory", include_in_schema=False)


@router.get("")
def schools(
    request: Request, session: Db, who: Annotated[Who, allow("directory.see")], q: str = "", after: str = ""
) -> Response:
    rows = directory_queries.schools(session, q.strip(), after, AT_ONCE)
    more = _more("/ingest/directory", {"q": q}, rows[-1].school_key) if len(rows) == AT_ONCE else None
    return page(request, "directory.html", schools=rows, q=q, more=more)


@router.get("/people")
def people(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("directory.see")],
    q: str = "",
    role: str = "",
    after: str = "",
) -> Response:
    rows = directory_queries.people(session, q.strip(), role, after, AT_ONCE)
    full = len(rows) == AT_ONCE
    more = _more("/ingest/directory/people", {"q": q, "role": role}, rows[-1].person_id) if full else None
    return page(request, "directory_people.html", people=rows, q=q, role=role, roles=ROLES, more=more)


def _more(path: str, given: dict[str, str], after: str) -> str:
    return f"{path}?{urlencode({**given, 'after': after})}"


@router.get("/schools/{school_key}")
def school(request: Request, session: Db, who: Annotated[Who, allow("directory.see")], school_key: str) -> Response:
    found = directory_queries.school(session, school_key)
    if found is None:
        raise NotFound("There is no school with this key in the directory.")
    changes = directory_queries.history(session, school_key)
    return page(request, "directory_school.html", school=found, changes=changes, regions=REGIONS)


@router.post("/schools/{school_key}")
async def post_school(
    request: Request, session: Db, who: Annotated[Who, allow("directory.write")], school_key: str
) -> Response:
    here = f"/ingest/directory/schools/{quote(school_key, safe='')}"
    found = directory_queries.school(session, school_key)
    former = back(here, [(name, getattr(found, name)) for name in (*WORDS, *COUNT_FIELDS)] if found else ())
    changed = change_school(session, school_key, await _fields(request), who.actor)
    return done(request, here, f"{changed.name} was saved.", former)


@router.get("/people/{person_id}")
def person(request: Request, session: Db, who: Annotated[Who, allow("directory.see")], person_id: str) -> Response:
    found = directory_queries.person(session, person_id)
    if found is None:
        raise NotFound("There is no person with this id in the directory.")
    return page(request, "directory_person.html", person=found, changes=directory_queries.history(session, person_id))


@router.post("/people/{person_id}")
async def post_person(
    request: Request, session: Db, who: Annotated[Who, allow("directory.write")], person_id: str
) -> Response:
    here = f"/ingest/directory/people/{quote(person_id, safe='')}"
    found = directory_queries.person(session, person_id)
    lists = {"scope": found.scope, "aliases": found.resolved_aliases} if found else {}
    former = [("name", found.name), ("email", found.email)] if found else []
    undo = back(here, [*former, *((name, "; ".join(entries)) for name, entries in lists.items())])
    changed = change_person(session, person_id, await _fields(request), who.actor)
    return done(request, here, f"{changed.name} was saved.", undo)


async def _fields(request: Request) -> dict[str, str]:
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
