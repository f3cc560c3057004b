"""The API of survey windows."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.ingest.actions.windows import drop_window, keep_window
from services.ingest.queries import windows as window_queries
from shared.access import Who
from shared.web import Db, allow

router = APIRouter(prefix="/ingest/api/v1/windows", tags=["survey windows"])


class WindowDays(BaseModel):
    """The first and the last day of a survey window."""

    opens: date
    closes: date


class WindowOut(WindowDays):
    """A term with its survey window."""

    term: str


@router.get("")
def get_windows(session: Db, _: Annotated[Who, allow("uploads.see")]) -> list[WindowOut]:
    """The survey windows, newest first."""
    return [WindowOut(**window.model_dump()) for window in window_queries.survey_windows(session)]


@router.put("/{term}")
def put_window(session: Db, who: Annotated[Who, allow("windows.write")], term: str, days: WindowDays) -> WindowOut:
    """Adds or changes the survey window of a term such as `Sp26`."""
    return WindowOut(**keep_window(session, term, days.opens, days.closes, who.actor).model_dump())


@router.delete("/{term}", status_code=204)
def delete_window(session: Db, who: Annotated[Who, allow("windows.write")], term: str) -> Response:
    """Removes the survey window of a term."""
    drop_window(session, term, who.actor)
    return Response(status_code=204)
