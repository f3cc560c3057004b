"""All extractions of a group, and those that wait for what has not arrived: central staff may publish them as they are."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from services.rates.actions.extractions import publish_by_hand
from services.rates.queries.arrivals import waiting_extractions
from services.rates.queries.extractions import extractions
from services.rates.rules.arrivals import WAIT, may_publish_by_hand
from shared.access import Who
from shared.events import GROUPS, Group
from shared.web import Db, allow, page, redirect

router = APIRouter(prefix="/rates", include_in_schema=False)
PAGE = 200


@router.get("/extractions")
def all_extractions(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("rates.see")],
    group: Group = "parents",
    since: date | None = None,
    term: str = "",
) -> Response:
    """The extractions of a group, newest first, PAGE on a page."""
    found = extractions(session, group, PAGE + 1, (since, term) if since else None)
    return page(
        request,
        "extractions.html",
        group=group,
        tabs=[
            {"href": f"/rates/extractions?group={name}", "label": name.capitalize(), "current": name == group}
            for name in GROUPS
        ],
        extractions=found[:PAGE],
        older=found[PAGE] if len(found) > PAGE else None,
        breadcrumbs=[{"label": "Response rates", "href": "/rates/"}, {"label": "Extractions"}],
    )


@router.get("/waiting")
def waiting(request: Request, session: Db, who: Annotated[Who, allow("rates.set")], published: str = "") -> Response:
    """The extractions of which something has not arrived, with what that is."""
    now = datetime.now(UTC)
    return page(
        request,
        "waiting.html",
        waiting=[
            (each, may_publish_by_hand(each.since, now), each.since + WAIT) for each in waiting_extractions(session)
        ],
        published=published == "1",
        breadcrumbs=[{"label": "Response rates", "href": "/rates/"}, {"label": "Not published yet"}],
    )


@router.post("/waiting")
def post_waiting(
    session: Db,
    who: Annotated[Who, allow("rates.set")],
    term: Annotated[str, Form(max_length=20)],
    day: Annotated[date, Form()],
) -> Response:
    """Publishes what is here of an extraction."""
    publish_by_hand(session, who.actor, term, day, datetime.now(UTC))
    return redirect("/rates/waiting?published=1")
