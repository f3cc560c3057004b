"""The board and its feed for programs."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from services.sesr.queries import board as rows
from services.sesr.queries import incidents
from services.sesr.queries.board import BoardFilter
from services.sesr.queries.boards import read_board
from services.sesr.rules.board import SchoolLine, Sums
from services.sesr.rules.view import GROUPINGS
from services.sesr.tables import Incident
from shared.access import Who, scope_of
from shared.errors import Invalid, NotFound
from shared.web import Db, allow
from shared.web.clock import Moment, district_zone, today

router = APIRouter(prefix="/sesr/api/v1", tags=["sesr"])


@router.get("/board")
def get_board(
    session: Db,
    who: Annotated[Who, allow("sesr.board")],
    incident: UUID | None = None,
    day: date | None = None,
    as_of: Moment | None = None,
    region: str | None = None,
    by: str = "region",
    limit: Annotated[int, Query(ge=1, le=2000)] = 100,
    cursor: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, Any]:
    """Sums with coverage, the estimate apart, groups, and the schools page by page; `as_of` any past moment."""
    if by not in GROUPINGS:
        raise Invalid(f"`by` is one of {', '.join(GROUPINGS)}.")
    shown, filters = _board(session, who, incident, day, region, by)
    board = read_board(session, scope_of(who), filters, shown, datetime.now(UTC), district_zone(), as_of)
    view = board.view
    page = view.lines[cursor : cursor + limit]
    return {
        "incident_id": shown.incident_id,
        "drill": shown.drill,
        "day": filters.day,
        "school_day": board.is_school_day,
        "as_of": board.at,
        "place": board.place,
        "window": view.window.label if view.window else None,
        "next_window": view.next_window.label if view.next_window else None,
        "total": sums_fields(view.total),
        "groups": [sums_fields(group) for group in view.groups],
        "estimate": view.estimate._asdict(),
        "same_schools_as_yesterday": view.same,
        "yesterday": board.before.day if board.before else None,
        "alarms": [line.school_key for line in view.alarms],
        "media": [line.school_key for line in view.media],
        "outside_group": [line.school_key for line in view.outside],
        "rows": [line_fields(line) for line in page],
        "next": cursor + limit if cursor + limit < len(view.lines) else None,
    }


@router.get("/changes")
def get_changes(
    session: Db,
    who: Annotated[Who, allow("sesr.board")],
    incident: UUID | None = None,
    day: date | None = None,
    limit: Annotated[int, Query(ge=1, le=2000)] = 500,
    cursor: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, Any]:
    """Recorded reports in the order in which boards saw them; `cursor` is the `next` of the page before."""
    _, filters = _board(session, who, incident, day, None, "region")
    found = rows.changes_after(session, scope_of(who), filters, cursor, limit)
    names = "place report_id number school_key name region counted_at received_at supersedes counts flags".split()
    changes = [{name: getattr(row, name) for name in names} for row in found]
    return {"rows": changes, "next": found[-1].place if found else cursor}


def _board(
    session: Db, who: Who, incident: UUID | None, day: date | None, region: str | None, by: str
) -> tuple[Incident, BoardFilter]:
    if incident:
        shown: Incident | None = incidents.known_incident(session, incident)
    else:
        shown = incidents.current_incident(session, today(), scope_of(who).regions)
    if shown is None:
        raise NotFound("There is no incident yet, so there is no board.")
    on = day or min(max(today(), shown.first_day), shown.last_day)
    if not shown.first_day <= on <= shown.last_day:
        raise Invalid(f"The incident runs from {shown.first_day} to {shown.last_day}. Choose a day within it.")
    return shown, BoardFilter(shown.incident_id, on, region=region, by=by)


def sums_fields(sums: Sums) -> dict[str, Any]:
    """`totals` are over the schools that gave the number, `given` counts those."""
    own = {"not_yet": sums.not_yet, "percent": sums.percent, "adults": sums.adults, "students_per_adult": sums.ratio}
    return {**sums._asdict(), **own}


def line_fields(line: SchoolLine) -> dict[str, Any]:
    current = line.current
    ratio = None if line.ratio == float("inf") else line.ratio
    school = {"school_key": line.school_key, "school": line.name, "region": line.region, "state": line.state}
    if current is None:
        return {**school, "number": None, "counted_at": None, "counts": None, "flags": None, "students_per_adult": None}
    own = {"number": current.number, "counted_at": current.counted_at, "counts": current.counts}
    return {**school, **own, "flags": current.flags, "report_id": current.report_id, "students_per_adult": ratio}
