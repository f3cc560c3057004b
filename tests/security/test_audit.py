"""The audit log: searched, exported, never changed, without phone numbers."""

import re
from html import unescape

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from shared.access import audit
from shared.db import transaction
from shared.settings import SERVICES
from tests.people import api_of, browser_of

pytestmark = pytest.mark.usefixtures("clean")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("change", ["update audit set actor = 'nobody'", "delete from audit", "truncate audit"])
def test_a_service_cannot_change_its_own_audit_log(service: str, change: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction(service) as session:
        session.execute(text(change))


def test_what_was_done_is_found_with_who_when_and_from_where() -> None:
    browser_of("ops").post("/access/people/desk%40lausd.example/sessions/end")
    found = api_of("central").get("/ingest/api/v1/audit", params={"q": "desk@"}).json()["audit"]
    assert [(row["actor"], row["action"]) for row in found] == [("ops@lausd.example as ops", "sessions ended")]
    assert "address: testclient" in found[0]["detail"] and "request: " in found[0]["detail"]


@pytest.mark.parametrize("service", SERVICES)
def test_the_page_and_the_export_of_each_service_show_the_same_rows_in_pages(service: str) -> None:
    with transaction(service) as session:
        for number in range(101):
            audit(session, "somebody", "did", f"object {number}", {"phone": "310-555-0142", "x": "=1+1"})
    client = browser_of("central")
    shown = client.get(f"/{service}/audit").text
    assert "object 100" in shown and "object 0<" not in shown and "310-555" not in shown
    (link,) = re.findall(r'rel="next" href="([^"]+)"', shown)
    assert "object 0<" in client.get(unescape(link)).text
    older = api_of("central").get(f"/{service}/api/v1/audit", params={"limit": 100}).json()
    last = api_of("central").get(f"/{service}/api/v1/audit", params={"cursor": older["next"]}).json()["audit"]
    assert [row["object"] for row in last] == ["object 0"]
    exported = client.get(f"/{service}/audit.csv")
    assert exported.text.count("object ") == 101 and "310-555" not in exported.text
    assert exported.headers["content-disposition"] == f'attachment; filename="audit-{service}.csv"'


def test_days_are_the_districts_and_a_wrong_day_asks_for_all() -> None:
    with transaction("rates") as session:
        audit(session, "somebody", "did", "it")
    client = api_of("central")
    for params, count in (({"since": "2999-01-01"}, 0), ({"until": "2001-01-01"}, 0), ({"since": "soon"}, 1)):
        assert len(client.get("/rates/api/v1/audit", params=params).json()["audit"]) == count
