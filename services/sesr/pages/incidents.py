"""Incidents: open one, change it, close it, excuse a school, allow a late entry."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from services.sesr.actions.incidents import (
    NewIncident,
    allow_late_entry,
    change_incident,
    close_incident,
    excuse_school,
    open_incident,
    reopen_incident,
)
from services.sesr.queries import incidents as queries
from services.sesr.queries import schools
from shared.access import Who, scope_of
from shared.errors import Invalid, NotFound
from shared.web import Db, allow, page, redirect
from shared.web.clock import today

router = APIRouter(prefix="/sesr", include_in_schema=False)
PAGE = 50
EMPTY = {
    "name": "",
    "windows": "8:30, 11:00, 13:30",
    "grace_minutes": 10,
    "most_per_adult": 30,
    "drill": False,
    "regions": [],
    "levels": [],
}


@router.get("/incidents")
def incidents(request: Request, session: Db, _: Annotated[Who, allow("sesr.incidents")], after: int = 0) -> Response:
    return _page(request, session, {**EMPTY, "first_day": str(today()), "last_day": str(today())}, after=max(after, 0))


def _page(
    request: Request,
    session: Db,
    values: dict[str, object],
    problems: list[dict[str, str]] | None = None,
    after: int = 0,
) -> Response:
    rows = queries.incidents(session, PAGE + 1, after)
    regions, levels = schools.choices(session)
    return page(
        request,
        "incidents.html",
        422 if problems else 200,
        rows=rows[:PAGE],
        previous=f"/sesr/incidents?after={max(0, after - PAGE)}" if after else None,
        next=f"/sesr/incidents?after={after + PAGE}" if len(rows) > PAGE else None,
        regions=regions,
        levels=levels,
        values=values,
        problems=problems or [],
        errors={problem["field"]: problem["message"] for problem in problems or []},
    )


@router.post("/incidents")
def open_one(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("sesr.incidents")],
    name: Annotated[str, Form()],
    first_day: Annotated[date, Form()],
    last_day: Annotated[date, Form()],
    windows: Annotated[str, Form()],
    grace_minutes: Annotated[int, Form()] = 10,
    most_per_adult: Annotated[int, Form()] = 30,
    drill: Annotated[bool, Form()] = False,
    regions: Annotated[tuple[str, ...], Form()] = (),
    levels: Annotated[tuple[str, ...], Form()] = (),
) -> Response:
    asked = NewIncident(
        name, first_day, last_day, windows, drill, grace_minutes, most_per_adult, list(regions), list(levels)
    )
    try:
        made = open_incident(session, who, asked)
    except Invalid as refused:
        return _page(request, session, {**vars(asked)}, refused.problems)
    return redirect(f"/sesr/board?incident={made.incident_id}")


@router.post("/incidents/{incident_id}/change")
def change(
    session: Db,
    who: Annotated[Who, allow("sesr.incidents")],
    incident_id: UUID,
    last_day: Annotated[date, Form()],
    windows: Annotated[str, Form()],
    most_per_adult: Annotated[int, Form()],
) -> Response:
    change_incident(session, who, queries.known_incident(session, incident_id), last_day, windows, most_per_adult)
    return redirect("/sesr/incidents")


@router.post("/incidents/{incident_id}/close")
def close(session: Db, who: Annotated[Who, allow("sesr.incidents")], incident_id: UUID) -> Response:
    close_incident(session, who, queries.known_incident(session, incident_id))
    return redirect("/sesr/incidents")


@router.post("/incidents/{incident_id}/reopen")
def reopen(session: Db, who: Annotated[Who, allow("sesr.incidents")], incident_id: UUID) -> Response:
    reopen_incident(session, who, queries.known_incident(session, incident_id))
    return redirect("/sesr/incidents")


@router.post("/incidents/{incident_id}/excuse")
def excuse(
    session: Db,
    who: Annotated[Who, allow("sesr.chase")],
    incident_id: UUID,
    school_key: Annotated[str, Form()],
    excused: Annotated[bool, Form()],
    day: Annotated[date | None, Form()] = None,
) -> Response:
    _school_or_404(session, who, school_key)
    excuse_school(session, who, queries.known_incident(session, incident_id), school_key, excused)
    return redirect(f"/sesr/schools/{school_key}?incident={incident_id}&day={day or today()}")


@router.post("/incidents/{incident_id}/late-entry")
def late_entry(
    session: Db,
    who: Annotated[Who, allow("sesr.chase")],
    incident_id: UUID,
    school_key: Annotated[str, Form()],
    day: Annotated[date, Form()],
    reason: Annotated[str, Form()] = "",
) -> Response:
    _school_or_404(session, who, school_key)
    allow_late_entry(session, who, queries.known_incident(session, incident_id), day, school_key, reason)
    return redirect(f"/sesr/schools/{school_key}?incident={incident_id}&day={day}")


def _school_or_404(session: Db, who: Who, school_key: str) -> None:
    if schools.school(session, scope_of(who), school_key) is None:
        raise NotFound("There is no such school among yours. Choose one of your schools.", code="school_unknown")
