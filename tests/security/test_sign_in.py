"""Signing in through a real provider process: who comes in, as whom, and what is refused on the way."""

from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from services.ingest.pages.sign_in import provider
from shared.access import issue_token
from shared.access.people import find_people, set_active
from shared.db import transaction
from shared.ops.metrics import REGISTRY
from shared.settings import settings
from shared.web.requests import cookie_name
from tests.people import browser_of
from tests.security.sso import account, agree, signed_in, to_provider


def test_the_request_to_the_provider_has_pkce_state_and_nonce(sso: str) -> None:
    asked = parse_qs(urlsplit(to_provider(browser_of(None))).query)
    assert asked["code_challenge_method"] == ["S256"] and len(asked["code_challenge"][0]) == 43
    assert asked["response_type"] == ["code"] and "openid" in asked["scope"][0].split()
    assert len(asked["state"][0]) >= 43 and len(asked["nonce"][0]) >= 43
    assert asked["redirect_uri"] == [f"{settings().public_url}/sign-in/callback"]


def test_a_director_of_the_directory_comes_in_by_verified_e_mail_and_later_by_the_account(sso: str) -> None:
    sub = account(sso, "d-1", email="Director@LAUSD.example", email_verified=True, name="Vega, Marta")
    client = browser_of(None)
    entered = signed_in(client, sub, "/rates/?tier=1")
    assert (entered.status_code, entered.headers["location"]) == (303, "/rates/?tier=1")
    assert "Vega, Marta" in client.get("/").text
    account(sso, "d-1", email="renamed@lausd.example", email_verified=True)
    again = browser_of(None)
    assert signed_in(again, sub).status_code == 303
    with transaction("ingest") as session:
        found = [row for row in find_people(session, "vega", "", 10)]
    assert [(row.person_id, row.linked) for row in found] == [("director@lausd.example", True)]


def test_an_e_mail_that_is_not_verified_opens_nobodys_account(sso: str) -> None:
    sub = account(sso, "x-1", email="central@lausd.example", email_verified=False)
    refused = signed_in(browser_of(None), sub)
    assert refused.status_code == 403 and "no role here" in refused.text


def test_a_second_account_with_a_linked_e_mail_is_refused(sso: str) -> None:
    mail = "principal@lausd.example"
    assert signed_in(browser_of(None), account(sso, "p-1", email=mail, email_verified=True)).status_code == 303
    refused = signed_in(browser_of(None), account(sso, "p-2", email=mail, email_verified=True))
    assert refused.status_code == 403 and "Someone else" in refused.text


def test_roles_in_the_claims_are_given_and_taken_back_with_the_next_sign_in(sso: str) -> None:
    groups = ["ses-central", "ses-desk:E", "ses-nonsense", "other"]
    sub = account(sso, "c-1", email="new@lausd.example", email_verified=True, groups=groups)
    assert signed_in(browser_of(None), sub).status_code == 303
    with transaction("ingest") as session:
        rows = session.execute(
            text("select role, scope, source from access.role_grant where person_id = 'new@lausd.example' order by 1")
        ).all()
    assert [tuple(row) for row in rows] == [("central", [], "claims"), ("desk", ["E"], "claims")]
    account(sso, "c-1", email="new@lausd.example", email_verified=True, groups=[])
    assert signed_in(browser_of(None), sub).status_code == 403


def test_a_closed_account_is_refused_and_its_session_ends_at_once(sso: str) -> None:
    sub = account(sso, "o-1", email="ops@lausd.example", email_verified=True)
    client = browser_of(None)
    assert signed_in(client, sub).status_code == 303
    with transaction("ingest") as session:
        set_active(session, "ops@lausd.example", False)
    assert client.get("/ops").headers["location"].startswith("/sign-in?next=")
    assert signed_in(browser_of(None), sub).status_code == 403


def test_a_callback_works_once(sso: str) -> None:
    client = browser_of(None)
    back = agree(to_provider(client), account(sso, "r-1", email="desk@lausd.example", email_verified=True))
    assert client.get(back).status_code == 303
    replayed = client.get(back)
    assert replayed.status_code == 403 and "no longer valid" in replayed.text


def test_a_callback_in_another_browser_is_refused(sso: str) -> None:
    back = agree(to_provider(browser_of(None)), account(sso, "r-2", email="desk@lausd.example", email_verified=True))
    victim = browser_of(None)
    to_provider(victim)
    refused = victim.get(back)
    assert refused.status_code == 403
    assert victim.cookies.get(cookie_name()) is None


@pytest.mark.parametrize(
    "change", ["state=", "state=other", "error=access_denied", "code=", "code=guessed", "iss=https://evil"]
)
def test_a_changed_callback_is_refused_and_counted_and_writes_no_row(sso: str, change: str) -> None:
    client = browser_of(None)
    back = agree(to_provider(client), account(sso, "r-3", email="desk@lausd.example", email_verified=True))
    query = {**dict(pair.split("=", 1) for pair in back.partition("?")[2].split("&")), **dict([change.split("=", 1)])}
    counted, written = failed_sign_ins(), audit_rows()
    refused = client.get("/sign-in/callback", params=query)
    assert refused.status_code == 403 and client.cookies.get(cookie_name()) is None
    # A stranger can send each of these as often as they like.
    assert (failed_sign_ins(), audit_rows()) == (counted + 1, written)


def test_an_account_that_the_provider_vouched_for_and_has_no_role_is_written_down(sso: str) -> None:
    counted = failed_sign_ins()
    assert signed_in(browser_of(None), account(sso, "r-4", email="nobody@lausd.example")).status_code == 403
    with transaction("ingest") as session:
        rows = session.execute(text("select detail from audit where action = 'sign-in refused'")).scalars().all()
    assert len(rows) == 1 and rows[0]["reason"].endswith("r-4") and rows[0]["_request"]
    assert failed_sign_ins() == counted


def failed_sign_ins() -> float:
    return REGISTRY.get_sample_value("ses_sign_ins_failed_total") or 0.0


def audit_rows() -> int:
    with transaction("ingest") as session:
        return int(session.execute(text("select count(*) from audit")).scalar_one())


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", "/a\nb"])
def test_after_signing_in_nobody_is_sent_to_another_site(sso: str, path: str) -> None:
    sub = account(sso, "n-1", email="central@lausd.example", email_verified=True)
    assert signed_in(browser_of(None), sub, path).headers["location"] == "/"


def test_the_provider_can_be_told_to_sign_out_too(sso: str) -> None:
    answer = browser_of(None).get("/sign-out/everywhere")
    assert answer.headers["location"].startswith(f"{sso}/oauth2/end_session?client_id=ses")


def test_a_provider_that_is_away_is_told_kindly(sso: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "oidc_issuer", "http://127.0.0.1:1")
    provider.cache_clear()
    answer = browser_of(None).get("/sign-in/start")
    assert answer.status_code == 503 and "does not answer right now" in answer.text


@pytest.mark.usefixtures("clean")
def test_nobody_signs_in_as_a_program_not_even_in_the_demo() -> None:
    issue_token("central")
    answer = browser_of(None).post("/sign-in/demo", data={"person_id": "service:central", "role": "central"})
    assert answer.status_code == 403 and "set-cookie" not in answer.headers


@pytest.mark.usefixtures("clean")
def test_in_production_there_is_no_demo_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "environment", "production")
    client = browser_of(None)
    form = {"person_id": "central@lausd.example", "role": "central"}
    assert client.post("/sign-in/demo", data=form).status_code == 404
    page = client.get("/sign-in").text
    assert "Okafor" not in page and "SES_OIDC_ISSUER" in page
