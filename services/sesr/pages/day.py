"""A day of an incident: who met which report time, and everything of the day as a workbook."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session

from services.sesr.exports import day_workbook
from services.sesr.pages.board import BoardQuery, download, incident_of
from services.sesr.pages.words import WORDS
from services.sesr.queries import day as queries
from services.sesr.queries.board import BoardFilter
from services.sesr.rules.day import WINDOW_STATES, DayTimes
from services.sesr.tables import Incident
from shared.access import Who, scope_of
from shared.access.policy import may
from shared.errors import NotFound
from shared.files.workbooks import XLSX_TYPE
from shared.web import Db, allow, page
from shared.web.clock import district_zone

router = APIRouter(prefix="/sesr", include_in_schema=False)
Seen = Annotated[Who, allow("sesr.board")]


def _read(session: Session, who: Who, query: BoardQuery) -> tuple[Incident, BoardFilter, DayTimes]:
    scope = scope_of(who)
    incident = incident_of(session, scope, query)
    if incident is None:
        raise NotFound("There is no incident yet, so there is no day to look at.")
    shown = query.filter_of(incident)
    return incident, shown, queries.read_day(session, scope, shown, incident, datetime.now(UTC), district_zone())


@router.get("/day")
def day(request: Request, session: Db, who: Seen, query: Annotated[BoardQuery, Depends()]) -> Response:
    """Of each report time, how many schools were on time, late, missing, excused; and which missed one."""
    incident, shown, times = _read(session, who, query)
    context: dict[str, Any] = {
        "incident": incident,
        "shown": shown,
        "times": times,
        "missed": [school for school in times.schools if {"missed", "excused"} & set(school.states)],
        "window_states": WINDOW_STATES,
        "xlsx": query.link("/sesr/day.xlsx", shown),
    }
    return page(request, "day.html", **context, **WORDS)


@router.get("/day.xlsx")
def day_xlsx(session: Db, who: Seen, query: Annotated[BoardQuery, Depends()]) -> Response:
    """Every report of the day, who met which report time, the calls that were noted (for who may call)."""
    incident, shown, times = _read(session, who, query)
    scope = scope_of(who)
    reports = queries.reports_of_day(session, scope, incident.incident_id, shown.day)
    calls = queries.calls_of_day(session, scope, incident.incident_id, shown.day) if may(who.role, "sesr.chase") else []
    title = f"{incident.name}{' (drill)' if incident.drill else ''}, {shown.day}"
    content = day_workbook(times, reports, calls, title, district_zone())
    return download(content, XLSX_TYPE, f"strike-day-{shown.day}.xlsx")
