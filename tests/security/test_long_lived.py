"""What lasts longer than a request asks again whom it serves: a stream, a link in a mail, an export, a session."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from services.notify.rules.routes import HEAD
from services.sesr.pages.board import _may_go_on
from shared.access import Credential, SessionLimits, end_session, issue_token, start_session, who_is
from shared.access.people import set_active, take_role
from shared.db import transaction
from shared.web.clock import today
from tests.notify.telling import VEGA, first_mails, rows_of
from tests.notify.test_answers import link_of
from tests.people import api_of, browser_of
from tests.sesr.world import ALDER, body, load_schools, open_incident
from tests.stack import deliver

pytestmark = pytest.mark.usefixtures("clean")
IDLE = SessionLimits(timedelta(minutes=30))


def test_a_board_that_a_token_opened_ends_with_the_token() -> None:
    opened_by = Credential("token", issue_token("central"))
    with transaction("sesr") as session:
        who = who_is(session, opened_by, IDLE)
    assert who is not None
    may_go_on = _may_go_on(opened_by, who)
    assert may_go_on()
    with transaction("ingest") as session:
        session.execute(text("update access.token set revoked_at = now()"))
    assert not may_go_on()
    assert not _may_go_on(None, who)()


@pytest.mark.parametrize("end", ["signed out", "closed", "role taken", "scope changed"])
def test_a_board_that_a_session_opened_ends_with_what_it_was_opened_by(end: str) -> None:
    with transaction("ingest") as session:
        token = start_session(session, "desk@lausd.example", "desk", timedelta(days=1))
    opened_by = Credential("session", token)
    with transaction("sesr") as session:
        who = who_is(session, opened_by, IDLE)
    assert who is not None
    may_go_on = _may_go_on(opened_by, who)
    assert may_go_on()
    with transaction("ingest") as session:
        if end == "signed out":
            end_session(session, token)
        elif end == "closed":
            set_active(session, "desk@lausd.example", False)
        elif end == "role taken":
            take_role(session, "desk@lausd.example", "desk")
        else:
            session.execute(text("update access.role_grant set scope = '{W}' where role = 'desk'"))
    assert not may_go_on()


def is_idle() -> bool:
    with transaction("ingest") as session:
        idle = text("select last_seen_at < now() - interval '19 minutes' from access.session")
        return bool(session.execute(idle).scalar_one())


def test_a_page_that_refreshes_itself_keeps_no_session_alive() -> None:
    client = browser_of("ops")
    with transaction("ingest") as session:
        session.execute(text("update access.session set last_seen_at = now() - interval '20 minutes'"))
    for _ in range(2):
        assert client.get("/ingest/ops/state").status_code == 200
    assert is_idle()
    assert client.get("/ops").status_code == 200
    assert not is_idle()


@pytest.mark.parametrize("end", ["closed", "role taken"])
def test_a_link_of_a_mail_ends_with_the_account_and_with_the_role(end: str) -> None:
    first_mails()
    link = link_of(VEGA)
    assert browser_of(None).get(link).status_code == 200
    with transaction("ingest") as session:
        if end == "closed":
            set_active(session, "director@lausd.example", False)
        else:
            take_role(session, "director@lausd.example", "director")
    assert browser_of(None).get(link).status_code == 404
    assert browser_of(None).post(link, data={"plan": "still here"}).status_code == 404
    assert rows_of("select count(*) as n from acknowledgement")[0].n == 0


def test_a_link_of_a_region_ends_with_that_region_though_another_is_headed() -> None:
    first_mails()
    link, head = link_of(VEGA), "head@lausd.example"
    with transaction("notify") as session:
        session.execute(text("update digest set kind = 'escalation', director_key = :key"), {"key": f"{HEAD}E"})
        session.execute(text("update mail set rcpt = :head"), {"head": head})
        session.execute(
            text("insert into region_head(region, name, email) values ('E', 'Head', :head)"), {"head": head}
        )
    assert browser_of(None).get(link).status_code == 200
    with transaction("notify") as session:
        session.execute(text("update region_head set region = 'W'"))
    assert browser_of(None).get(link).status_code == 404


def test_an_export_is_gone_once_the_schools_have_changed() -> None:
    client = browser_of("director")
    made = client.post("/tracker/exports", data={"kind": "book"})
    assert made.status_code == 303, made.text
    place = made.headers["location"]
    assert client.get(place).status_code == 200
    with transaction("ingest") as session:
        session.execute(text("update access.role_grant set scope = '{1400101}' where role = 'director'"))
    for path in (place, f"{place}/file"):
        assert client.get(path).status_code == 404
    assert place not in client.get("/tracker/exports").text


def test_only_who_may_call_schools_sees_names_phones_and_notes_on_the_board() -> None:
    load_schools()
    incident = open_incident()
    report = {**body(school_key=ALDER), "commander": "Quillfeather", "cell": "310-555-0187"}
    assert api_of("principal").post("/sesr/api/v1/reports", json=report).status_code == 201
    deliver()
    desk = browser_of("desk")
    note = {
        "incident": incident,
        "incident_id": incident,
        "school_key": "1400201",
        "outcome": "no_answer",
        "note": "ask Quillfeather",
    }
    desk.post("/sesr/chase", data={**note, "day": str(today())})
    secret = ("Quillfeather", "310-555-0187", "213-555-0101", "213-555-0102")
    for path in ("/sesr/board", "/sesr/board/live", "/sesr/board.csv", "/sesr/api/v1/board"):
        shown = browser_of("director").get(path).text
        assert [word for word in secret if word in shown] == [], path
    assert "213-555-0102" in desk.get("/sesr/board").text
