"""The session of a school goes on over the school day to report strike counts, and for nothing else."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from shared.access import start_session
from shared.access.people import set_active, take_role
from shared.access.policy import PERMISSIONS, REPORTERS, REPORTING
from shared.access.sessions import live_sessions
from shared.db import transaction
from shared.settings import settings
from shared.web.requests import session_limits
from tests.people import PEOPLE, browser_of
from tests.sesr.test_pages import filled
from tests.sesr.world import body, load_schools, open_incident

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture(autouse=True)
def incident(clean: None) -> str:
    load_schools()
    return open_incident()


def idle_for(length: timedelta, started: timedelta | None = None) -> None:
    """All sessions were last used so long ago, and began then or earlier."""
    values = {"idle": length, "started": started or length, "absolute": timedelta(hours=12)}
    with transaction("ingest") as session:
        session.execute(
            text("""
                update access.session
                set last_seen_at = now() - :idle, reported_at = now() - :idle, started_at = now() - :started,
                  expires_at = now() - :started + :absolute
            """),
            values,
        )


def sends(client: TestClient) -> int:
    """The status of a report by the API, which looks the session up in its own way."""
    client.headers["accept"] = "application/json"
    status = client.post("/sesr/api/v1/reports", json=body()).status_code
    client.headers["accept"] = "text/html"
    return int(status)


def test_after_five_hours_a_principal_sends_a_report_and_is_asked_to_sign_in_everywhere_else() -> None:
    principal = browser_of("principal")
    idle_for(timedelta(hours=5))
    form = principal.get("/sesr/report")
    assert form.status_code == 200
    sent = principal.post("/sesr/report", data=filled(form.text, students_present="310"))
    assert principal.get(sent.headers["location"]).status_code == 200
    assert sends(principal) == 201
    for path in ("/", "/rates/", "/tracker/", "/sesr/board", "/access/people", "/sesr/cards"):
        answer = principal.get(path)
        assert answer.status_code in (303, 307) and "/sign-in" in answer.headers["location"], path
    assert principal.post("/role", data={"role": "principal"}).status_code == 401
    assert "Signed in as" not in principal.get("/sign-in").text
    assert 'href="/rates/"' not in form.text and 'href="/sesr/"' in form.text


@pytest.mark.parametrize("role", PEOPLE)
def test_only_who_reports_for_a_school_keeps_a_session_for_it(role: str) -> None:
    client = browser_of(role)
    idle_for(timedelta(hours=5))
    assert (client.get("/sesr/report").status_code == 200) == (role in REPORTERS)


def test_reporting_renews_it_for_reporting_alone_and_a_day_after_signing_in_it_ends() -> None:
    principal = browser_of("principal")
    for started, is_open in ((11, True), (22, True), (25, False)):
        idle_for(timedelta(hours=11), timedelta(hours=started))
        assert (sends(principal) == 201) == is_open
        with transaction("ingest") as session:
            held = text("""
                select reported_at > now() - interval '1 minute', last_seen_at < now() - interval '10 hours'
                from access.session where role = 'principal'
            """)
            assert tuple(session.execute(held).one()) == (is_open, True)
    idle_for(timedelta(hours=13))
    assert sends(principal) == 401


@pytest.mark.parametrize("end", ["signed out", "account closed", "role taken", "ended by operations"])
def test_what_ends_a_session_ends_its_reporting_too(end: str) -> None:
    principal, ops = browser_of("principal"), browser_of("ops")
    with transaction("ingest") as session:
        session.execute(
            text("update access.session set last_seen_at = now() - interval '5 hours' where role = 'principal'")
        )
        [listed] = live_sessions(session, session_limits(), "principal@lausd.example")
    if end == "signed out":
        assert principal.post("/sign-out").status_code == 303
        assert sends(principal) in (401, 403)
        return
    if end == "ended by operations":
        assert ops.post("/access/sessions/end", data={"id": listed.id}).status_code == 303
    else:
        with transaction("ingest") as session:
            if end == "account closed":
                set_active(session, "principal@lausd.example", False)
            else:
                take_role(session, "principal@lausd.example", "principal")
    assert sends(principal) == 401


def test_a_session_that_reports_carries_no_permission_to_write_anything_but_reports() -> None:
    assert REPORTING == {"sesr.report", "sesr.see", "session.end"}
    assert all(set(REPORTERS) <= PERMISSIONS[permission] for permission in REPORTING)


def test_the_setting_ends_it_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    principal = browser_of("principal")
    monkeypatch.setattr(settings(), "strike_session_hours", 2)
    idle_for(timedelta(hours=3))
    assert sends(principal) == 401
    with transaction("ingest") as session:
        start_session(session, "designee@lausd.example", "designee", timedelta(hours=12))
    idle_for(timedelta(minutes=90))
    assert sends(principal) == 201
