"""What surrounds every request: an id in logs and answer, time and count, and the security headers."""

import re
import time
import uuid
from functools import lru_cache
from http import HTTPMethod

import structlog
from prometheus_client import Counter
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.ops.metrics import REQUESTS, SECONDS
from shared.settings import settings
from shared.web.addresses import address_of
from shared.web.errors import on_failure, on_http

log = structlog.get_logger()
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none';"
    " object-src 'none'; frame-ancestors 'none'"
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
# Of two that differ, two readers may each take another: a limit is asked of one, and the other one is read.
ONCE = ("Content-Type", "Content-Length", "Authorization", "Host", "X-Request-Id", "X-CSRF-Token")
_METHODS = frozenset(HTTPMethod)
# Bytes of an address, its query included; the longest filter of ours has a tenth of that.
LONGEST_ADDRESS = 16 * 1024
_QUIET = ("/healthz", "/readyz", "/metrics", "/static/")


def security_headers() -> dict[str, str]:
    """The headers of every answer; Strict-Transport-Security where the public address has TLS."""
    headers = {
        "content-security-policy": CSP,
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    if settings().secure_cookies:
        headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    return headers


@lru_cache(maxsize=1000)
def _requests(service: str, method: str, status: int) -> Counter:
    return REQUESTS.labels(service, method, str(status))


class Surroundings:
    """ASGI middleware for one service; pure ASGI, so that streams pass through unbuffered."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self.app = app
        self.service = service
        self.headers = security_headers()
        self.seconds = SECONDS.labels(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = self._request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(MutableHeaders(scope=message), request_id)
            await send(message)

        known = {"request_id": request_id, "service": self.service, "address": address_of(scope)}
        with structlog.contextvars.bound_contextvars(**known):
            try:
                refusal = _refusal(scope)
                if refusal is not None:
                    await on_http(Request(scope), refusal)(scope, receive, answer)
                    return
                await self._call(scope, receive, answer)
            finally:
                self._count(scope, status, time.perf_counter() - started)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tells a failure here, inside, so that its answer has the headers too; the server learns of it as well."""
        started = False

        async def note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, note)
        except Exception as error:
            if not started:
                await on_failure(Request(scope), error)(scope, receive, send)
            raise

    def _add_headers(self, headers: MutableHeaders, request_id: str) -> None:
        headers["x-request-id"] = request_id
        if headers.get("location", "").startswith("http://") and settings().secure_cookies:
            # The framework's own redirects name the scheme of the connection behind the proxy.
            headers["location"] = headers["location"].replace("http://", "https://", 1)
        headers.setdefault("cache-control", "no-store")
        for name, value in self.headers.items():
            headers.setdefault(name, value)

    @staticmethod
    def _request_id(scope: Scope) -> str:
        given = Headers(scope=scope).get("x-request-id", "")
        return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        method = _method(scope)
        _requests(self.service, method, status).inc()
        self.seconds.observe(seconds)
        if not any(part in scope["path"] for part in _QUIET):
            log.info("request", method=method, path=_route(scope), status=status, ms=round(seconds * 1000, 1))


def _refusal(scope: Scope) -> HTTPException | None:
    """Why a request is not handed on: an address that is too long (414), a header of ONCE that is given twice (400)."""
    if len(scope["path"]) + len(scope["query_string"]) > LONGEST_ADDRESS:
        return HTTPException(414)
    names = [name.lower() for name, _ in scope["headers"]]
    twice = next((name for name in ONCE if names.count(name.lower().encode()) > 1), None)
    return (
        None if twice is None else HTTPException(400, f"The request has more than one {twice} header. Send only one.")
    )


def _method(scope: Scope) -> str:
    """The request's method, or "other" for one that HTTP does not have: a made-up one would be a metric forever."""
    method: str = scope["method"]
    return method if method in _METHODS else "other"


def _route(scope: Scope) -> str:
    """The route that a request took, without what was filled in: tokens and e-mail addresses are in paths."""
    return str(getattr(scope.get("route"), "path", "no such page"))
