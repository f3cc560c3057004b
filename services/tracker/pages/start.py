"""The start page of tracker."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.tracker.queries import schools
from shared.access import Who
from shared.web import Db, allow, page

router = APIRouter(prefix="/tracker", include_in_schema=False)


@router.get("/")
def start(request: Request, session: Db, who: Annotated[Who, allow("tracker.see")]) -> Response:
    return page(request, "start.html", schools=schools.school_count(session))
