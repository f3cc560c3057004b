"""Every secret that this system makes, tried at every door that takes one: each opens its own door and no other."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from starlette.testclient import TestClient

from deploy.web import app
from services.ingest.pages.sign_in import login_cookie
from services.notify.rules.bounces import Forged, bounce_address, mail_of
from services.sesr.rules.keys import ReportKey, sign
from shared.access import csrf_of, hash_of, issue_token, start_session
from shared.access.links import start_login
from shared.db import transaction
from shared.settings import settings
from shared.web.requests import cookie_name
from tests.notify.telling import VEGA, first_mails, rows_of
from tests.notify.test_answers import link_of
from tests.sesr.test_calendar import made_address
from tests.sesr.world import body, load_schools, open_incident

PERSON, BASE = "principal@lausd.example", "bounces@lausd.example"


class Secrets(NamedTuple):
    """One valid secret of each kind, and the names under which operations see some of them."""

    session: str
    token: str
    form: str
    state: str
    browser: str
    link: str
    report: str
    bounce: str
    calendar: str
    session_id: str
    token_id: str
    signing: str
    event: str
    broker: str
    database: str


@pytest.fixture
def made(clean: None) -> Secrets:
    load_schools()
    open_incident()
    first_mails()
    with transaction("ingest") as session:
        browsing = start_session(session, PERSON, "principal", timedelta(days=1))
        login = start_login(session, None, "/")
    token, signing = issue_token("principal", PERSON), settings().link_key.get_secret_value()
    return Secrets(
        browsing,
        token,
        csrf_of(browsing),
        login.state,
        login.browser,
        link_of(VEGA).rpartition("/")[2],
        sign(signing.encode(), ReportKey(PERSON, "principal", datetime.now(UTC) + timedelta(hours=12))),
        bounced(signing.encode()).partition("+")[2].partition("@")[0],
        made_address("principal").rpartition("/")[2].removesuffix(".ics"),
        hash_of("session", browsing).hex(),
        hash_of("token", token).hex(),
        signing,
        settings().event_keys["sesr"].get_secret_value(),
        settings().redis_passwords["sesr"].get_secret_value(),
        settings().database_passwords["sesr"].get_secret_value(),
    )


def bounced(key: bytes) -> str:
    return bounce_address(BASE, key, rows_of("select min(mail_id) as id from mail")[0].id)


def client() -> TestClient:
    headers = {"accept": "application/json"}
    return TestClient(app, base_url=settings().public_url, follow_redirects=False, headers=headers)


def bearer(secret: str, made: Secrets) -> bool:
    program = client()
    program.headers["authorization"] = f"Bearer {secret}"
    seen, sent = program.get("/sesr/api/v1/me"), program.post("/sesr/api/v1/reports", json=body())
    return seen.status_code == 200 or sent.status_code == 201


def cookie(secret: str, made: Secrets) -> bool:
    with_cookie = client()
    with_cookie.cookies.set(cookie_name(), secret)
    home = with_cookie.get("/", headers={"accept": "text/html"})
    seen = with_cookie.get("/sesr/api/v1/me")
    sent = with_cookie.post("/sesr/api/v1/reports", json=body(), headers={"x-csrf-token": csrf_of(secret)})
    return "Lindqvist" in home.text or seen.status_code == 200 or sent.status_code == 201


def form_token(secret: str, made: Secrets) -> bool:
    with_cookie = client()
    with_cookie.cookies.set(cookie_name(), made.session)
    sent = with_cookie.post("/sesr/api/v1/reports", json=body(), headers={"x-csrf-token": secret})
    return sent.status_code == 201


def state(secret: str, made: Secrets) -> bool:
    """Whether a sign-in that this browser started was found: then it is the provider that says no."""
    back = client()
    back.cookies.set(login_cookie(), made.browser)
    return "You were not signed in" in back.get("/sign-in/callback", params={"state": secret, "error": "x"}).text


def browser(secret: str, made: Secrets) -> bool:
    with transaction("ingest") as session:
        login = start_login(session, made.browser, "/")
    return state(login.state, made._replace(browser=secret))


def link(secret: str, made: Secrets) -> bool:
    return client().get(f"/notify/answer/{secret}").status_code == 200


def report_key(secret: str, made: Secrets) -> bool:
    sent = client().post("/sesr/api/v1/reports/queued", json={**body(), "report_token": secret})
    return sent.status_code in (201, 202)


def bounce(secret: str, made: Secrets) -> bool:
    name, _, domain = BASE.partition("@")
    try:
        return mail_of([f"{name}+{secret}@{domain}"], BASE, made.signing.encode()) is not None
    except Forged:
        return False


def calendar(secret: str, made: Secrets) -> bool:
    return client().get(f"/sesr/calendar/{secret}.ics").status_code == 200


DOORS: dict[str, Callable[[str, Secrets], bool]] = {
    "session": cookie,
    "token": bearer,
    "form": form_token,
    "state": state,
    "browser": browser,
    "link": link,
    "report": report_key,
    "bounce": bounce,
    "calendar": calendar,
}


def test_each_secret_opens_its_own_door_and_no_other(made: Secrets) -> None:
    opened = {(kind, door) for kind, secret in made._asdict().items() for door in DOORS if DOORS[door](secret, made)}
    assert opened == {(door, door) for door in DOORS}
