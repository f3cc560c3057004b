"""The board: live, as of a past minute, for print and the large screen, as workbook and text table."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response, StreamingResponse
from sqlmodel import Session

from services.sesr.exports import STATES, board_csv, board_workbook
from services.sesr.pages.charts import day_charts
from services.sesr.pages.live import Chunk, follow
from services.sesr.pages.words import WORDS
from services.sesr.queries import board as rows
from services.sesr.queries import incidents, reports, schools
from services.sesr.queries.board import BoardFilter
from services.sesr.queries.boards import CHASED_AT_ONCE, Board, read_board
from services.sesr.rules.board import by_status
from services.sesr.rules.view import GROUPINGS, timeline
from services.sesr.tables import Incident
from shared.access import Credential, Scope, Who, scope_of, who_is
from shared.access.policy import may
from shared.db import transaction
from shared.errors import Invalid, NotFound
from shared.files.workbooks import CSV_TYPE, XLSX_TYPE
from shared.numbers import whole
from shared.web import Db, allow, page
from shared.web.clock import district_zone, instant_words, today
from shared.web.pages import environment
from shared.web.requests import credential_of, session_limits

router = APIRouter(prefix="/sesr", include_in_schema=False)
Seen = Annotated[Who, allow("sesr.board")]


class BoardQuery:
    """The query string of a board, the same for page, stream, fallback and exports."""

    def __init__(
        self,
        incident: UUID | None = None,
        day: date | None = None,
        at: str = "",
        region: str = "",
        cos: str = "",
        director: str = "",
        level: str = "",
        by: str = "region",
        after: Annotated[int, Query(ge=0)] = 0,
        wall: bool = False,
    ) -> None:
        self.incident, self.day, self.at, self.after, self.wall = incident, day, at, after, wall
        self.filters = {
            "region": region or None,
            "cos": cos or None,
            "director": director or None,
            "level": level or None,
        }
        self.by = by if by in GROUPINGS else "region"
        self.sees_contacts = False

    def filter_of(self, incident: Incident) -> BoardFilter:
        day = min(max(self.day or today(), incident.first_day), incident.last_day)
        return BoardFilter(
            incident.incident_id, day, **self.filters, by=self.by, after=self.after, sees_contacts=self.sees_contacts
        )

    def as_of(self, day: date) -> datetime | None:
        """The end of the minute that was named; None is now. Raises Invalid for what is not a time of day."""
        if not self.at:
            return None
        try:
            minute = datetime.combine(day, time.fromisoformat(self.at), district_zone())
        except ValueError:
            raise Invalid("Write the time as 10:42.", problems=[{"field": "at", "message": "10:42"}]) from None
        return (minute + timedelta(seconds=59.999)).astimezone(UTC)

    def link(self, path: str, shown: BoardFilter, **other: object) -> str:
        """The same board elsewhere or with something changed.

        The live board of today goes on to tomorrow by itself; only another day, or a past minute, is named in its links.
        """
        day = shown.day if self.at or shown.day != today() else None
        kept = {"incident": shown.incident_id, "day": day, "at": self.at, **self.filters, "by": self.by}
        query = {**kept, "wall": "1" if self.wall else "", **other}
        return f"{path}?" + urlencode({name: value for name, value in query.items() if value not in (None, "")})


def _of_person(query: Annotated[BoardQuery, Depends()], who: Seen) -> BoardQuery:
    """The query, with names and phones for who may call schools."""
    query.sees_contacts = may(who.role, "sesr.chase")
    return query


Query_ = Annotated[BoardQuery, Depends(_of_person)]


def incident_of(session: Session, scope: Scope, query: BoardQuery) -> Incident | None:
    if query.incident is not None:
        return incidents.known_incident(session, query.incident)
    return incidents.current_incident(session, query.day or today(), scope.regions)


def board_of(session: Session, scope: Scope, query: BoardQuery, incident: Incident) -> tuple[BoardFilter, Board]:
    shown = query.filter_of(incident)
    as_of = query.as_of(shown.day)
    return shown, read_board(session, scope, shown, incident, datetime.now(UTC), district_zone(), as_of)


def _context(query: BoardQuery, shown: BoardFilter, incident: Incident, board: Board) -> dict[str, Any]:
    """What the live part of a board shows; nothing in it depends on who looks, but for the scope."""

    def link(path: str, **other: object) -> str:
        return query.link(path, shown, **other)

    chase = board.view.chase
    return {
        "incident": incident,
        "shown": shown,
        "board": board,
        "view": board.view,
        "chase": chase[shown.after : shown.after + CHASED_AT_ONCE],
        "chase_more": link("/sesr/board", after=shown.after + CHASED_AT_ONCE)
        if len(chase) > shown.after + CHASED_AT_ONCE
        else None,
        "chase_less": link("/sesr/board", after=max(0, shown.after - CHASED_AT_ONCE)) if shown.after else None,
        "grouping": GROUPINGS[shown.by],
        "groupings": [
            {"href": link("/sesr/board", by=key), "label": label, "current": key == shown.by}
            for key, label in GROUPINGS.items()
        ],
        "states": STATES,
        "by_status": by_status(board.view.lines) if "status" in incident.extras else {},
        "link": link,
        **WORDS,
    }


@router.get("/board")
def board(request: Request, session: Db, who: Seen, query: Query_) -> Response:
    scope = scope_of(who)
    incident = incident_of(session, scope, query)
    if incident is None:
        return page(request, "no_board.html")
    shown, read = board_of(session, scope, query, incident)
    return page(
        request,
        "board.html",
        **_context(query, shown, incident, read),
        **_day_so_far(session, scope, query, shown, read),
        at=query.at,
        wall=query.wall,
        all_incidents=incidents.incidents(session),
        regions=schools.regions(session),
        levels=schools.levels(session),
        held=reports.held_reports(session, scope) if may(who.role, "sesr.chase") else [],
    )


def _day_so_far(session: Session, scope: Scope, query: BoardQuery, shown: BoardFilter, read: Board) -> dict[str, Any]:
    """The day in half hours, as charts with their tables."""
    recorded = rows.recorded_reports(session, scope, shown, query.as_of(shown.day))
    slots = timeline(recorded, timedelta(minutes=30), read.at)
    return {"day_charts": day_charts(slots, read.view.total.expected, read.windows)}


@router.get("/board/live")
def board_live(request: Request, session: Db, who: Seen, query: Query_) -> Response:
    """The live part alone, for browsers whose stream does not come through."""
    scope = scope_of(who)
    incident = incident_of(session, scope, query)
    if incident is None:
        raise NotFound("There is no incident.")
    shown, read = board_of(session, scope, query, incident)
    live = {**_context(query, shown, incident, read), **_day_so_far(session, scope, query, shown, read)}
    return page(request, "_board.html", **live)


@router.get("/board/stream")
async def board_stream(
    request: Request, who: Seen, query: Query_, last_event_id: Annotated[str, Header()] = ""
) -> Response:
    """Server-sent events: `changes` (a list of reports) and, without a name, the live part of the board."""
    scope = scope_of(who)
    after = whole(last_event_id)
    key = (scope, who.role, query.incident, query.day, tuple(query.filters.values()), query.by, query.after)
    messages = follow(key, _maker(scope, query), after, _may_go_on(credential_of(request), who))
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(messages, media_type="text/event-stream", headers=headers)


def _maker(scope: Scope, query: BoardQuery) -> Callable[[int | None], Chunk]:
    def make(after: int | None) -> Chunk:
        with transaction("sesr") as session:
            incident = incident_of(session, scope, query)
            if incident is None:
                return Chunk(0, 0, [], "")
            shown, read = board_of(session, scope, query, incident)
            start = read.place if after is None else after
            changes = [change_fields(row) for row in rows.changes_after(session, scope, shown, start)]
            live = {**_context(query, shown, incident, read), **_day_so_far(session, scope, query, shown, read)}
        html = environment("sesr").get_template("_board.html").render(live)
        return Chunk(start, read.place, changes, html)

    return make


def _may_go_on(credential: Credential | None, opened_by: Who) -> Callable[[], bool]:
    """Whether whoever opened the stream, by session or token, may still see it; an open board keeps no session alive."""

    def may_go_on() -> bool:
        if credential is None:
            return False
        with transaction("sesr") as session:
            who = who_is(session, credential, session_limits(), touch=False)
        return (
            who is not None
            and may(who.role, "sesr.board")
            and (who.role, scope_of(who)) == (opened_by.role, scope_of(opened_by))
        )

    return may_go_on


def change_fields(row: Any) -> dict[str, object]:
    """A change of the feed for programs."""
    names = "place report_id number school_key name region counted_at received_at supersedes counts flags"
    return {name: getattr(row, name) for name in names.split()}


@router.get("/board.xlsx")
def board_xlsx(session: Db, who: Seen, query: Query_) -> Response:
    incident, shown, read = _for_export(session, who, query)
    title = f"{incident.name}{' (drill)' if incident.drill else ''}, {shown.day}"
    content = board_workbook(read.view, title, instant_words(read.at), district_zone())
    return download(content, XLSX_TYPE, f"strike-board-{shown.day}.xlsx")


@router.get("/board.csv")
def board_text(session: Db, who: Seen, query: Query_) -> Response:
    _, shown, read = _for_export(session, who, query)
    return download(board_csv(read.view, district_zone()).encode(), CSV_TYPE, f"strike-board-{shown.day}.csv")


def _for_export(session: Session, who: Who, query: BoardQuery) -> tuple[Incident, BoardFilter, Board]:
    scope = scope_of(who)
    incident = incident_of(session, scope, query)
    if incident is None:
        raise NotFound("There is no incident yet, so there is no board to download.")
    return incident, *board_of(session, scope, query, incident)


def download(content: bytes, kind: str, name: str) -> Response:
    return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})
