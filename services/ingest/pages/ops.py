"""The operator's desk: the state of the five services on one page, each from its own schema."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from shared.access import Who
from shared.settings import SERVICES, settings
from shared.web import allow, page

router = APIRouter(include_in_schema=False)


@router.get("/ops")
def ops(
    request: Request, who: Annotated[Who, allow("ops.see")], event: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    known = _event_id(event)
    problem = "This is not an event's id: it has 32 digits and letters a to f." if event and known is None else ""
    return page(request, "ops.html", services=SERVICES, flower=settings().flower_url, event=known, problem=problem)


def _event_id(text: str) -> UUID | None:
    """The id in a text, also of a task's id `<event id>:<subscriber>`."""
    try:
        return UUID(text.strip().partition(":")[0])
    except ValueError:
        return None


@router.get("/ops/flower-auth", status_code=204, dependencies=[allow("ops.see")])
def flower_auth() -> Response:
    """Answers the proxy's question whether the browser may see Flower."""
    return Response(status_code=204)
