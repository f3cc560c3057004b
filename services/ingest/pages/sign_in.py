"""Signing in by the district's single sign-on (in a demonstration by choosing who to be), and signing out."""

from datetime import timedelta
from functools import lru_cache
from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from shared.access import Who, audit, end_session, people_of, start_session
from shared.access.links import LOGIN_LASTS, Login, person_for, start_login, take_login
from shared.access.oidc import Identity, Provider, ProviderRefused
from shared.access.policy import REPORTERS, ROLES
from shared.access.sessions import REPORTING_AT_MOST
from shared.db import transaction
from shared.errors import NotAllowed, NotFound, Refused
from shared.ops.metrics import SIGN_INS_FAILED
from shared.settings import settings
from shared.web import Db, allow, page, public, redirect
from shared.web.limits import limit
from shared.web.pages import local_path
from shared.web.requests import READ, cookie_name, session_token

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()


class SignInFailed(Refused):
    """The provider did not vouch for anybody; the reason is in the log."""

    status, code = 403, "sign_in_failed"


class NoProvider(Refused):
    """The district's single sign-on does not answer, or none is set."""

    status, code = 503, "no_provider"


@lru_cache
def provider() -> Provider:
    """The district's single sign-on as this process knows it."""
    return Provider(settings())


def login_cookie() -> str:
    return "__Host-login" if settings().secure_cookies else "login"


@router.api_route("/sign-in", methods=READ)
def sign_in(
    request: Request, session: Db, who: Annotated[Who | None, public], next: str = "/", out: bool = False
) -> Response:
    people = demo_people(session) if settings().demo_sign_in else []
    single = bool(settings().oidc_issuer)
    return page(request, "sign_in.html", people=people, next=local_path(next), single=single, out=out)


@router.get("/sign-in/start", dependencies=[public])
def start(request: Request, next: str = "/") -> Response:
    """To the provider, remembering in a cookie and in our table who was sent there."""
    _limit_address()
    if not settings().oidc_issuer:
        raise NoProvider("No single sign-on is set up here. Ask operations to set SES_OIDC_ISSUER.")
    with transaction("ingest") as session:
        login = start_login(session, request.cookies.get(login_cookie()), local_path(next))
    try:
        address = provider().address(login.state, login.nonce, login.verifier)
    except ProviderRefused as error:
        raise _not_answering(error) from error
    return _with_login(redirect(address), login)


@router.get("/sign-in/callback", dependencies=[public])
def callback(request: Request, state: str = "", code: str = "", error: str = "", iss: str | None = None) -> Response:
    """Back from the provider. Each sign-in can come back once, to the browser that started it."""
    _limit_address()
    with transaction("ingest") as session:
        started = take_login(session, state, request.cookies.get(login_cookie(), ""))
    if started is None:
        raise _failed("unknown state", "This sign-in is no longer valid. Start again from the sign-in page.")
    if error or not code or iss not in (None, settings().oidc_issuer):
        raise _failed(f"provider says {error[:80]!r}", "You were not signed in. Start again from the sign-in page.")
    try:
        identity = provider().identity(code, started.verifier, started.nonce)
    except ProviderRefused as refused:
        sentence = "The single sign-on did not confirm who you are. Start again from the sign-in page."
        raise _failed(str(refused), sentence) from refused
    return _enter(identity, started.next)


def _enter(identity: Identity, path: str) -> Response:
    limit("sign-in", f"{identity.issuer} {identity.subject}")
    try:
        with transaction("ingest") as session:
            person_id, roles = person_for(session, identity)
            return signed_in(session, person_id, roles[0], path)
    except Refused as refused:
        _note_refusal(f"{refused.code}: {identity.subject}")
        raise


@router.post("/sign-in/demo", dependencies=[public])
def sign_in_demo(
    session: Db,
    person_id: Annotated[str, Form()],
    role: Annotated[str, Form()],
    next: Annotated[str, Form()] = "/",
) -> Response:
    if not settings().demo_sign_in:
        raise NotFound("There is nothing at this address. Check it, or start from the home page.")
    _limit_address()
    limit("sign-in", person_id)
    held = [row for row in people_of(session, [role], limit=100_000) if row.person_id == person_id]
    if not held or person_id.startswith("service:"):  # a program has tokens, and no session that would outlive them
        raise NotAllowed("This person does not hold that role.")
    return signed_in(session, person_id, role, local_path(next))


@router.post("/sign-out")
def sign_out(request: Request, session: Db, who: Annotated[Who, allow("session.end")]) -> Response:
    token = session_token(request)
    if token is not None:
        end_session(session, token)
    audit(session, who.actor, "sign-out", who.person_id)
    response = redirect("/sign-in?out=1")
    response.delete_cookie(cookie_name(), path="/", secure=settings().secure_cookies, httponly=True, samesite="lax")
    return response


@router.get("/sign-out/everywhere", dependencies=[public])
def sign_out_everywhere() -> Response:
    """On to the provider's own sign-out, which a form may not be sent to from here."""
    try:
        address = provider().sign_out_address() if settings().oidc_issuer else None
    except ProviderRefused as error:
        raise _not_answering(error) from error
    return redirect(address or "/sign-in?out=1")


def demo_people(session: Db) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """A few people of each role for the demo sign-in: (role, [(person id, name, e-mail)])."""
    found = []
    for role in ROLES:
        people = [(row.person_id, row.name, row.email) for row in people_of(session, [role], limit=3)]
        found.append((role, [person for person in people if not person[0].startswith("service:")]))
    return [(role, people) for role, people in found if people]


def signed_in(session: Db, person_id: str, role: str, path: str) -> Response:
    """To `path`, in a new session: its cookie is the browser's alone, and the id is never one from before."""
    lasts = timedelta(hours=settings().session_absolute_hours)
    token = start_session(session, person_id, role, lasts)
    audit(session, f"{person_id} as {role}", "sign-in", person_id)
    response = redirect(path)
    _keep_cookie(response, cookie_name(), token, max(lasts, REPORTING_AT_MOST) if role in REPORTERS else lasts)
    return response


def _with_login(response: Response, login: Login) -> Response:
    _keep_cookie(response, login_cookie(), login.browser, LOGIN_LASTS)
    return response


def _keep_cookie(response: Response, name: str, value: str, lasts: timedelta) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(lasts.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=settings().secure_cookies,
        path="/",
    )


def _limit_address() -> None:
    limit("address", str(structlog.contextvars.get_contextvars().get("address", "")))


def _failed(reason: str, sentence: str) -> SignInFailed:
    """A sign-in that nobody vouched for: anybody can make these, so they are logged and counted, and write no row."""
    log.warning("sign-in failed", reason=reason[:300])
    SIGN_INS_FAILED.inc()
    return SignInFailed(sentence)


def _note_refusal(reason: str) -> None:
    """Writes down that an account, which the provider vouched for, was not let in."""
    log.warning("sign-in refused", reason=reason)
    with transaction("ingest") as session:
        audit(session, "nobody", "sign-in refused", "sign-in", {"reason": reason[:300]})


def _not_answering(error: ProviderRefused) -> NoProvider:
    log.error("the single sign-on does not answer", reason=str(error))
    return NoProvider("The single sign-on does not answer right now. Try again in a minute.")
