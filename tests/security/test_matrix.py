"""Every role on every route of the five services: who may is answered, who may not is refused."""

import json

import pytest
from fastapi import FastAPI

from shared.access.policy import PERMISSIONS, ROLES
from tests.security.asgi import Answer, ask, headers_of
from tests.security.routes import SURFACES, WRITES, Surface, surfaces

GUARDED = [surface for surface in SURFACES if surface.permission not in (None, "public", "own key")]
PUBLIC = [surface for surface in SURFACES if surface.permission == "public"]
PUBLIC_PATHS = (
    "/", "/healthz", "/readyz", "/{}/healthz", "/{}/readyz", "/{}/metrics", "/sign-in", "/sign-in/demo",
    "/sign-in/start", "/sign-in/callback", "/sign-out/everywhere", "/notify/answer/{{token}}", "/sesr/public", "/accessibility",
)  # fmt: skip
FORM = {"content-type": "application/x-www-form-urlencoded"}


def asked(surface: Surface, headers: dict[str, str]) -> Answer:
    return ask(surface.method, surface.address, {**headers, **FORM} if surface.writes else headers)


def is_role_refused(answer: Answer) -> bool:
    return answer.status == 403 and "Your role (" in answer.body


def test_every_route_declares_a_permission_or_that_it_is_public() -> None:
    assert len(SURFACES) > 40
    assert [str(surface) for surface in SURFACES if surface.permission is None] == []


def test_a_route_without_a_permission_is_found() -> None:
    app = FastAPI()
    app.add_api_route("/open", lambda: None, methods=["GET", "POST"])
    assert [(str(surface), surface.permission) for surface in surfaces({"ingest": app}) if surface.path == "/open"] == [
        ("GET /open", None),
        ("POST /open", None),
    ]


def test_only_these_routes_are_public() -> None:
    known = {path.format(surface.service) for surface in PUBLIC for path in PUBLIC_PATHS}
    assert {surface.path for surface in PUBLIC} - known == set()


def test_only_these_routes_are_called_with_a_key_of_their_own() -> None:
    assert [str(surface) for surface in SURFACES if surface.permission == "own key"] == [
        "POST /sesr/api/v1/reports/queued",
        "GET /sesr/calendar/{token}.ics",
    ]


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("role", ROLES)
def test_a_role_passes_exactly_where_its_permissions_say(role: str) -> None:
    headers = headers_of(role)
    wrong = []
    for surface in GUARDED:
        if surface.path in ("/sign-out", "/role"):
            continue
        answer = asked(surface, headers)
        may = role in PERMISSIONS[str(surface.permission)]
        if is_role_refused(answer) == may or answer.status in (401, 500):
            wrong.append(f"{surface}: {answer.status}")
    assert wrong == []


@pytest.mark.usefixtures("clean")
def test_nobody_passes_without_signing_in() -> None:
    headers = headers_of(None)
    passed = [f"{surface}: {status}" for surface in GUARDED if (status := asked(surface, headers).status) != 401]
    assert passed == []


@pytest.mark.usefixtures("clean")
def test_a_write_with_a_session_but_without_its_form_token_is_refused() -> None:
    headers = headers_of("central")
    without = {name: value for name, value in headers.items() if name != "x-csrf-token"}
    for surface in WRITES:
        for wrong in ({}, {"x-csrf-token": "0" * 64}):
            answer = asked(surface, {**without, **wrong})
            assert (answer.status, "form_expired" in answer.body) == (403, True), str(surface)


@pytest.mark.usefixtures("clean")
def test_a_write_that_another_site_caused_is_refused_even_with_the_form_token() -> None:
    headers = headers_of("central")
    for surface in WRITES:
        for foreign in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
            answer = asked(surface, {**headers, **foreign})
            assert (answer.status, "wrong_origin" in answer.body) == (403, True), f"{surface} {foreign}"


@pytest.mark.usefixtures("clean")
def test_readiness_tells_the_queues_only_under_a_services_own_path_which_the_entrance_keeps_inside() -> None:
    outside, inside = (ask("GET", path, headers_of(None)) for path in ("/readyz", "/ingest/readyz"))
    assert json.loads(outside.body) == {"service": "ingest", "status": "ready"}
    assert {"parked", "forged", "database_bytes", "disk_free"} <= json.loads(inside.body).keys()
