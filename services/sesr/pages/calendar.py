"""A person's calendar: the page with its address, and the file that calendar programs read at it."""

import hashlib
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from services.sesr.actions import calendar as actions
from services.sesr.queries import calendar as queries
from services.sesr.rules.calendar import PAST, FeedSite, read_address, report_events, sign_address, survey_events
from services.sesr.rules.keys import BadKey
from shared.access import Who, scope_of
from shared.access.people import holder_of
from shared.access.policy import may
from shared.errors import NotFound
from shared.files.ics_writing import CALENDAR_TYPE, calendar_file
from shared.settings import settings
from shared.web import Db, allow, page, redirect
from shared.web.clock import district_zone, today
from shared.web.limits import limit
from shared.web.requests import READ, own_key

router = APIRouter(prefix="/sesr", include_in_schema=False)
HERE = "/sesr/calendar"
NAME = "School Experience Survey"
ENDED = "This calendar is not there any more. Sign in, open Calendar, and subscribe to the address that it shows."
Own = Annotated[Who, allow("calendar.own")]


def _secret() -> bytes:
    return settings().link_key.get_secret_value().encode()


@router.get("/calendar")
def calendar(request: Request, session: Db, who: Own) -> Response:
    own = queries.own_address(session, who)
    shown = None if own is None else f"{settings().public_url}{HERE}/{sign_address(_secret(), own.address_id)}.ics"
    return page(
        request,
        "calendar.html",
        address=shown,
        subscribe=None if shown is None else f"webcal:{shown.partition(':')[2]}",
        read_at=None if own is None or own.read_at == own.made_at else own.read_at,
    )


@router.post("/calendar")
def post_address(session: Db, who: Own) -> Response:
    actions.make_address(session, who)
    return redirect(HERE)


@router.post("/calendar/remove")
def post_no_address(session: Db, who: Own) -> Response:
    actions.remove_address(session, who)
    return redirect(HERE)


@router.api_route("/calendar/{token}.ics", methods=READ, dependencies=[own_key])
def calendar_feed(request: Request, session: Db, token: str) -> Response:
    """What the person of the address may see now, in the role in which they made it; 304 where nothing has changed."""
    try:
        address_id = read_address(_secret(), token)
    except BadKey:
        raise NotFound(ENDED) from None
    limit("calendar", address_id)
    address = queries.address(session, address_id)
    who = None if address is None else holder_of(session, address.person_id, address.role)
    if address is None or who is None:
        raise NotFound(ENDED)
    actions.note_read(session, address)
    content = _content(session, who)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=CALENDAR_TYPE, headers=headers)


def _content(session: Session, who: Who) -> bytes:
    public_url = settings().public_url
    site, zone = FeedSite(public_url, urlsplit(public_url).hostname or "localhost"), district_zone()
    sees_incidents = may(who.role, "sesr.see")
    found = queries.feed_incidents(session, scope_of(who), today() - PAST) if sees_incidents else []
    events = survey_events(queries.feed_entries(session), site)
    for incident in found:
        events += report_events(incident, datetime.now(UTC), zone, site)
    return calendar_file(NAME, events, zone)
