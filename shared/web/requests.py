"""What a route can ask for: the database session, who is asking, and that they may."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated, Any
from weakref import WeakKeyDictionary

from fastapi import Depends, Request
from fastapi.concurrency import contextmanager_in_threadpool
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from shared.access import Credential, SessionLimits, Who, csrf_of, who_is
from shared.access.policy import PERMISSIONS, PERSONAL, REPORTING, may
from shared.db import transaction
from shared.errors import NotAllowed, NotSignedIn
from shared.settings import settings
from shared.web.limits import limit_permission

ROOM_SECONDS = 10.0
# Parts of pages that ask for themselves again and again, which is not a sign of a person at work.
REFRESHES = ("/ops/state", "/sesr/banner", "/board/live", "/board/stream")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# For what monitors, mail scanners and link previews look at: they ask for the head alone.
READ = ["GET", "HEAD"]
# Fields that a form carries along and nobody fills in.
NOT_TYPED = re.compile(r"csrf|query|id|\b\w{1,60}_(id|key)")


# Taken on the event loop: a thread that waited for a connection would be missing to the request that holds one.
_rooms: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]] = WeakKeyDictionary()


@asynccontextmanager
async def _room(service: str) -> AsyncIterator[None]:
    """One of the service's connections for the block; PoolTimeout, which is answered as 503, after ROOM_SECONDS."""
    of_loop = _rooms.setdefault(asyncio.get_running_loop(), {})
    room = of_loop.setdefault(service, asyncio.Semaphore(settings().pool_size))
    try:
        async with asyncio.timeout(ROOM_SECONDS):
            await room.acquire()
    except TimeoutError:
        raise PoolTimeout("more requests than the database's connections can serve") from None
    try:
        yield
    finally:
        room.release()


async def _session(request: Request) -> AsyncIterator[Session]:
    service = request.app.state.service
    async with _room(service), contextmanager_in_threadpool(transaction(service)) as session:
        yield session


# Scope "function": the commit comes before the answer leaves, so that a failed commit is never answered with 201.
Db = Annotated[Session, Depends(_session, scope="function")]


def cookie_name() -> str:
    return "__Host-sid" if settings().secure_cookies else "sid"


def session_token(request: Request) -> str | None:
    """The session token of the browser's cookie."""
    return request.cookies.get(cookie_name())


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token else None


async def _form_token(request: Request) -> str:
    """The form token that came with the request, in the header (script) or as the field `csrf` (form).

    Notes on the request what was typed into a form, so that a refusal can show it (shared/web/errors.py).
    """
    header = request.headers.get("x-csrf-token")
    if header:
        return header
    kind = request.headers.get("content-type", "")
    if kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        form = await request.form()
        request.state.typed = [
            (name, value)
            for name, value in form.multi_items()
            if not NOT_TYPED.fullmatch(name) and isinstance(value, str) and value.strip()
        ]
        return str(form.get("csrf", ""))
    return ""


def _is_same_origin(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host")


_WITH_OWN_KEY: set[Callable[..., Any]] = set()


async def _guard_writes(request: Request) -> None:
    """Refuses a write that another site could have caused: wrong origin, or a cookie without the form token."""
    if request.method in SAFE_METHODS or _bearer(request):
        return
    if not _is_same_origin(request):
        raise NotAllowed("This form was sent from another site. Open the page here and try again.", code="wrong_origin")
    if request.scope.get("endpoint") in _WITH_OWN_KEY:
        return
    given, token = await _form_token(request), session_token(request)
    if token is not None and given != csrf_of(token):
        raise NotAllowed("This form is no longer valid. Reload the page and send it again.", code="form_expired")


def current_who(request: Request, session: Db) -> Who | None:
    """Who is asking; None for an anonymous request. Raises NotSignedIn for a token that is not valid (any more)."""
    credential = credential_of(request)
    if credential is None:
        return None
    touch = not request.url.path.endswith(REFRESHES)
    return accepted(request, credential, who_is(session, credential, session_limits(), touch=touch))


def session_limits() -> SessionLimits:
    """How long sessions last by the settings."""
    current = settings()
    return SessionLimits(timedelta(minutes=current.session_idle_minutes), timedelta(hours=current.strike_session_hours))


def credential_of(request: Request) -> Credential | None:
    """What a request carries, looked up only among its own kind; None of an anonymous one, NotAllowed for one of each."""
    bearer, session = _bearer(request), session_token(request)
    if bearer is not None and session is not None:
        raise NotAllowed("Send either a bearer token or the cookie of a session, not both.", code="two_credentials")
    if bearer is not None:
        return Credential("token", bearer)
    return Credential("session", session) if session else None


def accepted(request: Request, credential: Credential, who: Who | None) -> Who | None:
    """Notes on the request who was found for what it carries; raises NotSignedIn for a bearer token of nobody."""
    if who is None and credential.kind == "token":
        raise NotSignedIn(
            "The bearer token is unknown, not confirmed yet, revoked or expired. Ask operations for a new one."
        )
    request.state.who = who
    return who


class OwnKey:
    """Marks a route that is called with a key of its own: no cookie and no bearer token is looked at."""

    name = "own key"

    def __call__(self) -> None:
        return None


def has_own_key(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Marks the function of such a route, so that a cookie beside its key asks for no form token."""
    _WITH_OWN_KEY.add(endpoint)
    return endpoint


class Permission:
    """The permission that a route needs; answers who asks, or refuses."""

    def __init__(self, name: str) -> None:
        if name not in PERMISSIONS:
            raise KeyError(name)
        self.name = name

    def __call__(self, request: Request, who: Annotated[Who | None, Depends(current_who, scope="function")]) -> Who:
        return self.permit(request, who)

    def permit(self, request: Request, who: Who | None) -> Who:
        """The one who asks, if they may; counts a write against its limit. Raises NotSignedIn, NotAllowed, TooMany."""
        if who is None or (who.kind == "reporting" and self.name not in REPORTING):
            request.state.who = None
            raise NotSignedIn(
                "Sign in to see this page."
                if request.method in SAFE_METHODS
                else "You are no longer signed in, so nothing was saved. Sign in, then send it again."
            )
        if not may(who.role, self.name):
            raise NotAllowed(
                f"Your role ({who.role}) may not do this. Switch to another role, or ask the support team."
            )
        if who.kind == "token" and self.name in PERSONAL:
            raise NotAllowed("A program may not do this with its token: a person who is signed in can.")
        if request.method not in SAFE_METHODS:
            limit_permission(self.name, who)
        return who


class Public:
    """Marks a route that anybody may call; answers who asks, if anyone is signed in."""

    name = "public"

    def __call__(
        self, request: Request, who: Annotated[Who | None, Depends(current_who, scope="function")]
    ) -> Who | None:
        if who is not None and who.kind == "reporting":
            who = request.state.who = None
        return who


def allow(permission: str) -> Any:
    """The dependency of a route that needs a permission: `who: Annotated[Who, allow("rates.see")]`."""
    return Depends(Permission(permission), scope="function")


public = Depends(Public(), scope="function")
own_key = Depends(OwnKey(), scope="function")
write_guard = Depends(_guard_writes)
