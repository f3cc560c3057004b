"""Incidents through the API."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from services.sesr.actions.incidents import NewIncident, close_incident, open_incident
from services.sesr.queries import incidents as queries
from shared.access import Who
from shared.web import Db, allow

router = APIRouter(prefix="/sesr/api/v1", tags=["sesr"])


class AskedIncident(BaseModel):
    """A new incident; `windows` are the times at which reports are due, such as `8:30, 11:00`."""

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


@router.get("/incidents")
def get_incidents(
    session: Db,
    _: Annotated[Who, allow("sesr.see")],
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, Any]:
    rows = queries.incidents(session, limit, cursor)
    return {
        "rows": [incident_fields(row._mapping) for row in rows],
        "next": cursor + limit if len(rows) == limit else None,
    }


@router.post("/incidents", status_code=201)
def post_incident(session: Db, who: Annotated[Who, allow("sesr.incidents")], asked: AskedIncident) -> dict[str, Any]:
    made = open_incident(session, who, NewIncident(**asked.model_dump()))
    return incident_fields(made.model_dump())


@router.post("/incidents/{incident_id}/close")
def post_close(session: Db, who: Annotated[Who, allow("sesr.incidents")], incident_id: UUID) -> dict[str, Any]:
    found = queries.known_incident(session, incident_id)
    close_incident(session, who, found)
    return {"incident_id": incident_id, "closed": True}


def incident_fields(told: Mapping[str, Any]) -> dict[str, Any]:
    """An incident as programs get it; `pauses` are pairs: closed, and opened again."""
    return {**told, "pauses": [(pause.lower, pause.upper) for pause in told["pauses"]]}
