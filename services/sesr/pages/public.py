"""The page of public figures, which needs no sign-in, and its release by the central office."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from services.sesr.actions.releasing import release_figures, withdraw_figures
from services.sesr.pages.words import WORDS
from services.sesr.queries import incidents
from services.sesr.queries.board import BoardFilter
from services.sesr.queries.boards import read_board
from services.sesr.queries.releases import current_release
from services.sesr.rules.release import FEWEST_SCHOOLS, public_figures
from services.sesr.tables import Incident
from shared.access import Who, scope_of
from shared.errors import Invalid
from shared.web import Db, allow, back, done, page
from shared.web.clock import Moment, district_zone, today
from shared.web.requests import public as anybody

router = APIRouter(prefix="/sesr", include_in_schema=False)
Releasing = Annotated[Who, allow("sesr.incidents")]


@router.get("/public", dependencies=[anybody])
def public(request: Request, session: Db) -> Response:
    """The figures that the central office released last; nothing else of a strike."""
    return page(request, "public.html", release=current_release(session), fewest=FEWEST_SCHOOLS, **WORDS)


def _figures(
    session: Session, who: Who, incident: Incident, as_of: datetime | None
) -> tuple[BoardFilter, datetime, dict[str, Any]]:
    now = datetime.now(UTC)
    if as_of is not None and as_of > now:
        raise Invalid("That moment is still to come. Open the page again, look at the figures and release them.")
    at = as_of or now
    day = min(max(at.astimezone(district_zone()).date(), incident.first_day), incident.last_day)
    shown = BoardFilter(incident.incident_id, day)
    read = read_board(session, scope_of(who), shown, incident, now, district_zone(), at)
    return shown, at, public_figures(read.view.total, read.view.groups)


@router.get("/release")
def release(request: Request, session: Db, who: Releasing, incident: UUID | None = None) -> Response:
    """What would be public, to look at before it is; and what is public now."""
    shown = incidents.known_incident(session, incident) if incident else incidents.current_incident(session, today())
    if shown is None:
        return page(request, "no_board.html")
    board, at, figures = _figures(session, who, shown, None)
    context: dict[str, Any] = {
        "incident": shown,
        "day": board.day,
        "at": at,
        "figures": figures,
        "release": current_release(session),
    }
    return page(request, "release.html", fewest=FEWEST_SCHOOLS, **context, **WORDS)


@router.post("/release")
def release_now(
    request: Request,
    session: Db,
    who: Releasing,
    incident_id: Annotated[UUID, Form()],
    as_of: Annotated[Moment, Form()],
) -> Response:
    """Releases the figures of the moment that was looked at."""
    incident = incidents.known_incident(session, incident_id)
    former = _release_fields(session)
    board, at, figures = _figures(session, who, incident, as_of)
    release_figures(session, who, incident, board.day, at, figures)
    undo = back("/sesr/release", former) if former else back("/sesr/release/withdraw")
    return done(request, "/sesr/public", "These figures are public now.", undo)


@router.post("/release/withdraw")
def withdraw(request: Request, session: Db, who: Releasing) -> Response:
    former = _release_fields(session)
    withdraw_figures(session, who)
    undo = back("/sesr/release", former) if former else None
    return done(request, "/sesr/release", "No figures are public now.", undo)


def _release_fields(session: Db) -> list[tuple[str, str]]:
    """The fields of the form that releases what is public now; none where nothing is."""
    now = current_release(session)
    return [] if now is None else [("incident_id", str(now.incident_id)), ("as_of", now.as_of.isoformat())]
