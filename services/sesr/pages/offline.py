"""The form without network: its service worker, the copy of it that names nobody, the key of a report that waits."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.sesr.rules.keys import ReportKey, person_key, sign
from shared.access import Who
from shared.access.policy import may
from shared.settings import settings
from shared.web import allow
from shared.web.clock import district_zone
from shared.web.static_files import DIGEST, FILES

router = APIRouter(prefix="/sesr", include_in_schema=False)
# Only an answer with this mark is kept as the form: a gate of some network answers 200 with a page of its own.
MARK = "x-ses-form"
# The service worker asks for the copy that it keeps with this header.
SHELL = "x-ses-shell"


@lru_cache
def _worker() -> bytes:
    parts = [FILES[name] for name in ("sesr-store.js", "sesr-send.js", "sesr-sw.js")]
    return b"\n".join(parts)


@router.get("/sw.js", dependencies=[allow("sesr.see")])
def service_worker() -> Response:
    headers = {"service-worker-allowed": "/sesr/"}
    return Response(_worker(), media_type="text/javascript; charset=utf-8", headers=headers)


def marked(answer: Response) -> Response:
    """The form with our mark and the version of its look."""
    answer.headers[MARK] = DIGEST
    return answer


def is_shell(request: Request) -> bool:
    return SHELL in request.headers


def as_shell(request: Request) -> dict[str, Any]:
    """What the kept copy shows otherwise: nobody's name, no phone; the device adds its own person's."""
    return {"who": None, "nav": [], "csrf": "", "is_shell": True, "shell_person": person_context(request.state.who)}


def person_context(who: Who | None) -> dict[str, Any]:
    """Whose device this is for what it keeps: an opaque key, the right to send by, and until when it holds."""
    zone = district_zone().key
    if who is None or not may(who.role, "sesr.report"):
        return {"person": person_key(who.person_id) if who else "", "report_key": "", "until": "", "zone": zone}
    until = datetime.now(UTC) + timedelta(hours=settings().strike_session_hours)
    key = sign(settings().link_key.get_secret_value().encode(), ReportKey(who.person_id, who.role, until))
    return {"person": person_key(who.person_id), "report_key": key, "until": until.isoformat(), "zone": zone}
