"""The page on which the central office confirms or refuses the tokens and roles that operations give to others."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from shared.access import Who, audit
from shared.access.confirmations import decide_token, requested_roles, take_request, waiting_tokens
from shared.access.people import grant
from shared.access.policy import UNBOUNDED
from shared.errors import Conflict, NotFound
from shared.web import Db, allow, page, redirect

router = APIRouter(prefix="/access/waiting", include_in_schema=False)
Confirm = Annotated[Who, allow("access.confirm")]
Decision = Annotated[Literal["confirm", "refuse"], Form()]
HERE = "/access/waiting"
NOT_WAITING = "This does not wait any more: it was decided or withdrawn. Reload the page."
OWN = "You gave this yourself. Another person of the central office has to confirm it."


@router.get("")
def waiting(request: Request, session: Db, who: Confirm) -> Response:
    return page(
        request,
        "waiting.html",
        tokens=waiting_tokens(session),
        roles=requested_roles(session),
        unbounded=UNBOUNDED,
        me=who.person_id,
    )


@router.post("/tokens")
def decide_on_token(
    session: Db, who: Confirm, id: Annotated[str, Form(pattern="^[0-9a-f]{64}$")], decision: Decision
) -> Response:
    token = decide_token(session, id, who.person_id, confirms=decision == "confirm")
    if token is None:
        raise NotFound(NOT_WAITING)
    _check_second(who, token.maker_id, decision)
    done = "token confirmed" if decision == "confirm" else "token refused"
    audit(session, who.actor, done, token.label, {"role": token.role, "made by": token.created_by})
    return redirect(HERE)


@router.post("/roles")
def decide_on_role(session: Db, who: Confirm, id: Annotated[UUID, Form()], decision: Decision) -> Response:
    row = take_request(session, str(id))
    if row is None:
        raise NotFound(NOT_WAITING)
    _check_second(who, row.maker_id, decision)
    if decision == "confirm":
        grant(session, row.person_id, row.role, row.scope, "operations")
    done = "role confirmed" if decision == "confirm" else "role refused"
    audit(session, who.actor, done, row.person_id, {"role": row.role, "scope": row.scope, "given by": row.maker_id})
    return redirect(HERE)


def _check_second(who: Who, maker_id: str | None, decision: str) -> None:
    """Conflict, which takes the decision back, where one person would be both."""
    if decision == "confirm" and maker_id == who.person_id:
        raise Conflict(OWN)
