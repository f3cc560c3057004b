"""Noting a call to a school that has not answered."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import Response

from services.sesr.actions.incidents import note_call
from services.sesr.queries import incidents, schools
from shared.access import Who, scope_of
from shared.errors import NotFound
from shared.web import Db, allow, redirect
from shared.web.pages import local_path

router = APIRouter(prefix="/sesr", include_in_schema=False)


@router.post("/chase")
def note(
    session: Db,
    who: Annotated[Who, allow("sesr.chase")],
    incident_id: Annotated[UUID, Form()],
    day: Annotated[date, Form()],
    school_key: Annotated[str, Form()],
    outcome: Annotated[str, Form()],
    note: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "/sesr/board",
) -> Response:
    if schools.school(session, scope_of(who), school_key) is None:
        raise NotFound("This is not one of your schools. Choose one of your schools.", code="school_unknown")
    incidents.known_incident(session, incident_id)
    note_call(session, who, incident_id, day, school_key, outcome, note.strip())
    return redirect(local_path(back))
