"""The log of mails, and one mail as it is read."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from services.notify.actions import mails as actions
from services.notify.pages.parts import tabs_of
from services.notify.queries import lists
from shared.access import Who
from shared.errors import NotFound
from shared.web import Db, allow, page, redirect

router = APIRouter(prefix="/notify", include_in_schema=False)
PAGE = 50
# A mail carries its style inline; it is shown alone, without script, and fetches nothing.
MAIL_CSP = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@router.get("/mails")
def log(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("digests.see")],
    state: str = "",
    q: str = "",
    before: int | None = None,
) -> Response:
    rows = lists.mails(session, state or None, q or None, before, PAGE)
    older = None
    if len(rows) == PAGE:
        older = "/notify/mails?" + urlencode({"state": state, "q": q, "before": rows[-1].mail_id})
    return page(request, "mails.html", tabs=tabs_of("/notify/mails"), mails=rows, older=older, state=state, q=q)


@router.get("/mails/{mail_id}")
def mail(request: Request, session: Db, who: Annotated[Who, allow("digests.see")], mail_id: int) -> Response:
    found = lists.mail(session, mail_id)
    if found is None:
        raise NotFound("There is no mail with this number.")
    notes = lists.notes(session, mail_id)
    return page(request, "mail.html", mail=found, notes=notes, tabs=tabs_of("/notify/mails"))


@router.get("/mails/{mail_id}/page")
def mail_page(session: Db, who: Annotated[Who, allow("digests.see")], mail_id: int) -> Response:
    """The mail's HTML as a mail program shows it; its answer link leads nowhere."""
    found = lists.mail(session, mail_id)
    if found is None:
        raise NotFound("There is no mail with this number.")
    return HTMLResponse(found.html, headers={"content-security-policy": MAIL_CSP})


@router.post("/mails/{mail_id}/resend")
def resend(session: Db, who: Annotated[Who, allow("digests.write")], mail_id: int) -> Response:
    again = actions.resend(session, mail_id, who.actor)
    return redirect(f"/notify/mails/{again.mail_id}")
