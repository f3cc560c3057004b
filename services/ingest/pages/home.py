"""Home and going on in another role."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from services.ingest.pages.sign_in import signed_in
from shared.access import Who, end_session
from shared.access.policy import may
from shared.errors import NotAllowed
from shared.names import spoken_name
from shared.web import Db, allow, page, public, redirect
from shared.web.pages import local_path
from shared.web.parts import HOME_PARTS
from shared.web.requests import session_token

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(request: Request, session: Db, who: Annotated[Who | None, public]) -> Response:
    if who is None:
        return redirect("/sign-in")
    parts = [part for part in HOME_PARTS[who.role] if may(who.role, part.permission)]
    return page(request, "home.html", spoken=spoken_name(who.name), parts=parts)


@router.post("/role")
def switch_role(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("session.own")],
    role: Annotated[str, Form()],
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Goes on in another role that the person holds, in a new session."""
    token = session_token(request)
    if role not in who.roles or token is None:
        raise NotAllowed("You do not hold that role.")
    end_session(session, token)
    return signed_in(session, who.person_id, role, local_path(next))
