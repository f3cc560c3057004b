"""The API of notify: digests and mails."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.notify.queries import lists
from shared.access import Who
from shared.web import Db, allow

router = APIRouter(prefix="/notify/api/v1", tags=["alerts"])
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("/digests")
def get_digests(
    session: Db,
    _: Annotated[Who, allow("digests.see")],
    state: str | None = None,
    cursor: int | None = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Digests, newest first: to whom, why, and what became of the mail."""
    rows = [dict(row._mapping) for row in lists.digests(session, lists.Wanted(state=state, before=cursor), limit)]
    return {"digests": rows, "next": rows[-1]["digest_id"] if len(rows) == limit else None}


@router.get("/mails")
def get_mails(
    session: Db, _: Annotated[Who, allow("digests.see")], cursor: int | None = None, limit: Limit = 50
) -> dict[str, Any]:
    """Mails, newest first, with the mail server's answer."""
    rows = [dict(row._mapping) for row in lists.mails(session, before=cursor, limit=limit)]
    return {"mails": rows, "next": rows[-1]["mail_id"] if len(rows) == limit else None}
