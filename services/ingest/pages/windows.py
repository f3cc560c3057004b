"""The page of survey windows, where central staff say which days belong to which term."""

from datetime import date
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from services.ingest.actions.windows import drop_window, keep_window
from services.ingest.queries import windows as window_queries
from shared.access import Who
from shared.days import date_words
from shared.web import Db, allow, back, done, page

router = APIRouter(prefix="/ingest/windows", include_in_schema=False)
HERE = "/ingest/windows"


@router.get("")
def windows(request: Request, session: Db, who: Annotated[Who, allow("uploads.see")], term: str = "") -> Response:
    listed = window_queries.survey_windows(session)
    edited = next((window for window in listed if window.term == term), None)
    return page(request, "windows.html", windows=listed, edited=edited)


@router.post("")
def keep(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("windows.write")],
    term: Annotated[str, Form()],
    opens: Annotated[date, Form()],
    closes: Annotated[date, Form()],
) -> Response:
    named = term.strip()
    former = _fields_of(session, named)
    keep_window(session, named, opens, closes, who.actor)
    undo = back(HERE, former) if former else back(f"{HERE}/{quote(named, safe='')}/remove")
    return done(request, HERE, f"The window of {named} is {date_words(opens)} to {date_words(closes)}.", undo)


@router.post("/{term}/remove")
def remove(request: Request, session: Db, who: Annotated[Who, allow("windows.write")], term: str) -> Response:
    former = _fields_of(session, term)
    drop_window(session, term, who.actor)
    return done(request, HERE, f"The window of {term} was removed.", back(HERE, former))


def _fields_of(session: Db, term: str) -> list[tuple[str, object]]:
    """The fields of the form that keeps the term's window as it is now; none where there is no window."""
    found = [each for each in window_queries.survey_windows(session) if each.term == term]
    return [(name, getattr(each, name)) for each in found for name in ("term", "opens", "closes")]
