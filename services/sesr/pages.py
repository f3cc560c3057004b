"""The pages of sesr."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.sesr import queries
from shared.access import Who
from shared.web import Db, allow, page

router = APIRouter(prefix="/sesr", include_in_schema=False)


@router.get("/")
def start(request: Request, session: Db, who: Annotated[Who, allow("sesr.see")]) -> Response:
    return page(request, "start.html", schools=queries.school_count(session))
