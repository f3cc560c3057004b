"""Incidents: open one, change it, close it, excuse a school, allow a late entry."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel

from services.sesr.actions import incidents as actions
from services.sesr.actions.plans import NewIncident, plan_fields
from services.sesr.queries import incidents as queries
from services.sesr.queries import schools
from services.sesr.rules.counts import OPTIONS
from shared.access import Who, scope_of
from shared.errors import Invalid, NotFound
from shared.web import Db, allow, back, done, page, redirect
from shared.web.clock import today

router = APIRouter(prefix="/sesr", include_in_schema=False)
HERE = "/sesr/incidents"
PAGE = 50
WINDOWS = "8:30, 11:00, 13:30"


class IncidentForm(BaseModel):
    """The form of an incident."""

    name: str
    first_day: date
    last_day: date
    windows: str
    grace_minutes: int = 10
    most_per_adult: int = 30
    drill: bool = False
    regions: list[str] = []
    levels: list[str] = []
    weekends: bool = False
    days_off: str = ""
    desk_phone: str = ""
    extras: list[str] = []


class ChangeForm(BaseModel):
    """The form that changes an incident: what it leaves out stays; `lists` says that its ticks are all there are."""

    name: str | None = None
    last_day: date | None = None
    windows: str | None = None
    most_per_adult: int | None = None
    grace_minutes: int | None = None
    days_off: str | None = None
    desk_phone: str | None = None
    lists: bool = False
    regions: list[str] = []
    levels: list[str] = []
    weekends: bool = False
    extras: list[str] = []

    def values(self) -> dict[str, Any]:
        ticks = {"regions", "levels", "weekends", "extras"}
        texts = self.model_dump(exclude_none=True, exclude={"lists", *ticks})
        return {**texts, **(self.model_dump(include=ticks) if self.lists else {})}


@router.get("/incidents")
def incidents(request: Request, session: Db, _: Annotated[Who, allow("sesr.incidents")], after: int = 0) -> Response:
    empty = plan_values(NewIncident("", today(), today(), WINDOWS))
    return _page(request, session, empty, after=max(after, 0))


def plan_values(plan: NewIncident) -> dict[str, Any]:
    return {**vars(plan)}


def _page(
    request: Request,
    session: Db,
    values: dict[str, object],
    problems: list[dict[str, str]] | None = None,
    after: int = 0,
) -> Response:
    rows = queries.incidents(session, PAGE + 1, after)
    return page(
        request,
        "incidents.html",
        422 if problems else 200,
        rows=rows[:PAGE],
        previous=f"/sesr/incidents?after={max(0, after - PAGE)}" if after else None,
        next=f"/sesr/incidents?after={after + PAGE}" if len(rows) > PAGE else None,
        regions=schools.regions(session),
        levels=schools.levels(session),
        options=OPTIONS,
        values=values,
        problems=problems or [],
        errors={problem["field"]: problem["message"] for problem in problems or []},
    )


@router.post("/incidents")
def open_one(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("sesr.incidents")],
    filled: Annotated[IncidentForm, Form()],
) -> Response:
    plan = NewIncident(**filled.model_dump())
    try:
        made = actions.open_incident(session, who, plan)
    except Invalid as refused:
        return _page(request, session, plan_values(plan), refused.problems)
    undo = back(f"{HERE}/{made.incident_id}/close")
    return done(request, f"/sesr/board?incident={made.incident_id}", f"{made.name} is open.", undo)


@router.get("/incidents/{incident_id}")
def incident(request: Request, session: Db, _: Annotated[Who, allow("sesr.incidents")], incident_id: UUID) -> Response:
    """The form that changes an incident."""
    found = queries.known_incident(session, incident_id)
    return _change_page(request, session, incident_id, found.name, plan_fields(found))


def _change_page(
    request: Request,
    session: Db,
    incident_id: UUID,
    name: str,
    values: dict[str, Any],
    problems: list[dict[str, str]] | None = None,
) -> Response:
    return page(
        request,
        "incident.html",
        422 if problems else 200,
        incident_id=incident_id,
        name=name,
        values=values,
        regions=schools.regions(session),
        levels=schools.levels(session),
        options=OPTIONS,
        problems=problems or [],
        errors={problem["field"]: problem["message"] for problem in problems or []},
    )


@router.post("/incidents/{incident_id}/change")
def change(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("sesr.incidents")],
    incident_id: UUID,
    filled: Annotated[ChangeForm, Form()],
) -> Response:
    found = queries.known_incident(session, incident_id)
    former = plan_fields(found)
    values = {**former, **filled.values()}
    try:
        actions.change_incident(session, who, found, NewIncident(**values))
    except Invalid as refused:
        return _change_page(request, session, incident_id, found.name, values, refused.problems)
    undo = back(f"{HERE}/{incident_id}/change", _sent(former))
    return done(request, HERE, f"{values['name']} was changed.", undo)


def _sent(values: dict[str, Any]) -> list[tuple[str, object]]:
    """An incident as the form that changes it is sent: a field for each entry of a list."""
    known = {name: value for name, value in values.items() if name in ChangeForm.model_fields}
    each = [(name, value if isinstance(value, (list, tuple)) else [value]) for name, value in known.items()]
    return [("lists", True), *((name, entry) for name, entries in each for entry in entries)]


@router.post("/incidents/{incident_id}/close")
def close(request: Request, session: Db, who: Annotated[Who, allow("sesr.incidents")], incident_id: UUID) -> Response:
    found = queries.known_incident(session, incident_id)
    actions.close_incident(session, who, found)
    return done(request, HERE, f"{found.name} is closed.", back(f"{HERE}/{incident_id}/reopen"))


@router.post("/incidents/{incident_id}/reopen")
def reopen(request: Request, session: Db, who: Annotated[Who, allow("sesr.incidents")], incident_id: UUID) -> Response:
    found = queries.known_incident(session, incident_id)
    actions.reopen_incident(session, who, found)
    return done(request, HERE, f"{found.name} is open again.", back(f"{HERE}/{incident_id}/close"))


@router.post("/incidents/{incident_id}/excuse")
def excuse(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("sesr.chase")],
    incident_id: UUID,
    school_key: Annotated[str, Form()],
    excused: Annotated[bool, Form()],
    day: Annotated[date | None, Form()] = None,
) -> Response:
    _school_or_404(session, who, school_key)
    actions.excuse_school(session, who, queries.known_incident(session, incident_id), school_key, excused)
    fields = [("school_key", school_key), ("day", day), ("excused", "false" if excused else "true")]
    words = "This school is not expected to report." if excused else "This school is expected to report."
    path = f"/sesr/schools/{school_key}?incident={incident_id}&day={day or today()}"
    return done(request, path, words, back(f"{HERE}/{incident_id}/excuse", fields))


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
    actions.allow_late_entry(session, who, queries.known_incident(session, incident_id), day, school_key, reason)
    return redirect(f"/sesr/schools/{school_key}?incident={incident_id}&day={day}")


def _school_or_404(session: Db, who: Who, school_key: str) -> None:
    if schools.school(session, scope_of(who), school_key) is None:
        raise NotFound("This is not one of your schools. Choose one of your schools.", code="school_unknown")
