"""The small world of the tests: three schools, two directors and one of every role, and browsers signed in as them."""

from collections.abc import Sequence
from datetime import timedelta

from starlette.testclient import TestClient

from deploy.web import app
from shared.access import csrf_of, keep_person, start_session
from shared.access.tokens import create_token
from shared.db import transaction
from shared.settings import settings
from shared.web.requests import cookie_name

PEOPLE: dict[str, tuple[str, Sequence[str]]] = {
    "central": ("Okafor, Ines", ()),
    "director": ("Vega, Marta", ("1400101", "1400201")),
    "principal": ("Lindqvist, Per", ("1400101",)),
    "designee": ("Haddad, Noor", ("1400101",)),
    "desk": ("Brandt, Uwe", ("E",)),
    "ops": ("Sato, Ren", ()),
}


def add_people() -> None:
    """One person of each role; the director has two schools, principal and designee one, the desk region E."""
    with transaction("ingest") as session:
        for role, (name, scope) in PEOPLE.items():
            keep_person(session, f"{role}@lausd.example", name, f"{role}@lausd.example", role, scope)


def program_tokens(number: int) -> list[str]:
    """Tokens of so many programs of the central office, because one alone may not do so much in an hour."""
    with transaction("ingest") as session:
        lasts = timedelta(days=1)
        return [create_token(session, f"load {each}", "central", [], lasts, "tests") for each in range(number)]


def browser_of(role: str | None) -> TestClient:
    """A client signed in as the role's person (None: nobody), against all five services on one origin.

    Writes carry the form token in a header; redirects are not followed.
    """
    client = TestClient(app, base_url=settings().public_url, follow_redirects=False, headers={"accept": "text/html"})
    if role is None:
        return client
    with transaction("ingest") as session:
        token = start_session(session, f"{role}@lausd.example", role, timedelta(days=1))
    client.cookies.set(cookie_name(), token)
    client.headers["x-csrf-token"] = csrf_of(token)
    return client


def api_of(role: str | None) -> TestClient:
    """Like `browser_of`, for a program: answers are JSON."""
    client = browser_of(role)
    client.headers["accept"] = "application/json"
    return client
