"""Who is who by e-mail: one normalization, only verified addresses, and silence of the provider is no proof."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from services.ingest.pages.sign_in import provider
from services.notify.queries.answers import director_of
from shared.access.oidc import Provider
from shared.db import transaction
from shared.emails import email_key
from shared.settings import settings
from tests.people import browser_of
from tests.security.sso import account, signed_in

LOOKALIKES = ("dİrector@lausd.example", "dırector@lausd.example", "des\u212a@lausd.example", "ｄesk@lausd.example",
              "desk@lausd.ex\u0430mple", "desk\u200b@lausd.example", "desk@lausd.example\x00", "\"desk\"@lausd.example",
              "desk(x)@lausd.example", "desk@lausd.example,x@y.example", "desk@lausd.example\n", "de\u017fk@lausd.example")  # fmt: skip


@pytest.mark.parametrize("address", LOOKALIKES)
def test_an_address_that_only_looks_alike_is_no_address(address: str) -> None:
    assert email_key(address) == ""


@given(st.text(max_size=80), st.text(max_size=80))
def test_two_addresses_are_one_only_by_the_case_of_ascii_letters(one: str, other: str) -> None:
    for local in (one, other):
        key = email_key(f"{local}@lausd.example")
        assert key == "" or key == f"{local}@lausd.example".strip(" ").lower() and key.isascii()


def test_the_usual_addresses_are_taken() -> None:
    for address in ("Ines.Okafor@LAUSD.example", "o'neill+x@k12.ca.example", "a_b-c@x1-y.example"):
        assert email_key(address) == address.lower()


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch, sso: str) -> Iterator[None]:
    monkeypatch.setattr(settings(), "oidc_emails_verified_by", sso)
    provider.cache_clear()
    yield
    provider.cache_clear()


@pytest.mark.parametrize("claims", [{}, {"email_verified": "true"}, {"email_verified": "false"}, {"email_verified": 1},
                                    {"email_verified": None}, {"email_verified": False}], ids=str)  # fmt: skip
def test_an_address_that_is_not_said_to_be_verified_links_to_nobody(sso: str, claims: dict[str, Any]) -> None:
    sub = account(sso, "q-1", email="central@lausd.example", **claims)
    assert signed_in(browser_of(None), sub).status_code == 403


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize(("claims", "status"), [({}, 303), ({"email_verified": "true"}, 303), ({"email_verified": False}, 403),
                                                ({"email_verified": "false"}, 403)], ids=str)  # fmt: skip
def test_an_issuer_named_as_trusted_may_leave_the_claim_out(sso: str, claims: dict[str, Any], status: int) -> None:
    sub = account(sso, "t-1", email="central@lausd.example", **claims)
    assert signed_in(browser_of(None), sub).status_code == status


@pytest.mark.usefixtures("clean")
def test_trust_is_for_the_issuer_that_is_named_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "oidc_issuer", "https://a.example")
    monkeypatch.setattr(settings(), "oidc_emails_verified_by", "https://b.example")
    assert Provider(settings())._is_verified({}) is False


@pytest.mark.parametrize("address", LOOKALIKES)
def test_a_lookalike_of_a_verified_address_opens_nobodys_account(sso: str, address: str) -> None:
    sub = account(sso, "l-1", email=address, email_verified=True)
    assert signed_in(browser_of(None), sub).status_code == 403


def test_an_address_that_nobody_verified_is_kept_nowhere(sso: str) -> None:
    """Else a director would be found by it: an account with a role by its claims and a foreign address."""
    sub = account(sso, "u-1", email="director@lausd.example", groups=["ses-director:1400101"])
    assert signed_in(browser_of(None), sub).status_code == 303
    with transaction("ingest") as session:
        found = session.execute(text("select email from access.person where subject is not null")).scalars().all()
    assert found == [""]
    with transaction("notify") as session:
        assert director_of(session, "") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("environment", "production"), ("public_url", "https://ses.example"), ("public_url", "http://ses.example:8000"),
     ("bind", "0.0.0.0"), ("bind", "192.168.1.5"), ("bind", "::"),
     ("allowed_hosts", "ses.district.example"), ("allowed_hosts", "localhost, *"), ("trusted_proxies", "127.0.0.1/32")],
)  # fmt: skip
@pytest.mark.usefixtures("clean")
def test_nobody_chooses_who_to_be_where_others_can_reach_it(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser_of(None)
    monkeypatch.setattr(settings(), name, value)
    form = {"person_id": "central@lausd.example", "role": "central"}
    assert client.post("/sign-in/demo", data=form).status_code == 404
    assert "central@lausd.example" not in client.get("/sign-in").text
