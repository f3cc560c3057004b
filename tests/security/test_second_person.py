"""What operations give to others waits for a second person, of the central office; either way it is in the audit log."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from typer.testing import CliRunner

from deploy.cli import app as cli
from shared.access import issue_token, keep_person
from shared.access.people import grant
from shared.access.policy import GIVEN_ALONE, ROLES
from shared.access.sessions import csrf_of, hash_of, start_session
from shared.db import transaction
from shared.settings import Settings, settings
from shared.web.requests import cookie_name
from tests.people import api_of, browser_of

pytestmark = pytest.mark.usefixtures("clean")
DESK = "/access/people/desk%40lausd.example"
WAITING = "/access/waiting"


@pytest.fixture(autouse=True)
def second_person(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SES_SECOND_PERSON", "true")
    settings.cache_clear()
    yield
    settings.cache_clear()


def send(client: TestClient, path: str, expect: int = 303, **form: str) -> str:
    answer = client.post(path, data=form)
    assert answer.status_code == expect, answer.text
    return answer.text


def made_token(ops: TestClient, role: str = "central", scope: str = "") -> str:
    form = {"label": "nightly export", "role": role, "scope": scope, "days": "30"}
    found = re.search(r"<p><code>([\w-]{43})</code></p>", send(ops, "/access/tokens", 200, **form))
    assert found is not None
    return found[1]


def opens(token: str) -> bool:
    """Whether a token opens what every role may see."""
    status = api_of(None).get("/rates/api/v1/rates", headers={"authorization": f"Bearer {token}"}).status_code
    assert status in (200, 401)
    return status == 200


def decide(client: TestClient, token: str, decision: str = "confirm", expect: int = 303) -> str:
    return send(client, f"{WAITING}/tokens", expect, id=hash_of("token", token).hex(), decision=decision)


def audited() -> list[tuple[str, str]]:
    with transaction("ingest") as session:
        rows = session.execute(text("select actor, action from audit where action <> 'sign-in' order by id"))
        return [(row.actor, row.action) for row in rows]


@pytest.mark.parametrize("role", sorted(set(ROLES) - GIVEN_ALONE))
def test_a_token_opens_nothing_until_somebody_of_the_central_office_confirmed_it(role: str) -> None:
    ops, central = browser_of("ops"), browser_of("central")
    token = made_token(ops, role, "1400101")
    assert not opens(token)
    assert "waiting" in ops.get("/access/tokens").text and token not in central.get(WAITING).text
    assert "nightly export" in central.get(WAITING).text and "1 waiting" in central.get("/ingest/cards").text
    decide(central, token)
    assert opens(token)
    assert "nightly export" not in central.get(WAITING).text
    assert audited() == [
        ("ops@lausd.example as ops", "token made"), ("central@lausd.example as central", "token confirmed"),
    ]  # fmt: skip


def test_what_was_refused_or_withdrawn_never_opens_anything() -> None:
    ops, central = browser_of("ops"), browser_of("central")
    refused, withdrawn = made_token(ops), made_token(ops)
    decide(central, refused, "refuse")
    send(ops, "/access/tokens/revoke", id=hash_of("token", withdrawn).hex())
    for token in (refused, withdrawn):
        assert "does not wait any more" in decide(central, token, expect=404)
        assert not opens(token)
    assert [action for _, action in audited()] == ["token made", "token made", "token refused", "token revoked"]


def test_a_token_that_expired_meanwhile_is_not_confirmed() -> None:
    token = made_token(browser_of("ops"))
    with transaction("ingest") as session:
        session.execute(text("update access.token set expires_at = now() - interval '1 second'"))
    decide(browser_of("central"), token, expect=404)


def test_a_token_in_the_role_of_operations_gives_no_more_than_they_have_and_waits_for_nobody() -> None:
    assert opens(made_token(browser_of("ops"), "ops"))


def test_nobody_is_both_persons() -> None:
    with transaction("ingest") as session:
        grant(session, "ops@lausd.example", "central", [], "directory")
        also_central = start_session(session, "ops@lausd.example", "central", timedelta(hours=1))
    same = browser_of(None)
    same.cookies.set(cookie_name(), also_central)
    same.headers["x-csrf-token"] = csrf_of(also_central)
    ops = browser_of("ops")
    token = made_token(ops)
    send(ops, f"{DESK}/roles", role="central")
    assert "You gave this yourself" in decide(same, token, expect=409)
    assert same.get(WAITING).text.count("You gave this yourself") == 2
    send(same, f"{WAITING}/roles", 409, id=requested(), decision="confirm")
    assert not opens(token) and "central" not in roles_of("desk@lausd.example")
    decide(same, token, "refuse")


def requested() -> str:
    with transaction("ingest") as session:
        return str(session.execute(text("select request_id from access.role_request")).scalar_one())


def roles_of(person_id: str) -> list[str]:
    with transaction("ingest") as session:
        found = text("select role from access.role_grant where person_id = :id")
        return list(session.execute(found, {"id": person_id}).scalars())


@pytest.mark.parametrize("decision", ["confirm", "refuse"])
def test_a_role_that_operations_give_waits_too_or_they_would_confirm_for_themselves(decision: str) -> None:
    ops, central = browser_of("ops"), browser_of("central")
    send(ops, "/access/people/ops%40lausd.example/roles", role="central")
    assert roles_of("ops@lausd.example") == ["ops"]
    assert "waits for the central office" in ops.get("/access/people/ops%40lausd.example").text
    assert "Sato, Ren" in central.get(WAITING).text
    request = requested()
    send(central, f"{WAITING}/roles", id=request, decision=decision)
    assert ("central" in roles_of("ops@lausd.example")) == (decision == "confirm")
    send(central, f"{WAITING}/roles", 404, id=request, decision="confirm")
    done = "role confirmed" if decision == "confirm" else "role refused"
    assert [action for _, action in audited()] == ["role given", done]


def test_a_wider_scope_of_a_role_that_is_held_waits_and_the_held_one_stays() -> None:
    ops = browser_of("ops")
    send(ops, f"{DESK}/roles", role="desk", scope="N, S, E, W")
    send(ops, f"{DESK}/roles", role="desk", scope="N")
    with transaction("ingest") as session:
        held = session.execute(text("select scope from access.role_grant where person_id = 'desk@lausd.example'"))
        assert held.scalar_one() == ["E"]
    send(browser_of("central"), f"{WAITING}/roles", id=requested(), decision="confirm")
    with transaction("ingest") as session:
        held = session.execute(text("select scope from access.role_grant where person_id = 'desk@lausd.example'"))
        assert held.scalar_one() == ["N"]


def test_no_program_confirms_with_its_token() -> None:
    token, program = made_token(browser_of("ops")), api_of(None)
    decide(browser_of("central"), token)
    program.headers["authorization"] = f"Bearer {token}"
    assert "a person who is signed in can" in program.post(
        f"{WAITING}/tokens", data={"id": hash_of("token", token).hex(), "decision": "confirm"}
    ).text  # fmt: skip


def test_without_the_setting_they_work_at_once_and_the_audit_log_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "second_person", False)
    ops = browser_of("ops")
    assert opens(made_token(ops))
    send(ops, f"{DESK}/roles", role="principal", scope="1400101")
    assert "principal" in roles_of("desk@lausd.example")
    assert [action for _, action in audited()] == ["token made", "role given"]
    with transaction("ingest") as session:
        details = session.execute(text("select detail ->> 'waits' from audit where detail ? 'waits'")).scalars().all()
    assert details == ["false", "false"]


def test_in_production_a_second_person_is_asked_unless_the_setting_says_no() -> None:
    asks = {
        (environment, given): Settings(environment=environment, second_person=given).asks_second_person
        for environment in ("production", "demo", "test")
        for given in (None, True, False)
    }
    assert {place for place, is_so in asks.items() if is_so} == {
        ("production", None), ("production", True), ("demo", True), ("test", True),
    }  # fmt: skip


def test_the_command_prints_a_token_that_waits_and_says_where_it_is_confirmed() -> None:
    run = CliRunner().invoke(cli, ["token", "--role", "director", "--email", "director@lausd.example"])
    token = run.stdout.strip()
    assert f"has confirmed it on {settings().public_url}{WAITING}" in run.stderr and not opens(token)
    decide(browser_of("central"), token)
    assert opens(token)
    ops = CliRunner().invoke(cli, ["token", "--role", "ops"])
    assert not ops.stderr and opens(ops.stdout.strip())


def test_an_upload_by_the_command_asks_for_a_token_that_was_confirmed(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("files") / "some.csv"
    file.write_text("a,b\n")
    assert "Give a token by --token or UPLOAD_TOKEN" in str(CliRunner().invoke(cli, ["upload", str(file)]).exception)


def test_before_anybody_is_of_the_central_office_the_command_waits_for_nobody() -> None:
    with transaction("ingest") as session:
        session.execute(text("delete from access.role_grant where role = 'central'"))
        keep_person(session, "service:other", "Program", "program@invalid", "central", [])
    assert opens(issue_token("central"))
