"""Reports that come by their key after the session ended: whose they are, what is held, what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import text

from services.sesr.rules.keys import ARRIVES_WITHIN, BadKey, ReportKey, person_key, read, sign
from shared.db import transaction
from shared.settings import settings
from tests.people import api_of, browser_of
from tests.sesr.world import ALDER, CEDAR, body, load_schools, open_incident
from tests.stack import deliver

pytestmark = pytest.mark.usefixtures("clean")
QUEUED = "/sesr/api/v1/reports/queued"
NOW = datetime(2026, 3, 24, 19, 0, tzinfo=UTC)
KEY = ReportKey("principal@lausd.example", "principal", NOW)


@pytest.fixture(autouse=True)
def incident(clean: None) -> str:
    load_schools()
    return open_incident()


def key_of(role: str, hours: float = 12) -> str:
    until = datetime.now(UTC) + timedelta(hours=hours)
    secret = settings().link_key.get_secret_value().encode()
    return sign(secret, ReportKey(f"{role}@lausd.example", role, until))


def queued(role: str, sender: str | None = None, **other: Any) -> Response:
    """A report by the key of a role's person; `sender` is who is signed in on the device."""
    return api_of(sender).post(QUEUED, json={**body(), "report_token": key_of(role), **other})


def kept() -> list[Any]:
    with transaction("sesr") as session:
        return list(session.execute(text("select author, author_name, by_key, counts from report")).all())


def test_a_key_says_who_and_nothing_else_can_be_made_of_it() -> None:
    made = sign(b"secret", KEY)
    assert read(b"secret", made, NOW) == KEY
    payload, _, mac = made.partition(".")
    for wrong in (f"{payload[:-2]}AA.{mac}", f"{payload}.{mac[:-2]}AA", payload, "", ".", "x" * 5000, "ü.ü"):
        with pytest.raises(BadKey):
            read(b"secret", wrong, NOW)
    with pytest.raises(BadKey):
        read(b"another", made, NOW)
    with pytest.raises(BadKey):
        read(b"secret", made, NOW + ARRIVES_WITHIN + timedelta(seconds=1))
    assert "principal" not in person_key(KEY.person_id)


def test_a_report_by_key_is_its_writers_whoever_is_signed_in() -> None:
    answer = queued("principal", "desk")
    assert (answer.status_code, answer.json()["repeated"]) == (201, False)
    [row] = kept()
    assert (row.author, row.author_name, row.by_key) == ("principal@lausd.example as principal", "Lindqvist, Per", True)


def test_a_cookie_beside_the_key_is_ignored_also_one_without_its_form_token() -> None:
    client = browser_of("central")
    del client.headers["x-csrf-token"]
    answer = client.post(QUEUED, json={**body(), "report_token": key_of("principal")})
    assert answer.status_code == 201
    assert kept()[0].author_name == "Lindqvist, Per"
    elsewhere = client.post(
        QUEUED, json={**body(), "report_token": key_of("principal")}, headers={"origin": "https://elsewhere.example"}
    )
    assert elsewhere.status_code == 403


def test_a_key_gives_nothing_but_reports_of_its_persons_schools() -> None:
    assert queued("principal", school_key=CEDAR).status_code == 202
    assert kept() == []
    assert queued("principal", school_key="1999999").status_code == 404
    for path in ("/sesr/api/v1/reports?school_key=" + ALDER, "/sesr/report", "/sesr/api/v1/me"):
        bearer = {"authorization": f"Bearer {key_of('principal')}"}
        assert api_of(None).get(path, headers=bearer).status_code == 401


@pytest.mark.parametrize(
    ("role", "ended"),
    [
        ("designee", "delete from access.role_grant where role = 'designee'"),
        ("designee", "update access.person set deactivated_at = now() where person_id = 'designee@lausd.example'"),
        ("designee", "update access.role_grant set scope = '{}' where role = 'designee'"),
    ],
)
def test_a_report_of_who_may_not_report_any_more_is_held_and_counts_when_the_desk_accepts(
    role: str, ended: str
) -> None:
    with transaction("ingest") as session:
        session.execute(text(ended))
    sent = body()
    for _ in range(2):
        answer = api_of(None).post(QUEUED, json={**sent, "report_token": key_of(role)})
        assert (answer.status_code, answer.json()["held"]) == (202, True)
    deliver()
    assert kept() == []
    desk = browser_of("desk")
    assert "by somebody who may not report any more" in desk.get("/sesr/board").text
    assert "Students present 310" in desk.get("/sesr/held").text
    with transaction("ingest") as session:
        session.execute(text("update access.role_grant set scope = '{W}' where role = 'desk'"))
    assert browser_of("desk").post(f"/sesr/held/{sent['report_id']}", data={"accept": "true"}).status_code == 404
    central = browser_of("central")
    assert central.post(f"/sesr/held/{sent['report_id']}", data={"accept": "true"}).status_code == 303
    assert central.post(f"/sesr/held/{sent['report_id']}", data={"accept": "false"}).status_code == 409
    [row] = kept()
    assert (row.author, row.by_key, row.counts["students_present"]) == ("designee@lausd.example as designee", True, 310)
    again = api_of(None).post(QUEUED, json={**sent, "report_token": key_of(role)})
    assert again.status_code == 202
    assert len(kept()) == 1


def test_what_no_form_can_send_is_not_kept_for_the_desk() -> None:
    with transaction("ingest") as session:
        session.execute(text("delete from access.role_grant where role = 'designee'"))
    answer = queued("designee", counts={"students_present": "9" * 100_000})
    assert (answer.status_code, answer.json()["code"]) == (422, "report_long")
    with transaction("sesr") as session:
        assert session.execute(text("select count(*) from held_report")).scalar_one() == 0


def test_a_held_report_that_is_refused_never_counts() -> None:
    with transaction("ingest") as session:
        session.execute(text("delete from access.role_grant where role = 'designee'"))
    sent = body()
    api_of(None).post(QUEUED, json={**sent, "report_token": key_of("designee")})
    assert browser_of("desk").post(f"/sesr/held/{sent['report_id']}", data={"accept": "false"}).status_code == 303
    assert kept() == []
    assert "Nothing to decide on" in browser_of("desk").get("/sesr/held").text


def test_a_key_is_no_right_to_counts_that_are_made_after_it_ended() -> None:
    refused = api_of(None).post(QUEUED, json={**body(), "report_token": key_of("principal", hours=-1)})
    assert (refused.status_code, refused.json()["code"]) == (401, "not_signed_in")
    counted = datetime.now(UTC) - timedelta(hours=2)
    times = {"counted_at": counted.isoformat(), "sent_at": datetime.now(UTC).isoformat()}
    late = api_of(None).post(QUEUED, json={**body(), **times, "report_token": key_of("principal", hours=-1)})
    assert late.status_code in (201, 422)  # a count of yesterday evening is for yesterday
    assert "role" not in late.text


def test_nobody_sends_reports_without_end_by_a_key() -> None:
    answers = [queued("principal").status_code for _ in range(12)]
    assert (answers[0], answers[-1]) == (201, 429)
