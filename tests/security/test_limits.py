"""How often and how much: limits for each person, a size for each request, and no trust in what a client claims."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from shared.access.policy import LIMITS, PERMISSIONS, TOKEN_FACTOR
from shared.settings import settings
from shared.web.addresses import address_of
from shared.web.bodies import ANONYMOUS_LIMIT, BodyLimit
from shared.web.limits import MOST_KEYS, Limiter
from tests.people import api_of, browser_of
from tests.security.asgi import ask, headers_of


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def test_a_limit_lets_its_number_through_and_then_tells_how_long_to_wait() -> None:
    clock = Clock()
    limiter = Limiter(clock)
    assert [limiter.wait("sign-in", "a") for _ in range(10)] == [0] * 10
    clock.time += 20
    assert limiter.wait("sign-in", "a") == 40
    assert limiter.wait("sign-in", "b") == 0
    clock.time += 40
    assert limiter.wait("sign-in", "a") == 0


def test_a_refused_attempt_does_not_prolong_the_wait() -> None:
    clock = Clock()
    limiter = Limiter(clock)
    for _ in range(30):
        limiter.wait("sign-in", "a")
    clock.time += LIMITS["sign-in"].seconds
    assert limiter.wait("sign-in", "a") == 0


def test_the_memory_of_a_limiter_is_bounded() -> None:
    clock = Clock()
    limiter = Limiter(clock)
    for number in range(MOST_KEYS):
        limiter.wait("sign-in", str(number))
    clock.time += 61
    limiter.wait("sign-in", "one more")
    assert len(limiter._seen) < 10


def test_every_limit_names_a_permission_or_a_way_in() -> None:
    assert set(LIMITS) - set(PERMISSIONS) <= {"sign-in", "address", "calendar", "sesr.report"}


@pytest.mark.usefixtures("clean")
def test_the_31st_upload_within_an_hour_is_refused_with_the_time_to_wait() -> None:
    client = api_of("central")
    answers = [client.post("/ingest/api/v1/uploads", files={"file": ("x.txt", b"no")}) for _ in range(31)]
    assert {answer.status_code for answer in answers[:30]} <= {415, 422}
    assert answers[30].status_code == 429
    assert 3500 < int(answers[30].headers["retry-after"]) <= 3600
    assert answers[30].json()["code"] == "too_many"
    assert LIMITS["uploads.write"].times == 30 and TOKEN_FACTOR > 1


@pytest.mark.usefixtures("clean")
def test_the_11th_sign_in_to_an_account_within_a_minute_is_refused_whatever_address_it_claims() -> None:
    form = {"person_id": "central@lausd.example", "role": "central"}
    statuses = [
        browser_of(None).post("/sign-in/demo", data=form, headers={"x-forwarded-for": f"10.0.0.{n}"}).status_code
        for n in range(11)
    ]
    assert statuses == [303] * 10 + [429]
    other = browser_of(None).post("/sign-in/demo", data={"person_id": "ops@lausd.example", "role": "ops"})
    assert other.status_code == 303


def scope_from(client: str, forwarded: str) -> Scope:
    return {"client": (client, 1), "headers": [(b"x-forwarded-for", forwarded.encode())]}


def test_a_forwarded_address_counts_only_from_a_trusted_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    assert address_of(scope_from("203.0.113.9", "10.1.1.1")) == "203.0.113.9"
    monkeypatch.setattr(settings(), "trusted_proxies", "172.16.0.0/12")
    assert address_of(scope_from("172.18.0.2", "10.1.1.1, 198.51.100.7")) == "198.51.100.7"
    assert address_of(scope_from("172.18.0.2", "10.1.1.1, 198.51.100.7, 172.18.0.9")) == "198.51.100.7"
    assert address_of(scope_from("203.0.113.9", "10.1.1.1")) == "203.0.113.9"
    assert address_of(scope_from("172.18.0.2", "")) == "172.18.0.2"


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_request_over_the_limit_is_refused_like_anything_else(accept: str) -> None:
    answer = ask("POST", "/ingest/uploads", {**headers_of("central", accept), "content-length": "9000000000"})
    assert answer.status == 413 and "larger than allowed" in answer.body
    kind = "text/html; charset=utf-8" if accept == "text/html" else "application/problem+json"
    assert answer.headers["content-type"] == kind


@pytest.mark.usefixtures("clean")
def test_without_credentials_only_a_small_body_is_read() -> None:
    headers = {**headers_of(None), "content-type": "multipart/form-data; boundary=x"}
    assert ask("POST", "/ingest/api/v1/uploads", headers, b"x" * (ANONYMOUS_LIMIT + 1)).status == 413


async def pieces(*sizes: int) -> AsyncIterator[Message]:
    for size in sizes:
        yield {"type": "http.request", "body": b"x" * size, "more_body": True}


async def reading(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that reads the whole body and answers with its length, or with the refusal."""
    try:
        body = await Request(scope, receive).body()
        await Response(str(len(body)))(scope, receive, send)
    except HTTPException as error:
        await Response(status_code=error.status_code)(scope, receive, send)


async def anybody(_request: Request, _service: str) -> bool:
    return True


def status_of(source: AsyncIterator[Message], limit: int) -> int:
    sent: list[Message] = []

    async def receive() -> Message:
        try:
            return await anext(source)
        except StopAsyncIteration:
            await asyncio.Event().wait()
            raise

    async def send(message: Message) -> None:
        sent.append(message)

    async def run() -> None:
        scope: Scope = {"type": "http", "headers": [(b"authorization", b"Bearer x")], "method": "POST", "path": "/"}
        await BodyLimit(reading, limit, silence=0.05, known=anybody)(scope, receive, send)

    asyncio.run(run())
    return int(sent[0]["status"])


def test_a_body_in_chunks_without_a_length_is_cut_at_the_limit() -> None:
    assert status_of(pieces(600, 600), 1000) == 413


def test_a_body_that_stops_coming_is_refused_and_holds_nothing() -> None:
    assert status_of(pieces(10), 1000) == 408
