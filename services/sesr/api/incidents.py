"""Incidents through the API."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from services.sesr.actions import incidents as actions
from services.sesr.actions.plans import NewIncident, plan_fields
from services.sesr.queries import incidents as queries
from services.sesr.tables import Incident
from shared.access import Who
from shared.web import Db, allow

router = APIRouter(prefix="/sesr/api/v1", tags=["sesr"])


class IncidentBody(BaseModel):
    """A new incident; `windows` are the times at which reports are due, such as `8:30, 11:00`.

    Reports are due from Monday to Friday, with `weekends` on all days, but not on `days_off` (`2026-03-30, 2026-03-31`).
    `extras` switches optional fields on: `status`, `meals`, `spans`.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    first_day: date
    last_day: date
    windows: str = "8:30, 11:00, 13:30"
    drill: bool = False
    grace_minutes: int = 10
    most_per_adult: int = 30
    regions: list[str] = []
    levels: list[str] = []
    weekends: bool = False
    days_off: str = ""
    desk_phone: str = ""
    extras: list[str] = []


class IncidentChange(BaseModel):
    """What is to change of an open incident; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    last_day: date | None = None
    windows: str | None = None
    grace_minutes: int | None = None
    most_per_adult: int | None = None
    regions: list[str] | None = None
    levels: list[str] | None = None
    weekends: bool | None = None
    days_off: str | None = None
    desk_phone: str | None = None
    extras: list[str] | None = None


@router.get("/incidents")
def get_incidents(
    session: Db,
    _: Annotated[Who, allow("sesr.see")],
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, Any]:
    rows = queries.incidents(session, limit, cursor)
    return {
        "rows": [{**incident_fields(row.incident), "schools": row.schools, "reports": row.reports} for row in rows],
        "next": cursor + limit if len(rows) == limit else None,
    }


@router.post("/incidents", status_code=201)
def post_incident(session: Db, who: Annotated[Who, allow("sesr.incidents")], body: IncidentBody) -> dict[str, Any]:
    return incident_fields(actions.open_incident(session, who, NewIncident(**body.model_dump())))


@router.patch("/incidents/{incident_id}")
def patch_incident(
    session: Db, who: Annotated[Who, allow("sesr.incidents")], incident_id: UUID, body: IncidentChange
) -> dict[str, Any]:
    found = queries.known_incident(session, incident_id)
    plan = {**plan_fields(found), **body.model_dump(exclude_none=True)}
    actions.change_incident(session, who, found, NewIncident(**plan))
    return incident_fields(found)


@router.post("/incidents/{incident_id}/close")
def post_close(session: Db, who: Annotated[Who, allow("sesr.incidents")], incident_id: UUID) -> dict[str, Any]:
    found = queries.known_incident(session, incident_id)
    actions.close_incident(session, who, found)
    return {"incident_id": incident_id, "closed": True}


@router.post("/incidents/{incident_id}/reopen")
def post_reopen(session: Db, who: Annotated[Who, allow("sesr.incidents")], incident_id: UUID) -> dict[str, Any]:
    found = queries.known_incident(session, incident_id)
    actions.reopen_incident(session, who, found)
    return {"incident_id": incident_id, "closed": False}


def incident_fields(incident: Incident) -> dict[str, Any]:
    """An incident as programs get it; `pauses` are pairs: closed, and opened again."""
    return {**incident.model_dump(), "pauses": [(pause.lower, pause.upper) for pause in incident.pauses]}
