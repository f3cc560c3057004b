"""The audit log: searched, exported, never changed, without phone numbers."""

import re
from html import unescape

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from shared.access import audit
from shared.access.actors import actor_words
from shared.db import transaction
from shared.privacy.purge import purge_personal
from shared.settings import SERVICES
from tests.people import api_of, browser_of
from tests.stack import owner

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


@pytest.mark.parametrize(
    ("actor", "shown"),
    [
        ("ana@lausd.example as principal", "ana@lausd.example (Principal)"),
        ("service:1f0c as central", "a program (Central office)"),
        ("service:folder-weekly as central", "drop folder weekly"),
        ("command line", "command line"),
        ("sold as seen", "sold as seen"),
    ],
)
def test_who_did_something_is_named_on_the_page_as_people_are(actor: str, shown: str) -> None:
    assert actor_words(actor) == shown
    with transaction("tracker") as session:
        audit(session, actor, "did", "something")
    assert f'<td data-label="Who">{shown}</td>' in browser_of("central").get("/tracker/audit").text


PHONE, PASSWORD = "310-555-0142", "postgresql://ses:hunter2@db/ses"


@pytest.mark.parametrize("q", ["310", "555-0142", "0142", "310-555-0142", "hunter2", "HUNTER2", "_", "hunter_"])
def test_a_search_confirms_nothing_that_is_masked(q: str) -> None:
    with transaction("sesr") as session:
        for place in range(3):
            audit(
                session, "somebody", "did", f"call {PHONE} or (310) 555-0142", {"n": place, "x": PHONE, "url": PASSWORD}
            )
    with transaction("sesr") as session:
        audit(session, "somebody", "did", "room 310", {"x": "the 0142"})
    found = api_of("central").get("/sesr/api/v1/audit", params={"q": q}).json()["audit"]
    assert [row["object"] for row in found] == (["room 310"] if q in ("310", "0142") else [])
    assert api_of("central").get("/sesr/api/v1/audit", params={"q": "call [phone]"}).json()["audit"] == []


def test_a_search_goes_on_past_rows_that_only_what_is_masked_would_find() -> None:
    with transaction("rates") as session:
        audit(session, "somebody", "did", "0142 first")
        for _ in range(250):
            audit(session, "somebody", "did", f"call {PHONE}")
        audit(session, "somebody", "did", "0142 last")
    client, found, cursor = api_of("central"), [], None
    for _ in range(3):
        params: dict[str, str | int] = {"q": "0142", "limit": 1, **({"cursor": cursor} if cursor else {})}
        answer = client.get("/rates/api/v1/audit", params=params).json()
        found += [row["object"] for row in answer["audit"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert found == ["0142 last", "0142 first"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_purges_what_is_older_than_the_days_and_never_what_is_younger_than_a_year(service: str) -> None:
    with owner() as connection:
        for days in (1, 200, 366, 1099, 1101):
            connection.execute(
                f"insert into {service}.audit(at, actor, action, object, detail)"
                f" values (now() - interval '{days} days', 'x', 'old', '{days}', '{{}}')"
            )
    for asked_for, left in ((None, ["1", "200", "366", "1099"]), (30, ["1", "200"])):
        with transaction(service) as session:
            purge_personal(session, service, asked_for)
        with transaction(service) as session:
            rows = session.execute(text("select object from audit where action = 'old' order by at desc"))
            assert list(rows.scalars()) == left
    with transaction(service) as session:
        assert session.execute(text("select purge_audit(-5)")).scalar_one() == 0


def test_days_are_the_districts_and_a_wrong_day_asks_for_all() -> None:
    with transaction("rates") as session:
        audit(session, "somebody", "did", "it")
    client = api_of("central")
    for params, count in (({"since": "2999-01-01"}, 0), ({"until": "2001-01-01"}, 0), ({"since": "soon"}, 1)):
        assert len(client.get("/rates/api/v1/audit", params=params).json()["audit"]) == count
