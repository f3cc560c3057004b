"""The operator's desk: the state of the five services on one page, each from its own schema."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from shared.access import Who
from shared.settings import SERVICES, settings
from shared.web import allow, page

router = APIRouter(include_in_schema=False)


@router.get("/ops")
def ops(request: Request, who: Annotated[Who, allow("ops.see")]) -> Response:
    return page(request, "ops.html", services=SERVICES, flower_port=settings().flower_port)


@router.get("/ops/flower-auth", status_code=204, dependencies=[allow("ops.see")])
def flower_auth() -> Response:
    """Answers the proxy's question whether the browser may see Flower."""
    return Response(status_code=204)
