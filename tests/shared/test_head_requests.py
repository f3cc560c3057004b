"""What monitors, mail scanners and the entrance ask, without a person behind it."""

import pytest

from shared.settings import SERVICES
from tests.people import browser_of

pytestmark = pytest.mark.usefixtures("clean")
HEALTH = [
    f"{prefix}/{page}" for prefix in ("", *(f"/{service}" for service in SERVICES)) for page in ("healthz", "readyz")
]


@pytest.mark.parametrize("path", [*HEALTH, "/sign-in", "/notify/answer/x"])
def test_the_head_alone_can_be_had_of_health_the_sign_in_and_the_links_of_mails(path: str) -> None:
    nobody = browser_of(None)
    head, whole = nobody.head(path), nobody.get(path)
    assert head.status_code == whole.status_code != 405
    assert head.headers["content-type"] == whole.headers["content-type"]


def test_the_sign_in_for_flower_leads_to_flower_and_not_to_the_question_of_the_entrance() -> None:
    assert browser_of(None).get("/ops/flower-auth").headers["location"] == "/sign-in?next=%2Fops%2Fflower%2F"
