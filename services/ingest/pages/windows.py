"""The page of survey windows, where central staff say which days belong to which term."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from services.ingest.actions.windows import drop_window, keep_window
from services.ingest.queries import windows as window_queries
from shared.access import Who
from shared.web import Db, allow, page, redirect

router = APIRouter(prefix="/ingest/windows", include_in_schema=False)


@router.get("")
def windows(request: Request, session: Db, who: Annotated[Who, allow("uploads.see")], term: str = "") -> Response:
    listed = window_queries.survey_windows(session)
    edited = next((window for window in listed if window.term == term), None)
    return page(request, "windows.html", windows=listed, edited=edited)


@router.post("")
def keep(
    session: Db,
    who: Annotated[Who, allow("windows.write")],
    term: Annotated[str, Form()],
    opens: Annotated[date, Form()],
    closes: Annotated[date, Form()],
) -> Response:
    keep_window(session, term.strip(), opens, closes, who.actor)
    return redirect("/ingest/windows")


@router.post("/{term}/remove")
def remove(session: Db, who: Annotated[Who, allow("windows.write")], term: str) -> Response:
    drop_window(session, term, who.actor)
    return redirect("/ingest/windows")
