"""The start page of tracker: the schools that a person sees."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from services.tracker.queries.plan import plan_of
from services.tracker.queries.schools import schools, sees_any
from shared.access import Who
from shared.web import Db, allow, page

router = APIRouter(prefix="/tracker", include_in_schema=False)
PAGE = 50


@router.get("/")
def start(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("tracker.see")],
    q: str = "",
    after: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    plan = plan_of(session, None)
    rows = schools(session, who, q, plan.plan_id, PAGE + 1, after)
    return page(
        request,
        "start.html",
        schools=rows[:PAGE],
        sees_any=bool(rows) or sees_any(session, who),
        plan=plan,
        q=q,
        first=after + 1,
        previous=_link(q, max(0, after - PAGE)) if after else None,
        next=_link(q, after + PAGE) if len(rows) > PAGE else None,
    )


def _link(q: str, after: int) -> str:
    return "/tracker/?" + urlencode({"q": q, "after": after})
