"""Reports of many schools from a spreadsheet, for the duty desk; and the form on paper."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from services.sesr.actions.entering import EntryResult, enter_rows
from services.sesr.actions.submission import Arrival
from services.sesr.exports import entry_workbook
from services.sesr.pages.board import download
from services.sesr.pages.words import WORDS
from services.sesr.queries import incidents, schools
from services.sesr.rules.counts import EXTRAS
from services.sesr.rules.entry import HEADINGS, STATUS, EntryRow, read_rows
from services.sesr.tables import Incident
from shared.access import Who, scope_of
from shared.errors import NotFound
from shared.files.workbooks import XLSX_TYPE
from shared.web import Db, allow, page
from shared.web.clock import district_zone, today

router = APIRouter(prefix="/sesr", include_in_schema=False)
Desk = Annotated[Who, allow("sesr.chase")]


def _incident(session: Session, who: Who, incident_id: UUID | None) -> Incident:
    if incident_id is not None:
        return incidents.known_incident(session, incident_id)
    found = incidents.current_incident(session, today(), scope_of(who).regions)
    if found is None:
        raise NotFound("There is no incident yet, so there is nothing to enter.")
    return found


def _headings(incident: Incident) -> list[str]:
    """The columns of the table for an incident, with the optional ones that it has."""
    extras = [count.label for count in EXTRAS if count.section in incident.extras]
    return [*HEADINGS, *([STATUS] if "status" in incident.extras else []), *extras]


@router.get("/entry")
def entry(request: Request, session: Db, who: Desk, incident: UUID | None = None) -> Response:
    return _page(request, _incident(session, who, incident), "")


def _page(request: Request, incident: Incident, text: str, status: int = 200, **more: Any) -> Response:
    context = {
        "incident": incident,
        "text": text,
        "batch": uuid4(),
        "headings": _headings(incident),
        "results": [],
        **more,
    }
    return page(request, "entry.html", status, **context, **WORDS)


@router.post("/entry")
def enter(
    request: Request,
    session: Db,
    who: Desk,
    incident_id: Annotated[UUID, Form()],
    batch: Annotated[UUID, Form()],
    rows: Annotated[str, Form()] = "",
) -> Response:
    """Takes the lines that can be taken; the others come back with their reasons, to be mended and sent again."""
    incident = incidents.known_incident(session, incident_id)
    try:
        read = read_rows(rows)
    except ValueError as error:
        return _page(request, incident, rows, 422, problems=[{"field": "rows", "message": str(error)}])
    results = enter_rows(session, who, incident, read, batch, Arrival(datetime.now(UTC), district_zone()))
    left = [result.row for result in results if result.receipt is None]
    return _page(request, incident, _as_text(incident, left), results=results, taken=_taken(results))


def _taken(results: Sequence[EntryResult]) -> int:
    return sum(result.receipt is not None for result in results)


def _as_text(incident: Incident, rows: Sequence[EntryRow]) -> str:
    """The lines as they are pasted, with their headings; empty where none is left."""
    headings = _headings(incident)
    table = [headings, *([row.cells.get(heading, "") for heading in headings] for row in rows)]
    return "\n".join("\t".join(cells) for cells in table) if rows else ""


@router.get("/entry.xlsx")
def entry_xlsx(session: Db, who: Desk, incident: UUID | None = None) -> Response:
    """The table to fill: a line for each school of the desk, with its code and name."""
    shown = _incident(session, who, incident)
    expected = schools.expected_schools(session, scope_of(who), shown.incident_id)
    lines = [(school.school_key, school.name) for school in expected]
    content = entry_workbook(_headings(shown), lines, f"Reports, {shown.name}", district_zone())
    return download(content, XLSX_TYPE, f"strike-entry-{today()}.xlsx")


@router.get("/paper")
def paper(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("sesr.report")],
    school: str,
    incident: UUID | None = None,
) -> Response:
    """The form of a school on paper, for a day without devices."""
    found = schools.school(session, scope_of(who), school)
    if found is None:
        raise NotFound("This is not one of your schools. Choose one of your schools.", code="school_unknown")
    shown = _incident(session, who, incident)
    return page(request, "paper.html", school=found, incident=shown, totals=schools.totals_of(found), **WORDS)
