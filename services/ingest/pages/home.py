"""Home and signing in and out."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from shared.access import Who, audit, end_session, people_of, start_session
from shared.errors import NotAllowed, NotFound
from shared.policy import ROLES
from shared.settings import settings
from shared.web import Db, allow, page, public, redirect
from shared.web.limits import limit
from shared.web.pages import local_path
from shared.web.requests import cookie_name, session_token

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(request: Request, session: Db, who: Annotated[Who | None, public]) -> Response:
    if who is None:
        return redirect("/sign-in")
    return page(request, "home.html")


@router.get("/sign-in")
def sign_in(request: Request, session: Db, who: Annotated[Who | None, public], next: str = "/") -> Response:
    people = demo_people(session) if not settings().production else []
    return page(request, "sign_in.html", people=people, next=local_path(next))


def demo_people(session: Db) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """A few people of each role for the demo sign-in: (role, [(person id, name, e-mail)])."""
    found = []
    for role in ROLES:
        people = [(row.person_id, row.name, row.email) for row in people_of(session, [role], limit=3)]
        found.append((role, [person for person in people if not person[0].startswith("service:")]))
    return [(role, people) for role, people in found if people]


@router.post("/sign-in/demo", dependencies=[public])
def sign_in_demo(
    session: Db,
    request: Request,
    person_id: Annotated[str, Form()],
    role: Annotated[str, Form()],
    next: Annotated[str, Form()] = "/",
) -> Response:
    if settings().production:
        raise NotFound("There is nothing at this address. Check it, or start from the home page.")
    limit("address", str(structlog.contextvars.get_contextvars().get("address", "")))
    limit("sign-in", person_id)
    held = [row for row in people_of(session, [role], limit=100_000) if row.person_id == person_id]
    if not held:
        raise NotAllowed("This person does not hold that role.")
    return _signed_in(session, person_id, role, local_path(next))


def _signed_in(session: Db, person_id: str, role: str, path: str) -> Response:
    lasts = timedelta(hours=settings().session_absolute_hours)
    token = start_session(session, person_id, role, lasts)
    audit(session, f"{person_id} as {role}", "sign-in", person_id)
    response = redirect(path)
    response.set_cookie(
        cookie_name(),
        token,
        max_age=int(lasts.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=settings().secure_cookies,
        path="/",
    )
    return response


@router.post("/sign-out")
def sign_out(request: Request, session: Db, who: Annotated[Who, allow("home.see")]) -> Response:
    token = session_token(request)
    if token is not None:
        end_session(session, token)
    audit(session, who.actor, "sign-out", who.person_id)
    response = redirect("/sign-in")
    response.delete_cookie(cookie_name(), path="/", secure=settings().secure_cookies, httponly=True, samesite="lax")
    return response


@router.post("/role")
def switch_role(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("home.see")],
    role: Annotated[str, Form()],
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Goes on in another role that the person holds, in a new session."""
    token = session_token(request)
    if role not in who.roles or token is None:
        raise NotAllowed(f"You do not hold the role {quote(role)}.")
    end_session(session, token)
    return _signed_in(session, who.person_id, role, local_path(next))
