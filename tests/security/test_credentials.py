"""What a session or token gives, and that nothing else gives it: not its look, and not two of them in one request."""

import pytest
from sqlalchemy import text

from shared.access import issue_token
from shared.access.policy import PERSONAL
from shared.db import transaction
from shared.web.bodies import ANONYMOUS_LIMIT, MOST_FIELDS, TYPED_LIMIT
from tests.people import api_of, browser_of
from tests.security.asgi import ask, headers_of
from tests.security.routes import SURFACES

BIG = b"x" * (ANONYMOUS_LIMIT + 1)
MULTIPART = {"content-type": "multipart/form-data; boundary=x"}
LOOKS: tuple[dict[str, str], ...] = (
    {},
    {"cookie": "sid=x"},
    {"cookie": "sid="},
    {"authorization": "x"},
    {"authorization": "Bearer x"},
    {"authorization": "Bearer"},
    {"authorization": "Basic eDp4"},
    {"cookie": "sid=x", "authorization": "Bearer x"},
)


def sessions() -> int:
    with transaction("ingest") as session:
        return int(session.execute(text("select count(*) from access.session")).scalar_one())


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("look", LOOKS, ids=str)
@pytest.mark.parametrize("announced", [True, False])
def test_what_only_looks_like_a_session_does_not_open_the_larger_limit(look: dict[str, str], announced: bool) -> None:
    length = {"content-length": str(len(BIG))} if announced else {}
    headers = {**headers_of(None), **MULTIPART, **look, **length}
    for path in ("/ingest/api/v1/uploads", "/tracker/api/v1/workbooks", "/notify/answer/x"):
        assert ask("POST", path, headers, BIG).status in (401, 403, 413), path


@pytest.mark.usefixtures("clean")
def test_a_valid_session_and_a_valid_token_open_it_and_an_ended_one_does_not() -> None:
    headers = {**headers_of("central"), **MULTIPART, "content-length": str(len(BIG))}
    assert ask("POST", "/ingest/api/v1/uploads", headers, BIG).status not in (401, 413)
    token = {**headers_of(None), **MULTIPART, "authorization": f"Bearer {issue_token('central')}"}
    assert ask("POST", "/ingest/api/v1/uploads", token, BIG).status not in (401, 413)
    with transaction("ingest") as session:
        session.execute(text("update access.session set ended_at = now()"))
        session.execute(text("update access.token set revoked_at = now()"))
    assert ask("POST", "/ingest/api/v1/uploads", headers, BIG).status == 413
    assert ask("POST", "/ingest/api/v1/uploads", token, BIG).status == 413


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("length", ["-1", "1e9", "\u00b2", "9" * 400, "+5", "0x10", " "])
def test_a_length_that_is_no_number_is_no_way_around_the_limit(length: str) -> None:
    headers = {**headers_of(None), **MULTIPART, "content-length": length}
    assert ask("POST", "/ingest/api/v1/uploads", headers, BIG).status == 413


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("cookie", ["x", "valid"])
def test_a_bearer_token_becomes_no_session_with_or_without_a_cookie(cookie: str) -> None:
    token = issue_token("central", "central@lausd.example")
    client = api_of("central" if cookie == "valid" else None)
    if cookie == "x":
        client.cookies.set("sid", "x")
    before = sessions()
    for surface in SURFACES:
        if "stream" in surface.path:
            continue
        answer = client.request(surface.method, surface.address, headers={"authorization": f"Bearer {token}"})
        assert "set-cookie" not in answer.headers, str(surface)
        if surface.permission != "public" or not surface.path.endswith(("healthz", "readyz")):
            # 422: the one route that reads no session and no token, but a key of its own in the body.
            refused = (403, 404, 405, 422) if surface.permission == "own key" else (403, 404, 405)
            assert answer.status_code in refused, f"{surface}: {answer.status_code}"
    assert sessions() == before


@pytest.mark.usefixtures("clean")
def test_a_token_alone_reaches_nothing_that_is_a_persons_own() -> None:
    for role in ("central", "ops"):
        client = api_of(None)
        client.headers["authorization"] = f"Bearer {issue_token(role)}"
        before = sessions()
        for surface in SURFACES:
            if surface.permission in PERSONAL:
                answer = client.request(surface.method, surface.address, data={"role": "central"})
                assert answer.status_code == 403 and "set-cookie" not in answer.headers, str(surface)
        assert sessions() == before


@pytest.mark.usefixtures("clean")
def test_another_authorization_than_a_bearer_token_is_no_way_around_the_form_token() -> None:
    for value in ("x", "Basic eDp4", "Bearer", "Bearer ", "Digest x"):
        client = browser_of("central")
        del client.headers["x-csrf-token"]
        answer = client.post("/role", data={"role": "central"}, headers={"authorization": value})
        assert answer.status_code == 403 and "form" in answer.text, value


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "application/problem+json"])
def test_only_forms_and_files_may_be_large_whoever_sends_them(kind: str) -> None:
    """600,000 unknown fields of a principal were checked for nine seconds, in which nobody else was served."""
    headers = {**headers_of("principal"), "content-type": kind}
    assert ask("POST", "/sesr/api/v1/reports", headers, BIG).status == 413


TYPED = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("path", ["/sesr/entry", "/role", "/rates/settings/days-off/list"])
def test_a_form_is_as_large_as_somebody_can_paste_and_no_larger(path: str, announced: bool) -> None:
    """Twenty megabytes of `&` were parsed for five seconds, in which nobody else was served."""
    for body, is_read in (
        (b"csrf=x&rows=" + b"x" * (ANONYMOUS_LIMIT * 3), True),
        (b"&" * (MOST_FIELDS + 1), False),
        (b"a=b&" * (MOST_FIELDS + 1), False),
        (b"rows=" + b"x" * TYPED_LIMIT, False),
    ):
        length = {"content-length": str(len(body))} if announced else {}
        assert (ask("POST", path, {**headers_of("central"), **TYPED, **length}, body).status == 413) != is_read
        assert ask("POST", path, {**headers_of(None), **TYPED, **length}, body).status in (401, 403, 413)
