"""The banner that every page shows to those who report for a school, while an incident is open."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.sesr.pages.status_cards import banner_cards
from services.sesr.rules.keys import person_key
from shared.access import Who
from shared.web import Db, allow, page

router = APIRouter(prefix="/sesr", include_in_schema=False)


@router.get("/banner")
def banner(request: Request, session: Db, who: Annotated[Who, allow("sesr.report")]) -> Response:
    """The next report of each own site with one tap to its form, and a place for what waits on the device."""
    return page(request, "_banner.html", cards=banner_cards(session, who), person=person_key(who.person_id))
