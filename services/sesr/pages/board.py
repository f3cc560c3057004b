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
from services.sesr.pages.live import Chunk, follow
from services.sesr.pages.words import WORDS
from services.sesr.queries import board as rows
from services.sesr.queries import incidents, schools
from services.sesr.queries.board import Asked
from services.sesr.queries.boards import CHASED_AT_ONCE, Board, read_board
from services.sesr.rules.view import GROUPINGS, timeline
from services.sesr.tables import Incident
from shared.access import Scope, Who, scope_of, who_is
from shared.access.policy import may
from shared.db import transaction
from shared.errors import Invalid, NotFound
from shared.files.workbooks import CSV_TYPE, XLSX_TYPE
from shared.numbers import whole
from shared.settings import settings
from shared.web import Db, allow, page
from shared.web.charts import lines as chart_lines
from shared.web.clock import district_zone, instant_words, today
from shared.web.pages import environment
from shared.web.requests import session_token

router = APIRouter(prefix="/sesr", include_in_schema=False)
Seen = Annotated[Who, allow("sesr.board")]


class Wanted:
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

    def asked(self, incident: Incident) -> Asked:
        day = min(max(self.day or today(), incident.first_day), incident.last_day)
        return Asked(incident.incident_id, day, **self.filters, by=self.by, after=self.after)

    def as_of(self, day: date) -> datetime | None:
        """The end of the minute that is asked for; None is now. Raises Invalid for what is no time of day."""
        if not self.at:
            return None
        try:
            minute = datetime.combine(day, time.fromisoformat(self.at), district_zone())
        except ValueError:
            raise Invalid("Write the time as 10:42.", problems=[{"field": "at", "message": "10:42"}]) from None
        return (minute + timedelta(seconds=59.999)).astimezone(UTC)

    def link(self, path: str, asked: Asked, **other: object) -> str:
        """The same board elsewhere or with something else chosen.

        The live board of today goes on to tomorrow by itself; only another day, or a past minute, is named in its links.
        """
        day = asked.day if self.at or asked.day != today() else None
        kept = {"incident": asked.incident_id, "day": day, "at": self.at, **self.filters, "by": self.by}
        chosen = {**kept, "wall": "1" if self.wall else "", **other}
        return f"{path}?" + urlencode({name: value for name, value in chosen.items() if value not in (None, "")})


Query_ = Annotated[Wanted, Depends()]


def _incident(session: Session, wanted: Wanted) -> Incident | None:
    if wanted.incident is not None:
        return incidents.known_incident(session, wanted.incident)
    return incidents.current_incident(session, wanted.day or today())


def _board(session: Session, scope: Scope, wanted: Wanted, incident: Incident) -> tuple[Asked, Board]:
    asked = wanted.asked(incident)
    as_of = wanted.as_of(asked.day)
    return asked, read_board(session, scope, asked, incident, datetime.now(UTC), district_zone(), as_of)


def _context(wanted: Wanted, asked: Asked, incident: Incident, board: Board) -> dict[str, Any]:
    """What the live part of a board shows; nothing in it depends on who looks, but for the scope."""

    def link(path: str, **other: object) -> str:
        return wanted.link(path, asked, **other)

    chase = board.view.chase
    return {
        "incident": incident,
        "asked": asked,
        "board": board,
        "view": board.view,
        "chase": chase[asked.after : asked.after + CHASED_AT_ONCE],
        "chase_more": link("/sesr/board", after=asked.after + CHASED_AT_ONCE)
        if len(chase) > asked.after + CHASED_AT_ONCE
        else None,
        "chase_less": link("/sesr/board", after=max(0, asked.after - CHASED_AT_ONCE)) if asked.after else None,
        "grouping": GROUPINGS[asked.by],
        "groupings": [
            {"href": link("/sesr/board", by=key), "label": label, "current": key == asked.by}
            for key, label in GROUPINGS.items()
        ],
        "states": STATES,
        "link": link,
        **WORDS,
    }


@router.get("/board")
def board(request: Request, session: Db, who: Seen, wanted: Query_) -> Response:
    incident = _incident(session, wanted)
    if incident is None:
        return page(request, "no_board.html")
    scope = scope_of(who)
    asked, read = _board(session, scope, wanted, incident)
    told = rows.told(session, scope, asked, wanted.as_of(asked.day))
    slots = timeline(told, timedelta(minutes=30), read.at)
    regions, levels = schools.choices(session)
    return page(
        request,
        "board.html",
        **_context(wanted, asked, incident, read),
        slots=slots,
        chart=chart_lines([slot.present for slot in slots], width=640, height=120, high=_highest(slots)),
        at=wanted.at,
        wall=wanted.wall,
        all_incidents=incidents.incidents(session),
        regions=regions,
        levels=levels,
    )


def _highest(slots: list[Any]) -> int:
    return max((slot.present for slot in slots), default=0) or 1


@router.get("/board/live")
def board_live(request: Request, session: Db, who: Seen, wanted: Query_) -> Response:
    """The live part alone, for browsers whose stream does not come through."""
    incident = _incident(session, wanted)
    if incident is None:
        raise NotFound("There is no incident.")
    asked, read = _board(session, scope_of(who), wanted, incident)
    return page(request, "_board.html", **_context(wanted, asked, incident, read))


@router.get("/board/stream")
async def board_stream(
    request: Request, who: Seen, wanted: Query_, last_event_id: Annotated[str, Header()] = ""
) -> Response:
    """Server-sent events: `changes` (a list of reports) and, without a name, the live part of the board."""
    scope, token = scope_of(who), session_token(request)
    after = whole(last_event_id)
    key = (scope, wanted.incident, wanted.day, tuple(wanted.filters.values()), wanted.by, wanted.after)
    messages = follow(key, _maker(scope, wanted), after, _may_go_on(token, scope))
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(messages, media_type="text/event-stream", headers=headers)


def _maker(scope: Scope, wanted: Wanted) -> Callable[[int | None], Chunk]:
    def make(after: int | None) -> Chunk:
        with transaction("sesr") as session:
            incident = _incident(session, wanted)
            if incident is None:
                return Chunk(0, 0, [], "")
            asked, read = _board(session, scope, wanted, incident)
            start = read.place if after is None else after
            changes = [change_fields(row) for row in rows.changes_after(session, scope, asked, start)]
        html = environment("sesr").get_template("_board.html").render(_context(wanted, asked, incident, read))
        return Chunk(start, read.place, changes, html)

    return make


def _may_go_on(token: str | None, scope: Scope) -> Callable[[], bool]:
    """Whether whoever opened the stream is still signed in, with the same schools; an open board keeps its session alive."""

    def may_go_on() -> bool:
        if token is None:
            return True
        with transaction("sesr") as session:
            who = who_is(session, token, timedelta(minutes=settings().session_idle_minutes))
        return who is not None and may(who.role, "sesr.board") and scope_of(who) == scope

    return may_go_on


def change_fields(row: Any) -> dict[str, object]:
    """A change of the feed for programs."""
    names = "place report_id number school_key name region counted_at received_at supersedes counts flags"
    return {name: getattr(row, name) for name in names.split()}


@router.get("/board.xlsx")
def board_xlsx(session: Db, who: Seen, wanted: Query_) -> Response:
    incident, asked, read = _for_export(session, who, wanted)
    title = f"{incident.name}{' (drill)' if incident.drill else ''}, {asked.day}"
    content = board_workbook(read.view, title, instant_words(read.at), district_zone())
    return _download(content, XLSX_TYPE, f"strike-board-{asked.day}.xlsx")


@router.get("/board.csv")
def board_text(session: Db, who: Seen, wanted: Query_) -> Response:
    _, asked, read = _for_export(session, who, wanted)
    return _download(board_csv(read.view, district_zone()).encode(), CSV_TYPE, f"strike-board-{asked.day}.csv")


def _for_export(session: Session, who: Who, wanted: Wanted) -> tuple[Incident, Asked, Board]:
    incident = _incident(session, wanted)
    if incident is None:
        raise NotFound("There is no incident yet, so there is no board to download.")
    return incident, *_board(session, scope_of(who), wanted, incident)


def _download(content: bytes, kind: str, name: str) -> Response:
    return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})
