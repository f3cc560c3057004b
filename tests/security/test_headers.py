"""The security headers on every answer: of every route, of refusals and of failures."""

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.testclient import TestClient

from deploy.web import APPS
from shared.access import Who
from shared.errors import Invalid
from shared.settings import SERVICES, settings
from shared.web import service_app
from shared.web.errors import answer
from shared.web.middleware import CSP, security_headers
from tests.security.asgi import Answer, ask, headers_of
from tests.security.routes import SURFACES

NO_INLINE = ("unsafe-inline", "unsafe-eval", "http:", "https:", "*")


def check(answer: Answer, where: str) -> None:
    for name, value in security_headers().items():
        assert answer.headers.get(name) == value, f"{where}: {name}"
    asked_again = ("private, no-cache",) if "etag" in answer.headers else ()
    if answer.headers.get("content-type", "").startswith("text/javascript"):
        asked_again = ("no-cache",)  # a service worker: the same for everybody, asked for again each time
    assert answer.headers["cache-control"].startswith(("no-store", "public, max-age=31536000", *asked_again)), where
    assert "server" not in answer.headers and "x-powered-by" not in answer.headers, where
    assert len(answer.headers["x-request-id"]) >= 8, where


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_every_route_answers_with_the_headers(accept: str) -> None:
    central, ops = headers_of("central", accept), headers_of("ops", accept)
    for surface in SURFACES:
        if surface.path in ("/sign-out", "/role"):
            continue
        check(ask(surface.method, surface.address, ops if str(surface.permission).startswith("ops") else central),
              str(surface))  # fmt: skip


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("method", ["GET", "TRACE", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/nothing", "/rates/nothing", "/rates/", "/..%2f..%2fetc/passwd", "/static/x/y.css"])
def test_what_does_not_exist_answers_with_the_headers(method: str, path: str) -> None:
    answer = ask(method, path, headers_of("central"))
    assert answer.status in (200, 404, 405) and (answer.status != 200 or (method, path) == ("GET", "/rates/"))
    check(answer, f"{method} {path}")


def test_the_policy_lets_nothing_inline_and_nothing_foreign_in() -> None:
    assert CSP.startswith("default-src 'none'")
    assert not any(word in CSP.split() or word in CSP.replace("data:", "") for word in NO_INLINE)


@pytest.fixture
def failing() -> FastAPI:
    app = service_app("rates", [])

    @app.get("/rates/fails")
    def fails() -> None:
        raise RuntimeError("the secret 213-555-0100 of postgresql://ses:hunter2@db/ses")

    return app


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_failure_answers_with_the_headers_and_without_its_reason(failing: FastAPI, accept: str) -> None:
    client = TestClient(failing, base_url=settings().public_url, raise_server_exceptions=False)
    answer = client.get("/rates/fails", headers={"accept": accept})
    assert answer.status_code == 500
    check(Answer(500, dict(answer.headers), answer.text), accept)
    assert answer.headers["x-request-id"] in answer.text
    assert not any(word in answer.text for word in ("hunter2", "RuntimeError", "Traceback", "fails("))


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8000", ""])
def test_a_foreign_host_header_is_refused(host: str) -> None:
    answer = ask("GET", "/sign-in", {"host": host})
    assert answer.status == 400 and "evil" not in answer.headers.get("location", "")


def test_with_tls_the_cookie_is_bound_to_the_host_and_the_browser_keeps_to_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "public_url", "https://ses.lausd.example")
    assert security_headers()["strict-transport-security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.usefixtures("stack_servers")
@pytest.mark.parametrize("service", SERVICES)
def test_a_refusal_can_be_shown_as_a_page_at_every_address(service: str) -> None:
    """What a page's own template is given is not there when the page is refused."""
    who = Who("p@lausd.example", "Person", "p@lausd.example", "central", (), ("central", "ops"), "session")
    for surface in [surface for surface in SURFACES if surface.service == service]:
        for person in (who, None):
            scope = {
                "type": "http", "method": surface.method, "path": surface.address, "query_string": b"q=x&sort=y",
                "headers": [(b"accept", b"text/html"), (b"host", b"127.0.0.1:8000")], "app": APPS[service], "scheme": "http",
                "server": ("127.0.0.1", 8000), "state": {"who": person, "request_id": "x"},
            }  # fmt: skip
            shown = answer(Request(scope), Invalid("This is refused."))
            body = bytes(shown.body).decode()
            assert shown.status_code == 422, str(surface)
            assert "This is refused." in body, str(surface)
