"""The district's single sign-on: OpenID Connect, authorization code with PKCE, state and nonce, against one provider."""

import threading
import time
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import httpx2
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.emails import email_key
from shared.settings import LOOPBACK, Settings

ALGORITHMS = ("RS256", "PS256", "ES256")
LEEWAY = 60
DOCUMENT_LASTS = 3600.0
KEYS_ASKED_EVERY = 10.0
TIMEOUT = 10.0
log = structlog.get_logger()


class ProviderRefused(Exception):
    """The provider cannot be reached, or what it answered cannot be trusted; the text is for the log, not for the page."""


class Identity(NamedTuple):
    """Who the provider says signed in; `issuer` and `subject` together are the key, the e-mail never is.

    `email` is the key of shared/emails.py, and empty where the provider does not say that it has verified it.
    """

    issuer: str
    subject: str
    name: str
    email: str
    groups: tuple[str, ...]


class Provider:
    """One provider with its description and keys, read when first needed and again when they may have changed."""

    def __init__(self, current: Settings) -> None:
        self._issuer = current.oidc_issuer
        self._client_id = current.oidc_client_id
        self._secret = current.oidc_client_secret.get_secret_value() or None
        self._groups = current.oidc_groups_claim
        self._trusts_emails = current.oidc_emails_verified_by == current.oidc_issuer != ""
        self._callback = f"{current.public_url}/sign-in/callback"
        self._after = f"{current.public_url}/sign-in"
        self._lock = threading.Lock()
        self._document: dict[str, Any] = {}
        self._document_at = 0.0
        self._keys = KeySet([])
        self._keys_at = 0.0

    def address(self, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to sign in."""
        with self._client() as client:
            made: tuple[str, str] = client.create_authorization_url(
                self._about("authorization_endpoint"), state=state, nonce=nonce, code_verifier=verifier
            )
        return made[0]

    def identity(self, code: str, verifier: str, nonce: str) -> Identity:
        """Who signed in, by the code that the browser brought back; ProviderRefused for anything not as it must be."""
        endpoint = self._about("token_endpoint")
        try:
            with self._client() as client:
                answer = client.fetch_token(
                    endpoint, code=code, code_verifier=verifier, grant_type="authorization_code"
                )
        except (OAuthError, httpx2.HTTPError, ValueError, RecursionError) as error:
            raise ProviderRefused(f"the code was not taken: {type(error).__name__} {error}") from error
        if not isinstance(answer.get("id_token"), str):
            raise ProviderRefused("the answer has no id_token")
        return self._read(self._verified(answer["id_token"], nonce, answer.get("access_token")))

    def sign_out_address(self) -> str | None:
        """Where the browser can end the provider's own session; None when the provider has no such place."""
        if not self._describe().get("end_session_endpoint"):
            return None
        return f"{self._about('end_session_endpoint')}?{urlencode({'client_id': self._client_id, 'post_logout_redirect_uri': self._after})}"

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            client_id=self._client_id,
            client_secret=self._secret,
            token_endpoint_auth_method="client_secret_basic" if self._secret else "none",
            scope="openid email profile",
            redirect_uri=self._callback,
            code_challenge_method="S256",
            timeout=TIMEOUT,
            follow_redirects=False,
        )

    def _verified(self, id_token: str, nonce: str, access_token: str | None) -> CodeIDToken:
        options = {
            "iss": {"essential": True, "value": self._issuer},
            "aud": {"essential": True, "value": self._client_id},
            "sub": {"essential": True, "allow_blank": False},
        }
        params = {"nonce": nonce, "client_id": self._client_id, "access_token": access_token}
        try:
            decoded = self._decoded(id_token)
            claims = CodeIDToken(decoded.claims, decoded.header, options, params)
            claims.validate(leeway=LEEWAY)
        except (JoseError, ValueError, TypeError) as error:
            raise ProviderRefused(f"the id_token is not valid: {type(error).__name__} {error}") from error
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if self._client_id not in audience or not claims["sub"] or claims.get("nonce") != nonce:
            raise ProviderRefused("the id_token is for somebody else")
        return claims

    def _decoded(self, id_token: str) -> jwt.Token:
        """The token with its signature checked; keys are asked for again when none fits, as after a rotation."""
        self._ask_keys(DOCUMENT_LASTS)
        try:
            return jwt.decode(id_token, self._keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            self._ask_keys(KEYS_ASKED_EVERY)
            return jwt.decode(id_token, self._keys, algorithms=ALGORITHMS)

    def _ask_keys(self, older_than: float) -> None:
        with self._lock:
            if self._keys_at and time.monotonic() - self._keys_at < older_than:
                return
            keys = _fetch(self._about("jwks_uri")).get("keys")
            listed = [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
            signing = [key for key in listed if key.get("kty") != "oct" and key.get("use") != "enc"]
            try:
                self._keys = KeySet.import_key_set({"keys": signing})
            except (JoseError, ValueError, TypeError) as error:
                raise ProviderRefused(f"the keys cannot be read: {error}") from error
            self._keys_at = time.monotonic()

    def _about(self, name: str) -> str:
        found = self._describe().get(name)
        if not isinstance(found, str):
            raise ProviderRefused(f"the provider does not say its {name}")
        return _secure(found)

    def _describe(self) -> dict[str, Any]:
        if not self._document or time.monotonic() - self._document_at > DOCUMENT_LASTS:
            document = _fetch(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            if document.get("issuer") != self._issuer:
                raise ProviderRefused(f"{self._issuer} calls itself {document.get('issuer')!r}")
            self._document, self._document_at = document, time.monotonic()
        return self._document

    def _is_verified(self, claims: CodeIDToken) -> bool:
        """Whether the address is this person's: the provider says so, or is trusted by name where it says nothing."""
        claim = claims.get("email_verified")
        return claim is True or (self._trusts_emails and (claim is None or claim == "true"))

    def _read(self, claims: CodeIDToken) -> Identity:
        subject, groups = str(claims["sub"]), claims.get(self._groups)
        if not subject.isprintable():
            raise ProviderRefused(f"the subject {subject!r} holds what cannot be shown")
        listed = groups.split() if isinstance(groups, str) else groups if isinstance(groups, list) else []
        return Identity(
            self._issuer,
            subject,
            _text(claims.get("name"))[:200] or subject,
            email_key(_text(claims.get("email"))) if self._is_verified(claims) else "",
            tuple(group for group in listed if _text(group)),
        )


def _text(claim: object) -> str:
    """A claim that is a text which can be shown; of any other kind it says nothing."""
    return claim if isinstance(claim, str) and claim.isprintable() else ""


def _secure(url: str) -> str:
    """The address of the provider, where it is one with TLS or on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and (parts.scheme != "http" or parts.hostname not in LOOPBACK):
        raise ProviderRefused(f"{url} has no TLS")
    return url


def _fetch(url: str) -> dict[str, Any]:
    """A JSON document of the provider."""
    try:
        answer = httpx2.get(_secure(url), timeout=TIMEOUT, follow_redirects=False)
        answer.raise_for_status()
        found = answer.json()
    except (httpx2.HTTPError, ValueError, RecursionError) as error:
        raise ProviderRefused(f"{url} does not answer: {type(error).__name__}") from error
    return found if isinstance(found, dict) else {}
