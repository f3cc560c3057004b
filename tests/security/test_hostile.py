"""What files and forms carry stays text: in pages, in spreadsheets, in text tables and in mails."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.notify.mailer.messages import HeaderRefused, Letter, message
from shared.access.policy import PERMISSIONS, ROLES
from shared.access.tokens import create_token
from shared.db import transaction
from shared.delivery.outbox import publish
from shared.events import DirectoryLoaded, DirectoryPerson, DirectorySchool
from shared.web.limits import limiter
from tests.ingest.test_api import ROW, workbook
from tests.people import add_people, api_of, browser_of
from tests.security.hostile import MARK, STRINGS, broken_csv, broken_html, broken_workbook
from tests.security.routes import SURFACES, Surface
from tests.sesr.world import open_incident
from tests.stack import deliver, wipe

STREAMS = ("/sesr/board/stream",)
IDS = {"upload_id": "select upload_id from ingest.upload", "mail_id": "select mail_id from notify.mail",
       "report_id": "select report_id from sesr.report", "incident_id": "select incident_id from sesr.incident",
       "item_id": "select item_id from tracker.item"}  # fmt: skip


def key(number: int) -> str:
    return f"14{number:03}01"


def load_directory() -> None:
    schools = [
        DirectorySchool(key(n), f"4{n:03}", key(n), word, "Elementary", word, word, word, 10, 1, 2, 3, 4, word, word)
        for n, word in enumerate(STRINGS)
    ]
    people = [
        DirectoryPerson(f"director:{n}", word, f"director{n}@lausd.example", "director", [key(n)], [word])
        for n, word in enumerate(STRINGS)
    ]
    with transaction("ingest") as session:
        publish(session, DirectoryLoaded(revision=1, part=1, parts=1, schools=schools, people=people))
    deliver()


def load_extraction() -> None:
    rows: list[tuple[object, ...]] = [
        (word, f"4{n:03}", word, word, word, "Parents", word, word, *ROW[8:]) for n, word in enumerate(STRINGS)
    ]
    answer = api_of("central").post(
        "/ingest/api/v1/uploads", files={"file": (f"{STRINGS[0]}.xlsx", workbook(rows))}, params={"dry_run": False}
    )
    assert answer.status_code in (201, 202, 409), answer.text
    if answer.status_code == 409:
        number = answer.json().get("upload_id") or re.search(r"[0-9a-f-]{36}", answer.text)
        api_of("central").post(f"/ingest/api/v1/uploads/{getattr(number, 'group', lambda: number)()}/publish")
    deliver()


def send_reports() -> None:
    open_incident(name=STRINGS[0])
    central = api_of("central")
    for n, word in enumerate(STRINGS):
        limiter.clear()
        sent = {"report_id": str(uuid4()), "school_key": key(n), "counts": {"students_present": 3}}
        words = {name: word[:60].strip() for name in ("commander", "reason", "proxy_for")}
        central.post("/sesr/api/v1/reports", json={**sent, **words})
    deliver()


def name_things() -> None:
    """People, tokens, saved views: what forms of our own keep."""
    with transaction("ingest") as session:
        for n, word in enumerate(STRINGS):
            create_token(session, word, "central", [word], timedelta(days=1), word)
            session.execute(
                text("insert into access.person(person_id, name, email) values (:id, :word, :word)"),
                {"id": f"{n}{word}", "word": word},
            )
    for word in STRINGS:
        browser_of("central").post("/rates/views", data={"name": word[:80], "query": f"q={quote(word)}"})


@pytest.fixture(scope="module")
def world(stack_servers: object) -> None:
    """A district in which everything that can be named is named to break out."""
    wipe()
    add_people()
    load_directory()
    load_extraction()
    send_reports()
    name_things()


def addresses(surface: Surface) -> Iterator[str]:
    """The route's address for what there is, and with every string in every place of the address."""
    known = {
        "school_key": key(0),
        "key": key(0),
        "ploc": "4000",
        "kind": "participation",
        "term": "Sp24",
        "on": "2025-02-21",
    }
    for name, query in IDS.items():
        if f"{{{name}}}" in surface.path:
            known[name] = _first(query)
    yield re.sub(r"\{(\w+)(:\w+)?\}", lambda found: quote(str(known.get(found[1], "1")), safe=""), surface.path)
    if "{" in surface.path:
        yield re.sub(r"\{\w+(:\w+)?\}", quote(STRINGS[0], safe=""), surface.path)
    yield f"{surface.address}?" + "&".join(f"{name}={quote(STRINGS[1])}" for name in ("q", "school", "region", "sort"))


def _first(query: str) -> str:
    service = query.split(" from ")[1].split(".")[0]
    with transaction(service) as session:
        return str(session.execute(text(f"{query} limit 1")).scalar())


READS = [surface for surface in SURFACES if surface.method == "GET" and surface.path not in STREAMS]


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("service", sorted({surface.service for surface in READS}))
def test_nothing_breaks_out_of_any_answer(service: str) -> None:
    clients = {role: browser_of(role) for role in ROLES}
    marked = 0
    for surface in (surface for surface in READS if surface.service == service):
        holders = PERMISSIONS.get(str(surface.permission), frozenset(ROLES))
        client = clients[next(role for role in ROLES if role in holders)]
        for address in addresses(surface):
            answer = client.get(address)
            kind = answer.headers.get("content-type", "")
            assert answer.status_code < 500 or answer.status_code == 503, address
            marked += MARK in answer.text
            found = broken_html(answer.text) if kind.startswith("text/html") else []
            found += broken_csv(answer.text) if kind.startswith("text/csv") else []
            found += broken_workbook(answer.content) if answer.content[:2] == b"PK" else []
            assert found == [], f"{address}: {found[:3]}"
            assert not any(MARK in value and "\n" in value for value in answer.headers.values())
    assert marked > 0, "the strings never came back: the test tries nothing"


@pytest.mark.usefixtures("world")
def test_nothing_breaks_out_of_any_mail() -> None:
    with transaction("notify") as session:
        rows = session.execute(text("select to_jsonb(m) as mail from mail m")).scalars().all()
    assert rows
    for mail in rows:
        html = next((value for name, value in mail.items() if isinstance(value, str) and "<html" in value), "")
        assert broken_html(html) == []
        assert not any(sign in mail["subject"] for sign in ("\r", "\n"))


@pytest.mark.parametrize("field", ["rcpt", "subject", "message_id"])
@pytest.mark.parametrize(
    "word", ["a\r\nBcc: x@evil.example", "a\nx", "=?utf-8?q?a=0d=0aBcc:x?=", "a\x00", "a\x85b", "a\u2028b"]
)
def test_a_header_of_a_mail_takes_nothing_that_could_end_it(field: str, word: str) -> None:
    good = Letter("a@lausd.example", "s", "b", "<p>", "<1@lausd.example>")
    assert message(good, "SES <ses@lausd.example>", "ses@lausd.example")
    with pytest.raises(HeaderRefused):
        changed = good._replace(**{field: word})  # type: ignore[arg-type]
        message(changed, "SES <ses@lausd.example>", "ses@lausd.example")


@pytest.mark.parametrize(
    ("broken", "what"),
    [(f"<p><{MARK}></p>", broken_html), (f'<a on{MARK}="1">', broken_html), (f"a,={MARK}", broken_csv)],
)
def test_what_looks_for_a_break_finds_one(broken: str, what: Any) -> None:
    assert what(broken) != []
