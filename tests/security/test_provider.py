"""What the single sign-on says is believed only when every part of it is right."""

import base64
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc import jwk

from shared.access.oidc import LEEWAY, Provider, ProviderRefused
from shared.settings import Settings
from tests.security.forger import CLIENT, Forger


@pytest.fixture(scope="module")
def serving() -> Iterator[Forger]:
    with Forger().serving() as forger:
        yield forger


@pytest.fixture
def forger(serving: Forger) -> Forger:
    serving.published, serving.claims, serving.id_token = [serving.key], {}, None
    serving.leave_out_id_token, serving.calls_itself, serving.answers = False, "", {}
    serving.asked.clear()
    return serving


@pytest.fixture
def provider(forger: Forger) -> Provider:
    return Provider(Settings(oidc_issuer=forger.issuer, oidc_client_id=CLIENT))


def believed(provider: Provider) -> str:
    return provider.identity("code", "v" * 43, "the nonce").subject


def part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def test_a_right_answer_is_believed(provider: Provider) -> None:
    assert believed(provider) == "u-1"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "other"},
        {"aud": None},
        {"aud": "other", "azp": CLIENT},
        {"aud": ["other"], "azp": CLIENT},
        {"aud": [CLIENT, "other"], "azp": "other"},
        {"aud": [CLIENT, "other"]},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"exp": None},
        {"exp": 1},
        {"exp": "soon"},
        {"iat": None},
        {"nbf": 99999999999},
    ],
    ids=str,
)
def test_an_id_token_with_one_wrong_claim_is_refused(
    provider: Provider, forger: Forger, changed: dict[str, Any]
) -> None:
    forger.claims = forger.good_claims(**changed)
    with pytest.raises(ProviderRefused):
        believed(provider)


@pytest.mark.parametrize(("past", "taken"), [(LEEWAY - 20, True), (LEEWAY + 20, False)])
def test_clocks_may_differ_by_the_leeway_and_no_more(
    provider: Provider, forger: Forger, past: int, taken: bool
) -> None:
    forger.claims = forger.good_claims(exp=int(time.time()) - past, iat=int(time.time()) - 400)
    if taken:
        assert believed(provider) == "u-1"
    else:
        with pytest.raises(ProviderRefused):
            believed(provider)


def test_a_token_without_a_signature_is_refused(provider: Provider, forger: Forger) -> None:
    forger.id_token = f"{part({'alg': 'none'})}.{part(forger.good_claims())}."
    with pytest.raises(ProviderRefused):
        believed(provider)


@pytest.mark.parametrize("word", ["client-secret", "the public key"])
def test_a_token_signed_by_a_shared_word_is_refused(provider: Provider, forger: Forger, word: str) -> None:
    secret = forger.key.as_pem(private=False) if word == "the public key" else word.encode()
    signed = f"{part({'alg': 'HS256', 'kid': 'first'})}.{part(forger.good_claims())}"
    signature = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), "sha256")).decode().rstrip("=")
    forger.id_token = f"{signed}.{signature}"
    with pytest.raises(ProviderRefused):
        believed(provider)


def test_a_token_signed_by_a_foreign_key_is_refused(provider: Provider, forger: Forger) -> None:
    foreign = jwk.RSAKey.generate_key(2048, {"kid": "first"})
    forger.id_token = forger.sign(forger.good_claims(), foreign)
    with pytest.raises(ProviderRefused):
        believed(provider)


def test_an_answer_without_an_id_token_is_refused(provider: Provider, forger: Forger) -> None:
    forger.leave_out_id_token = True
    with pytest.raises(ProviderRefused, match="no id_token"):
        believed(provider)


def test_a_provider_that_calls_itself_otherwise_is_refused(provider: Provider, forger: Forger) -> None:
    forger.calls_itself = "https://evil.example"
    with pytest.raises(ProviderRefused, match="calls itself"):
        believed(provider)


def test_a_provider_without_tls_is_refused_unless_it_is_on_this_machine() -> None:
    with pytest.raises(ProviderRefused, match="no TLS"):
        believed(Provider(Settings(oidc_issuer="http://sso.lausd.example", oidc_client_id=CLIENT)))


def test_a_provider_that_is_away_is_told_as_such() -> None:
    with pytest.raises(ProviderRefused, match="does not answer"):
        believed(Provider(Settings(oidc_issuer="http://127.0.0.1:1", oidc_client_id=CLIENT)))


def test_after_a_rotation_the_new_key_is_fetched_and_the_old_one_forgotten(
    provider: Provider, forger: Forger, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert believed(provider) == "u-1"
    new = jwk.RSAKey.generate_key(2048, {"kid": "second"})
    old_token = forger.sign(forger.good_claims())
    forger.published, forger.id_token = [new], forger.sign(forger.good_claims(), new)
    monkeypatch.setattr("shared.access.oidc.KEYS_ASKED_EVERY", 0.0)
    assert believed(provider) == "u-1"
    forger.id_token = old_token
    with pytest.raises(ProviderRefused):
        believed(provider)


def test_wrong_tokens_do_not_make_us_ask_for_keys_again_and_again(provider: Provider, forger: Forger) -> None:
    forger.id_token = forger.sign(forger.good_claims(), jwk.RSAKey.generate_key(2048, {"kid": "third"}))
    for _ in range(5):
        with pytest.raises(ProviderRefused):
            believed(provider)
    assert forger.asked.count("/jwks") == 1


DEEP = b"[" * 200_000
WRONG: tuple[Any, ...] = (
    [], None, "x", 5, {}, DEEP, {"keys": 5}, {"keys": [1]}, {"keys": {"a": 1}}, {"keys": [{"kty": "RSA"}]}, {"error": ["x"]},
    {"id_token": 5}, {"id_token": "a.b.c"}, {"access_token": "a", "expires_in": "soon"},
)  # fmt: skip


@pytest.mark.parametrize("path", ["/.well-known", "/jwks", "/token"])
def test_whatever_the_provider_answers_is_refused_in_words(provider: Provider, forger: Forger, path: str) -> None:
    for wrong in WRONG:
        forger.answers = {path: wrong}
        with pytest.raises(ProviderRefused):
            believed(provider)


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"])
@pytest.mark.parametrize(
    "address", ["http://sso.lausd.example/x", "javascript:alert(1)", "file:///etc/passwd", "//x", ""]
)
def test_nobody_is_sent_to_an_address_without_tls_and_no_secret_either(
    provider: Provider, forger: Forger, name: str, address: str
) -> None:
    forger.answers = {
        "/.well-known": {**forger.answer("/.well-known"), "end_session_endpoint": forger.issuer, name: address}
    }
    if (name, address) == ("end_session_endpoint", ""):
        assert provider.sign_out_address() is None
        return
    with pytest.raises(ProviderRefused, match="no TLS"):
        provider.address("state", "the nonce", "v" * 43)
        provider.sign_out_address()
        believed(provider)


@pytest.mark.parametrize("name", ["sub", "name", "email", "groups"])
def test_a_claim_that_is_no_text_says_nothing(provider: Provider, forger: Forger, name: str) -> None:
    for wrong in ({"a": 1}, ["\0"], [{"x": 1}], 7, True, "a\0b", "a\nb"):
        forger.claims = forger.good_claims(email_verified=True, **{name: wrong})
        if name == "sub":
            with pytest.raises(ProviderRefused):
                believed(provider)
        else:
            found = provider.identity("code", "v" * 43, "the nonce")
            assert (found.name, found.email) == ("u-1", "")
            assert all(group.isprintable() for group in found.groups)
            assert not any("ses-" in group for group in found.groups)
