"""Where sesr begins for each role, the receipt of a report, the history of a school's day."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from services.sesr.actions.submission import DESKS
from services.sesr.pages.words import WORDS
from services.sesr.queries import board, incidents, reports, schools
from services.sesr.rules.contact import OUTCOMES
from services.sesr.rules.counts import warnings
from services.sesr.rules.reports import CountChange, changed_counts, report_before
from shared.access import Who, scope_of
from shared.access.policy import may
from shared.errors import NotFound
from shared.web import Db, allow, page, redirect
from shared.web.clock import today

router = APIRouter(prefix="/sesr", include_in_schema=False)
FOUND_AT_ONCE = 50


@router.get("/")
def start(request: Request, session: Db, who: Annotated[Who, allow("sesr.see")], q: str = "") -> Response:
    """A principal or designee gets the form; desk, central and director choose a school or the board."""
    if may(who.role, "sesr.report") and who.role not in DESKS:
        return redirect("/sesr/report")
    found = schools.schools(session, scope_of(who), q.strip(), FOUND_AT_ONCE + 1)
    return page(
        request,
        "start.html",
        q=q,
        schools=found[:FOUND_AT_ONCE],
        more=len(found) > FOUND_AT_ONCE,
        incident=incidents.current_incident(session, today()),
    )


@router.get("/receipts/{report_id}")
def receipt(request: Request, session: Db, who: Annotated[Who, allow("sesr.see")], report_id: UUID) -> Response:
    scope = scope_of(who)
    row = reports.report(session, scope, report_id)
    if row is None:
        raise NotFound("None of your schools has this report.")
    rows = reports.history(session, scope, row.incident_id, row.day, row.school_key)
    before = report_before([reports.recorded_of(each) for each in rows], reports.recorded_of(row))
    odd = warnings(row.counts, before.counts if before else None)
    return page(request, "receipt.html", report=row, warnings=odd, **WORDS)


def _desk(session: Session, incident_id: UUID, day: date, school_key: str) -> dict[str, Any]:
    """What the duty desk has to know of a school: whom to call, who called, whether it is expected, whether it may enter late."""
    shown = board.BoardFilter(incident_id, day)
    return {
        "contact": board.contacts(session, shown, [school_key]).get(school_key),
        "calls": board.calls_of_school(session, incident_id, day, school_key),
        "expected": incidents.is_expected(session, incident_id, school_key),
        "late": reports.late_entry(session, incident_id, day, school_key),
    }


def _board_before(request: Request) -> str:
    """The board with its filters that one came from, to go back there."""
    came = urlsplit(request.headers.get("referer", ""))
    return f"{came.path}?{came.query}" if came.path == "/sesr/board" else "/sesr/board"


@router.get("/schools/{school_key}")
def history(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("sesr.see")],
    school_key: str,
    day: date | None = None,
    incident: UUID | None = None,
) -> Response:
    """All reports of a school's day with what each changed, corrected ones marked."""
    scope, on = scope_of(who), day or today()
    school = schools.school(session, scope, school_key)
    if school is None:
        raise NotFound("This is not one of your schools. Choose one of your schools.", code="school_unknown")
    shown = incidents.incident(session, incident) if incident else incidents.current_incident(session, on)
    rows = reports.history(session, scope, shown.incident_id, on, school_key) if shown else []
    return page(
        request,
        "history.html",
        outcomes=OUTCOMES,
        school=school,
        incident=shown,
        day=on,
        rows=rows,
        changes=_changes(rows),
        last=reports.last_valid(rows),
        is_over=on < today(),
        takes_reports=shown and not shown.closed_at and shown.first_day <= on <= min(shown.last_day, today()),
        back=_board_before(request),
        **(_desk(session, shown.incident_id, on, school_key) if shown and may(who.role, "sesr.chase") else {}),
        **WORDS,
    )


def _changes(rows: Sequence[Any]) -> dict[UUID, dict[str, CountChange]]:
    """Report -> what it changed against the report counted before it."""
    known = [reports.recorded_of(row) for row in rows]
    changes = {}
    for report in known:
        before = report_before(known, report)
        changes[report.report_id] = changed_counts(before.counts, report.counts) if before else {}
    return changes
