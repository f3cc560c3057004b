"""Pages for operations: people with their roles and sessions, and the service tokens of programs."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from shared.access import Who, audit
from shared.access.confirmations import request_role, requested_roles, waits_for_second_person
from shared.access.people import find_people, grant, grants_of, person, set_active, take_role, unlink
from shared.access.policy import ROLES, UNBOUNDED
from shared.access.sessions import end_session_by_id, end_sessions_of, live_sessions
from shared.access.tokens import create_token, revoke_token, tokens
from shared.errors import Conflict, Invalid, NotFound
from shared.web import Db, allow, back, done, page, redirect
from shared.web.requests import session_limits

router = APIRouter(prefix="/access", include_in_schema=False)
PAGE = 50
MOST_DAYS = 366
Text = Annotated[str, Form(max_length=200)]
Id = Annotated[str, Form(pattern="^[0-9a-f]{64}$")]


def _path_of(person_id: str) -> str:
    return f"/access/people/{quote(person_id, safe='')}"


def _page_of(person_id: str) -> Response:
    return redirect(_path_of(person_id))


def _known(session: Db, person_id: str) -> str:
    if person(session, person_id) is None:
        raise NotFound("There is no such person.")
    return person_id


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


@router.get("/people")
def people(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("access.see")],
    q: Annotated[str, Query(max_length=100)] = "",
    after: Annotated[str, Query(max_length=300)] = "",
) -> Response:
    rows = find_people(session, q.replace("\0", ""), after.replace("\0", ""), PAGE + 1)
    more = rows[PAGE - 1].person_id if len(rows) > PAGE else None
    return page(request, "people.html", people=rows[:PAGE], q=q, more=more)


@router.get("/people/{person_id}")
def one_person(request: Request, session: Db, who: Annotated[Who, allow("access.see")], person_id: str) -> Response:
    found = person(session, person_id.replace("\0", ""))
    if found is None:
        raise NotFound("There is no such person.")
    return page(
        request,
        "person.html",
        person=found,
        grants=grants_of(session, person_id),
        requests=requested_roles(session, person_id),
        sessions=live_sessions(session, session_limits(), person_id, None),
        roles=ROLES,
        unbounded=UNBOUNDED,
    )


@router.post("/people/{person_id}/roles")
def give_role(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("access.write")],
    person_id: str,
    role: Text,
    scope: Text = "",
) -> Response:
    if role not in ROLES:
        raise Invalid(f"There is no such role; there are {', '.join(ROLES)}.")
    words = _words(scope)
    if not words and role not in UNBOUNDED:
        raise Invalid(f"The role {role} may open only its own schools: enter their keys, or the region of a desk.")
    waits, here = waits_for_second_person(role), _path_of(person_id)
    former = next((list(row.scope) for row in grants_of(session, person_id) if row.role == role), None)
    if waits:
        request_role(session, _known(session, person_id), role, words, who.person_id)
    else:
        grant(session, _known(session, person_id), role, words, "operations")
    audit(session, who.actor, "role given", person_id, {"role": role, "scope": words, "waits": waits})
    if waits:
        return done(request, here, f"The role {role} waits for the central office.")
    undo = back(f"{here}/roles/take", [("role", role)])
    if former is not None:
        undo = back(f"{here}/roles", [("role", role), ("scope", ", ".join(former))])
    return done(request, here, f"The role {role} was given.", undo)


@router.post("/people/{person_id}/roles/take")
def take(session: Db, who: Annotated[Who, allow("access.write")], person_id: str, role: Text) -> Response:
    if person_id == who.person_id and role == who.role:
        raise Conflict("You cannot take your own role away: another person of operations can.")
    before = [dict(row._mapping) for row in grants_of(session, _known(session, person_id)) if row.role == role]
    take_role(session, person_id, role)
    audit(session, who.actor, "role taken", person_id, {"before": before})
    return _page_of(person_id)


@router.post("/people/{person_id}/active")
def set_person_active(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("access.write")],
    person_id: str,
    active: Annotated[bool, Form()],
) -> Response:
    if person_id == who.person_id:
        raise Conflict("You cannot close your own account: another person of operations can.")
    set_active(session, _known(session, person_id), active)
    if not active:
        end_sessions_of(session, person_id)
    audit(session, who.actor, "account opened" if active else "account closed", person_id)
    here = _path_of(person_id)
    undo = back(f"{here}/active", [("active", "false" if active else "true")])
    return done(request, here, f"The account was {'opened' if active else 'closed'}.", undo)


@router.post("/people/{person_id}/unlink")
def forget_account(session: Db, who: Annotated[Who, allow("access.write")], person_id: str) -> Response:
    unlink(session, _known(session, person_id))
    ended = end_sessions_of(session, person_id)
    audit(session, who.actor, "account unlinked", person_id, {"sessions ended": ended})
    return _page_of(person_id)


@router.post("/people/{person_id}/sessions/end")
def end_all(session: Db, who: Annotated[Who, allow("access.write")], person_id: str) -> Response:
    ended = end_sessions_of(session, _known(session, person_id))
    audit(session, who.actor, "sessions ended", person_id, {"sessions ended": ended})
    return _page_of(person_id)


@router.get("/sessions")
def sessions(request: Request, session: Db, who: Annotated[Who, allow("access.see")]) -> Response:
    return page(request, "sessions.html", sessions=live_sessions(session, session_limits()))


@router.post("/sessions/end")
def end_one(session: Db, who: Annotated[Who, allow("access.write")], id: Id) -> Response:
    end_session_by_id(session, id)
    audit(session, who.actor, "session ended", id[:12])
    return redirect("/access/sessions")


@router.get("/tokens")
def token_list(request: Request, session: Db, who: Annotated[Who, allow("access.see")]) -> Response:
    return page(request, "tokens.html", tokens=tokens(session), made="", label="", waits=False)


@router.post("/tokens")
def make_token(
    request: Request,
    session: Db,
    who: Annotated[Who, allow("access.write")],
    label: Text,
    role: Text,
    days: Annotated[int, Form(ge=1, le=MOST_DAYS)],
    scope: Text = "",
) -> Response:
    """The page with the new token on it: it is shown this once, and kept only as its hash."""
    if role not in ROLES or not label.strip():
        raise Invalid(f"A token needs a label and one of the roles {', '.join(ROLES)}.")
    waits, words = waits_for_second_person(role), _words(scope)
    lasts = timedelta(days=days)
    made = create_token(session, label.strip(), role, words, lasts, who.actor, who.person_id, waits=waits)
    detail = {"role": role, "scope": words, "days": days, "waits": waits}
    audit(session, who.actor, "token made", label.strip(), detail)
    return page(request, "tokens.html", tokens=tokens(session), made=made, label=label.strip(), waits=waits)


@router.post("/tokens/revoke")
def revoke(session: Db, who: Annotated[Who, allow("access.write")], id: Id) -> Response:
    label = revoke_token(session, id)
    if label is None:
        raise NotFound("There is no valid token with this id.")
    audit(session, who.actor, "token revoked", label)
    return redirect("/access/tokens")
