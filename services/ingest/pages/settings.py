"""The pages that put together what each service offers: the settings, the two checklists; and how accessible all of it is."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from shared.access import Who
from shared.access.policy import may
from shared.web import allow, page, public
from shared.web.explained import Checklist, Wording
from shared.web.parts import CHECKLIST_PARTS, SETTINGS_PARTS, Part
from shared.web.release import release

router = APIRouter(include_in_schema=False)


@router.get("/settings")
def settings_page(request: Request, who: Annotated[Who, allow("home.see")], q: Wording = "") -> Response:
    path = "/cards/settings" + (f"?{urlencode({'q': q})}" if q else "")
    return page(request, "settings.html", parts=_of(SETTINGS_PARTS, who), path=path, q=q)


@router.get("/checklist/{which}")
def checklist(request: Request, who: Annotated[Who, allow("uploads.see")], which: Checklist) -> Response:
    return page(request, "checklist.html", parts=_of(CHECKLIST_PARTS, who), which=which)


@router.get("/accessibility", dependencies=[public])
def accessibility(request: Request) -> Response:
    return page(request, "accessibility.html", release=release())


def _of(parts: dict[str, tuple[Part, ...]], who: Who) -> list[Part]:
    return [part for part in parts.get(who.role, ()) if may(who.role, part.permission)]
