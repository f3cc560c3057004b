"""The pages of notify: what was planned for whom, and what became of each mail."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.notify.queries import lists
from shared.access import Who
from shared.errors import NotFound
from shared.web import Db, allow, page

router = APIRouter(prefix="/notify", include_in_schema=False)


@router.get("/")
def digests(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("digests.see")],
    state: str | None = None,
    before: int | None = None,
) -> Response:
    rows = lists.digests(session, lists.Wanted(state=state, before=before))
    unroutable = lists.digests(session, lists.Wanted(state="unroutable"), 200)
    older = rows[-1].digest_id if len(rows) == 50 else None
    return page(request, "digests.html", digests=rows, unroutable=unroutable, state=state, older=older)


@router.get("/mails/{mail_id}")
def mail(request: Request, session: Db, who: Annotated[Who, allow("digests.see")], mail_id: int) -> Response:
    found = lists.mail(session, mail_id)
    if found is None:
        raise NotFound("There is no mail with this number.")
    return page(request, "mail.html", mail=found)
