"""A provider of sign-ins that runs beside the tests, its accounts, and a browser's way through it."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from deploy.embedded.servers import free_port
from services.ingest.pages.sign_in import provider
from shared.settings import settings
from tests.deploy.waiting import until


@pytest.fixture(scope="session")
def issuer() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "-p", str(port), "-n", "true"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(address))
        yield address
    finally:
        child.terminate()
        child.wait(10)


def _answers(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/jwks", timeout=1).status_code == 200
    except httpx2.HTTPError:
        return False


@pytest.fixture
def sso(clean: None, issuer: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(settings(), "oidc_issuer", issuer)
    monkeypatch.setattr(settings(), "oidc_client_id", "ses")
    monkeypatch.setattr(settings(), "oidc_client_secret", SecretStr("client secret"))
    provider.cache_clear()
    yield issuer
    provider.cache_clear()


def account(issuer: str, sub: str, **claims: Any) -> str:
    """Makes an account at the provider."""
    httpx2.put(f"{issuer}/users/{sub}", json=claims).raise_for_status()
    return sub


def to_provider(client: TestClient, path: str = "/") -> str:
    """Starts a sign-in; the provider's address to which the browser was sent."""
    started = client.get("/sign-in/start", params={"next": path})
    assert started.status_code == 303, started.text
    return str(started.headers["location"])


def agree(address: str, sub: str) -> str:
    """The person agrees at the provider; the path with which the browser comes back."""
    answered = httpx2.post(address, data={"sub": sub}, follow_redirects=False)
    back = urlsplit(answered.headers["location"])
    return f"{back.path}?{back.query}"


def signed_in(client: TestClient, sub: str, path: str = "/") -> Any:
    return client.get(agree(to_provider(client, path), sub))
