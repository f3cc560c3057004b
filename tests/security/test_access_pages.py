"""Operations decide who comes in: people, roles, sessions and tokens on pages, each change in the audit log."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from services.ingest.pages.sign_in import signed_in
from shared.access import Credential, SessionLimits, hash_of, start_session, who_is
from shared.access.people import grant
from shared.db import transaction
from shared.settings import settings
from shared.web.requests import cookie_name
from tests.people import api_of, browser_of

pytestmark = pytest.mark.usefixtures("clean")
DESK = "/access/people/desk%40lausd.example"


def send(client: TestClient, path: str, expect: int = 303, **form: str) -> str:
    answer = client.post(path, data=form)
    assert answer.status_code == expect, answer.text
    return answer.text


def audited() -> list[str]:
    with transaction("ingest") as session:
        return list(session.execute(text("select action from audit order by id")).scalars())


def test_a_token_is_shown_once_works_within_its_role_and_ends_when_revoked() -> None:
    ops = browser_of("ops")
    made = send(ops, "/access/tokens", 200, label="nightly export", role="director", scope="1400101", days="30")
    token = re.search(r"<p><code>([\w-]{43})</code></p>", made)
    assert token is not None
    program = api_of(None)
    program.headers["authorization"] = f"Bearer {token[1]}"
    assert program.get("/rates/api/v1/rates").status_code == 200
    assert program.get("/ingest/api/v1/uploads").status_code == 403
    listed = ops.get("/access/tokens").text
    assert "nightly export" in listed and token[1] not in listed
    with transaction("ingest") as session:
        kept = session.execute(text("select cast(t as text) from access.token t")).scalar_one()
        assert token[1] not in kept and hash_of("token", token[1]).hex() in kept
    send(ops, "/access/tokens/revoke", id=hash_of("token", token[1]).hex())
    assert program.get("/rates/api/v1/rates").status_code == 401
    assert audited() == ["token made", "token revoked"]


def test_ending_a_persons_sessions_ends_them_at_the_next_request() -> None:
    desk, ops = browser_of("desk"), browser_of("ops")
    assert desk.get("/rates/").status_code == 200
    assert "Brandt, Uwe" in ops.get("/access/sessions").text
    send(ops, f"{DESK}/sessions/end")
    assert desk.get("/rates/").status_code == 303
    assert ops.get("/rates/").status_code == 200


def test_one_session_can_be_ended_by_its_id_and_the_others_stay() -> None:
    first, second, ops = browser_of("desk"), browser_of("desk"), browser_of("ops")
    send(ops, "/access/sessions/end", id=hash_of("session", str(first.cookies[cookie_name()])).hex())
    assert (first.get("/rates/").status_code, second.get("/rates/").status_code) == (303, 200)


def test_a_closed_account_can_do_nothing_until_it_is_opened_again() -> None:
    ops = browser_of("ops")
    send(ops, f"{DESK}/active", active="false")
    assert browser_of("desk").get("/rates/").status_code == 303
    send(ops, f"{DESK}/active", active="true")
    assert browser_of("desk").get("/rates/").status_code == 200


def test_a_role_that_operations_give_works_at_once_and_a_role_taken_ends_its_sessions() -> None:
    ops, desk = browser_of("ops"), browser_of("desk")
    send(ops, f"{DESK}/roles", role="principal", scope="1400101, 1400102")
    assert "Switch to Principal" in desk.get("/").text
    switched = desk.post("/role", data={"role": "principal"})
    token = str(switched.cookies[cookie_name()])
    with transaction("ingest") as session:
        who = who_is(session, Credential("session", token), SessionLimits(timedelta(minutes=5)))
    assert who is not None and (who.role, who.scope) == ("principal", ("1400101", "1400102"))
    send(ops, f"{DESK}/roles/take", role="principal")
    with transaction("ingest") as session:
        assert who_is(session, Credential("session", token), SessionLimits(timedelta(minutes=5))) is None


def test_a_role_of_own_schools_is_not_given_without_them_and_one_that_has_none_says_so() -> None:
    ops = browser_of("ops")
    for scope in ("", " , "):
        assert "enter their keys" in send(ops, f"{DESK}/roles", 422, role="principal", scope=scope)
    send(ops, f"{DESK}/roles", role="central")
    with transaction("ingest") as session:
        grant(session, "desk@lausd.example", "director", [], "claims")
    shown = ops.get(DESK).text
    assert "the whole district" in shown and "none: sees no school" in shown


def test_nobody_switches_to_a_role_not_held() -> None:
    desk = browser_of("desk")
    send(desk, "/role", 403, role="central")
    send(desk, "/role", 403, role="king")


def test_operations_cannot_lock_themselves_out() -> None:
    ops = browser_of("ops")
    mine = "/access/people/ops%40lausd.example"
    send(ops, f"{mine}/active", 409, active="false")
    send(ops, f"{mine}/roles/take", 409, role="ops")


@pytest.mark.parametrize("person_id", ["nobody@lausd.example", "../../etc/passwd", "' or 1=1 --", "<script>"])
def test_a_person_who_does_not_exist_is_not_found(person_id: str) -> None:
    assert browser_of("ops").get(f"/access/people/{quote(person_id, safe='')}").status_code == 404


def test_people_are_found_by_name_and_the_search_takes_its_signs_literally() -> None:
    ops = browser_of("ops")
    assert "Vega, Marta" in ops.get("/access/people", params={"q": "vega"}).text
    for literal in ("%", "_____", "\\"):
        assert "No one found" in ops.get("/access/people", params={"q": literal}).text


def test_an_idle_session_ends_and_so_does_one_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    client = browser_of("central")
    with transaction("ingest") as session:
        session.execute(text("update access.session set last_seen_at = now() - interval '31 minutes'"))
    assert client.get("/rates/").status_code == 303
    old = browser_of("central")
    with transaction("ingest") as session:
        session.execute(text("update access.session set expires_at = now() - interval '1 second'"))
    assert old.get("/rates/").status_code == 303


@pytest.mark.parametrize(("signed_in_anew", "said"), [(False, "no longer signed in"), (True, "no longer valid")])
def test_what_was_typed_in_a_session_that_has_ended_is_shown_to_copy_it(signed_in_anew: bool, said: str) -> None:
    client = browser_of("central")
    form = {"csrf": client.headers.pop("x-csrf-token"), "name": "The <b>north</b>", "query": "?region=N"}
    with transaction("ingest") as session:
        session.execute(text("update access.session set ended_at = now()"))
    if signed_in_anew:
        client.cookies.set(cookie_name(), str(browser_of("central").cookies[cookie_name()]))
    page = f"{client.base_url}/rates/?region=N"
    refused = client.post("/rates/views", data=form, headers={"referer": page, "sec-fetch-site": "same-origin"})
    assert refused.status_code == (403 if signed_in_anew else 401)
    assert said in refused.text
    assert "What you typed" in refused.text and "The &lt;b&gt;north&lt;/b&gt;" in refused.text
    assert "<dt>Csrf" not in refused.text and "<dt>Query" not in refused.text
    assert ("/sign-in?next=%2Frates%2F%3Fregion%3DN" in refused.text) == (not signed_in_anew)


def test_signing_out_ends_the_session_on_the_server_not_only_in_the_browser() -> None:
    client = browser_of("central")
    copied = str(client.cookies[cookie_name()])
    send(client, "/sign-out")
    thief = browser_of(None)
    thief.cookies.set(cookie_name(), copied)
    assert thief.get("/rates/").status_code == 303


def test_the_sessions_cookie_is_the_browsers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    form = {"person_id": "central@lausd.example", "role": "central"}
    plain = browser_of(None).post("/sign-in/demo", data=form).headers["set-cookie"]
    assert "HttpOnly" in plain and "SameSite=lax" in plain and "Path=/" in plain and "Domain" not in plain
    monkeypatch.setattr(settings(), "public_url", "https://127.0.0.1:8000")
    with transaction("ingest") as session:  # by the provider; the demo's sign-in is refused at a public address
        with_tls = signed_in(session, "central@lausd.example", "central", "/").headers["set-cookie"]
    assert with_tls.startswith("__Host-sid=") and "Secure" in with_tls


def test_a_session_is_kept_only_as_a_hash() -> None:
    with transaction("ingest") as session:
        token = start_session(session, "central@lausd.example", "central", timedelta(hours=1))
        kept = str(session.execute(text("select array_agg(cast(s as text)) from access.session s")).scalar_one())
    assert token not in kept and len(token) >= 43
