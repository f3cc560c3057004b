"""The list of schools to call: on the page, on paper, as a workbook; who calls whom."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from services.sesr.actions.incidents import assign_calls
from services.sesr.exports import STATES, calls_workbook
from services.sesr.pages.board import BoardQuery, board_of, download, incident_of
from services.sesr.pages.words import WORDS
from services.sesr.queries import board as rows
from services.sesr.queries import incidents, schools
from services.sesr.queries.board import BoardFilter
from services.sesr.queries.boards import Board
from services.sesr.queries.day import callers
from services.sesr.rules.contact import OUTCOMES
from services.sesr.rules.day import CallLine
from services.sesr.tables import Incident
from shared.access import Who, scope_of
from shared.errors import NotFound
from shared.files.workbooks import XLSX_TYPE
from shared.numbers import counted
from shared.web import Db, allow, back, done, page
from shared.web.clock import district_zone

router = APIRouter(prefix="/sesr", include_in_schema=False)
Caller = Annotated[Who, allow("sesr.chase")]
NOBODY = "nobody"


def _read(session: Session, who: Who, query: BoardQuery) -> tuple[Incident, BoardFilter, Board, list[CallLine]]:
    scope = scope_of(who)
    incident = incident_of(session, scope, query)
    if incident is None:
        raise NotFound("There is no incident yet, so there is no one to call.")
    shown, read = board_of(session, scope, query, incident)
    return incident, shown, read, _lines(session, shown, read)


def _lines(session: Session, shown: BoardFilter, read: Board) -> list[CallLine]:
    keys = [line.school_key for line in read.view.chase]
    contacts, calls = rows.contacts(session, shown, keys), rows.calls(session, shown, keys)
    of_caller = callers(session, shown.incident_id, shown.day)
    made = []
    for line in read.view.chase:
        contact, call = contacts.get(line.school_key), calls.get(line.school_key)
        made.append(
            CallLine(
                school_key=line.school_key,
                name=line.name,
                region=line.region,
                state=STATES[line.state],
                overdue_since=line.overdue_since,
                last_report=line.current.counted_at if line.current else None,
                commander=contact.commander if contact else "",
                phone=contact.phone if contact else "",
                office=line.landline,
                caller=of_caller.get(line.school_key, ""),
                called_at=call.called_at if call else None,
                called=OUTCOMES[call.outcome] if call else "",
            )
        )
    return made


def _of_caller(lines: Sequence[CallLine], caller: str) -> list[CallLine]:
    """All, those of one caller, or those that nobody calls yet."""
    return [line for line in lines if caller in ("", line.caller or NOBODY)]


@router.get("/calls")
def calls(
    request: Request, session: Db, who: Caller, query: Annotated[BoardQuery, Depends()], caller: str = ""
) -> Response:
    """Every school to call, with phones, the last call and who calls it."""
    incident, shown, read, lines = _read(session, who, query)
    context: dict[str, Any] = {
        "incident": incident,
        "shown": shown,
        "board": read,
        "lines": _of_caller(lines, caller),
        "all": len(lines),
        "caller": caller,
        "callers": sorted({line.caller for line in lines if line.caller} | {who.name}),
        "nobody": NOBODY,
        "xlsx": query.link("/sesr/calls.xlsx", shown, caller=caller),
        "regions": schools.regions(session),
    }
    return page(request, "calls.html", **context, **WORDS)


@router.get("/calls.xlsx")
def calls_xlsx(session: Db, who: Caller, query: Annotated[BoardQuery, Depends()], caller: str = "") -> Response:
    incident, shown, _, lines = _read(session, who, query)
    title = f"To call, {incident.name}{' (drill)' if incident.drill else ''}, {shown.day}"
    content = calls_workbook(_of_caller(lines, caller), title, district_zone())
    return download(content, XLSX_TYPE, f"strike-calls-{shown.day}.xlsx")


@router.post("/calls/assign")
def assign(
    request: Request,
    session: Db,
    who: Caller,
    incident_id: Annotated[UUID, Form()],
    day: Annotated[date, Form()],
    to: Annotated[str, Form()] = "",
    school_key: Annotated[list[str] | None, Form()] = None,
    caller: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Gives the ticked schools to a caller; an empty name takes them back. `caller` names one for each school instead."""
    incident = incidents.known_incident(session, incident_id)
    keys = school_key or []
    for key in keys:
        if schools.school(session, scope_of(who), key) is None:
            raise NotFound("This is not one of your schools. Choose one of your schools.", code="school_unknown")
    before = callers(session, incident_id, day)
    of_school = dict(zip(keys, caller, strict=False)) if caller else dict.fromkeys(keys, to)
    for name in sorted(set(of_school.values())) or [to]:
        assign_calls(session, who, incident, day, [key for key, named in of_school.items() if named == name], name)
    fields = [("incident_id", incident_id), ("day", day), *(("school_key", key) for key in keys)]
    undo = back("/sesr/calls/assign", [*fields, *(("caller", before.get(key, "")) for key in keys)])
    path = "/sesr/calls?" + urlencode({"incident": incident_id, "day": day})
    return done(request, path, f"Who calls {counted(len(keys), 'school')} was saved.", undo)
