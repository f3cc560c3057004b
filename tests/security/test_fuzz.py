"""What nobody would send on purpose, sent to every operation of every service's API as somebody who may use it."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi.openapi.utils import get_openapi
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok

from deploy.web import APPS
from shared.access.policy import PERMISSIONS, ROLES
from shared.web.limits import limiter
from tests.people import api_of
from tests.security.routes import SURFACES

EXAMPLES = 12
QUICK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def operations() -> Iterator[Any]:
    for service, app in APPS.items():
        described = get_openapi(title=service, version="1", routes=app.routes)
        for found in schemathesis.openapi.from_dict(described).get_all_operations():
            assert isinstance(found, Ok), found
            yield found.ok()


def role_for(operation: Any) -> str | None:
    """The first role that may use the operation; None where it brings a key of its own, which nobody here has."""
    permission = next(
        surface.permission
        for surface in SURFACES
        if (surface.method, surface.path) == (operation.method.upper(), operation.path)
    )
    if permission == "own key":
        return None
    return next(role for role in ROLES if role in PERMISSIONS[str(permission)])


OPERATIONS = list(operations())


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda found: f"{found.method.upper()} {found.path}")
def test_whatever_is_sent_is_answered_in_the_shape_of_the_contract(operation: Any) -> None:
    role = role_for(operation)
    client = api_of(role)

    @QUICK
    @given(case=operation.as_strategy())
    def send(case: Any) -> None:
        limiter.clear()
        sent = case.as_transport_kwargs(base_url=str(client.base_url).rstrip("/"))
        headers = {name: value for name, value in sent.pop("headers").items() if name.lower() not in ("cookie", "host")}
        sent.pop("cookies", None)
        answer = client.request(**sent, headers=headers)
        assert answer.status_code < 500 and (answer.status_code != 401 or role is None), answer.text
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] and answer.json()["detail"]

    send()


def test_every_service_has_operations_under_test() -> None:
    assert {operation.path.split("/")[1] for operation in OPERATIONS} == set(APPS)
