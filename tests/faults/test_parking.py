"""A poison event: set aside without holding up the others, found on the desk, run again, or given up with a reason."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from deploy.cli import app as ses
from shared.db import transaction
from shared.delivery import inbox
from shared.delivery.envelope import Envelope
from shared.delivery.outbox import publish
from shared.events import DigestsPlanned, DirectoryLoaded
from shared.ops.metrics import queue_state
from shared.ops.state import troubles
from shared.settings import SERVICES, settings
from tests.people import api_of, browser_of
from tests.stack import bus_of, deliver

pytestmark = pytest.mark.usefixtures("clean")


def poison(number: int = 1) -> list[UUID]:
    """Events that ingest parked with an error of another day."""
    ids = []
    for _ in range(number):
        event = DigestsPlanned(upload_id=uuid4(), revision=1, planned=1, held=0, unroutable=0)
        ids.append(uuid4())
        inbox.arrive("ingest", Envelope(ids[-1], "notify", event.topic, event.key, 1, event.model_dump_json()))
    asked("update inbox set state = 'parked', attempts = 8, last_error = 'ValueError: call 213-555-0100' returning 1")
    return ids


def asked(statement: str) -> Sequence[Any]:
    with transaction("ingest") as session:
        return session.execute(text(statement)).all()


def states() -> dict[UUID, str]:
    return {row.event_id: row.state for row in asked("select event_id, state from inbox")}


def test_the_desk_shows_a_parked_event_with_its_error_and_without_phone_numbers() -> None:
    (event_id,) = poison()
    shown = browser_of("ops").get("/ingest/ops").text
    assert str(event_id) in shown and "ValueError: call [phone]" in shown and "Needs attention" in shown
    assert "All well" not in shown
    assert re.search(
        r"Migration \w+, database \d+ MB, PostgreSQL [\d.]+, SES [\d.]+, Celery [\d.]+, Python [\d.]+", shown
    )
    assert re.search(r"<dt>Disk</dt><dd>\d+% free</dd>", shown)
    listed = api_of("ops").get("/ingest/api/v1/events/parked").json()["parked"]
    assert [row["event_id"] for row in listed] == [str(event_id)]


def test_what_is_parked_is_listed_in_pages_one_after_the_other() -> None:
    ids = sorted(str(event_id) for event_id in poison(51))
    api, path = api_of("ops"), "/ingest/api/v1/events/parked"
    first = api.get(path).json()
    rest = api.get(path, params={"cursor": first["next"]}).json()
    assert [row["event_id"] for row in first["parked"] + rest["parked"]] == ids
    assert rest["next"] is None
    browser = browser_of("ops")
    (older,) = re.findall(r'rel="next" href="([^"]+)"', browser.get("/ingest/ops").text)
    assert ids[50] in browser.get(older).text and ids[49] not in browser.get(older).text


def test_a_replayed_event_is_done_by_the_next_sweep_and_both_are_in_the_records() -> None:
    (event_id,) = poison()
    answer = browser_of("ops").post(f"/ingest/ops/events/{event_id}/replay")
    assert (answer.status_code, answer.headers["location"]) == (303, "/ingest/ops")
    assert asked("select name from job where name = 'ingest.sweep_inbox' and due_at > now()") == []
    bus_of("ingest").sweep()
    assert states() == {event_id: "done"}
    rows = asked("select actor, action from audit where object <> ''")
    assert [tuple(row) for row in rows] == [("ops@lausd.example as ops", "event replayed")]


def test_all_of_a_topic_are_replayed_at_once() -> None:
    ids = poison(3)
    browser_of("ops").post("/ingest/ops/replay", data={"topic": DigestsPlanned.topic})
    bus_of("ingest").sweep()
    assert states() == dict.fromkeys(ids, "done")


def test_an_event_is_discarded_only_with_a_reason() -> None:
    (event_id,) = poison()
    browser = browser_of("ops")
    assert browser.post(f"/ingest/ops/events/{event_id}/discard", data={"reason": " "}).status_code == 422
    assert states() == {event_id: "parked"}
    browser.post(f"/ingest/ops/events/{event_id}/discard", data={"reason": "the upload was undone"})
    assert states() == {event_id: "discarded"}
    (row,) = asked("select detail from audit where action = 'event discarded'")
    assert row.detail["reason"] == "the upload was undone"


def test_what_is_not_parked_is_not_replayed() -> None:
    (event_id,) = poison()
    bus_of("ingest").sweep()
    api = api_of("ops")
    assert api.post(f"/ingest/api/v1/events/{event_id}/replay").status_code == 200
    assert api.post(f"/ingest/api/v1/events/{event_id}/replay").status_code == 409
    assert api.post(f"/rates/api/v1/events/{event_id}/replay").status_code == 409


def test_what_was_never_sent_and_what_waits_for_its_receipt_are_told_apart_with_their_ages() -> None:
    for state, minutes in (("pending", 3), ("sent", 9)):
        with transaction("ingest") as session:
            event_id = publish(session, DirectoryLoaded(revision=minutes, part=1, parts=1, schools=[], people=[]))
            at = {"event": event_id, "state": state, "minutes": minutes}
            session.execute(text("delete from outbox_delivery where subscriber <> 'rates'"))
            session.execute(text("update outbox_delivery set state = :state where event_id = :event"), at)
            session.execute(
                text(
                    "update outbox_event set created_at = now() - :minutes * interval '1 min' where event_id = :event"
                ),
                at,
            )
    shown = browser_of("ops").get("/ingest/ops").text
    assert "<dt>Not sent yet</dt><dd>1, the oldest for 3 min</dd>" in shown
    assert "<dt>No receipt yet, sent or not</dt><dd>2, the oldest for 9 min</dd>" in shown
    told = api_of("ops").get("/ingest/metrics").text
    assert 'ses_outbox_unsent{service="ingest"} 1.0' in told


@pytest.mark.parametrize("free, is_told", [(0.05, True), (0.5, False)])
def test_a_disk_that_is_nearly_full_is_told(free: float, is_told: bool) -> None:
    said = troubles({**queue_state("ingest"), "disk_free": free})
    assert any("disk is nearly full" in sentence for sentence in said) == is_told


def test_operations_is_marked_as_the_place_on_every_page_of_the_desk() -> None:
    browser = browser_of("ops")
    for path in ("/ops", "/sesr/ops", f"/rates/ops/events/{uuid4()}"):
        assert '<a href="/ops" aria-current="page">' in browser.get(path).text


def test_a_refused_message_is_seen_on_the_desk_in_the_metrics_and_in_the_audit_log() -> None:
    bus_of("ingest")._receive(event_id="x", signature="forged")
    bus_of("ingest")._take_receipt(event_ids=[str(uuid4())], subscriber="rates", signature="forged")
    browser = browser_of("ops")
    assert "refused for their signature" in browser.get("/ingest/ops").text
    told = api_of("ops").get("/ingest/metrics").text
    assert 'ses_messages_refused{service="ingest"} 2.0' in told
    assert [row.object for row in asked("select object from audit order by id")] == ["event", "receipt"]


def test_only_operations_see_the_desk() -> None:
    (event_id,) = poison()
    for path in ("/ingest/ops", "/ingest/ops/state", f"/ingest/ops/events/{event_id}", "/ops"):
        assert browser_of("central").get(path).status_code == 403
    assert browser_of("central").post(f"/ingest/ops/events/{event_id}/replay").status_code == 403
    assert states() == {event_id: "parked"}


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_tells_its_state_as_page_and_as_part_of_the_desk(service: str) -> None:
    browser = browser_of("ops")
    whole, part = browser.get(f"/{service}/ops").text, browser.get(f"/{service}/ops/state").text
    assert f"Operations: {service}" in whole and "<html" in whole
    assert "Parked events" in part and "<html" not in part
    assert f'hx-get="/{service}/ops/state"' in browser.get("/ops").text


def test_one_event_is_followed_through_the_services_by_its_id_or_its_task() -> None:
    (event_id,) = poison()
    browser = browser_of("ops")
    followed = browser.get("/ops", params={"event": f"{event_id}:ingest"}).text
    assert f"/rates/ops/events/{event_id}" in followed
    shown = browser.get(f"/ingest/ops/events/{event_id}").text
    assert "received" in shown
    assert f'href="{settings().flower_url}/task/{event_id}:ingest"' in shown
    assert (
        "never received this event" in browser.get(f"/rates/ops/events/{event_id}", headers={"hx-request": "true"}).text
    )
    assert "not an event" in browser.get("/ops", params={"event": "x"}).text


def test_the_commands_list_follow_replay_and_discard() -> None:
    first, second = poison(2)
    run = CliRunner().invoke
    listed = run(ses, ["events", "list"]).output
    assert "No event is parked" not in listed
    assert str(first) in listed and "8 attempts: ValueError: call [phone]" in listed
    assert "parked" in run(ses, ["events", "follow", str(first)]).output
    unknown = run(ses, ["events", "follow", str(uuid4())])
    assert (unknown.exit_code, "No service knows" in unknown.output) == (1, True)
    assert run(ses, ["events", "replay", "ingest", str(first)]).exit_code == 0
    assert run(ses, ["events", "replay", "ingest", str(first)]).exit_code == 1
    assert run(ses, ["events", "discard", "ingest", str(second), "--reason", "a test"]).exit_code == 0
    assert states() == {first: "new", second: "discarded"}
    assert run(ses, ["events", "list"]).output == "No event is parked.\n"


def test_an_event_is_followed_in_the_order_of_time_across_services() -> None:
    with transaction("notify") as session:
        event_id = publish(session, DigestsPlanned(upload_id=uuid4(), revision=1, planned=1, held=0, unroutable=0))
    deliver()
    told = CliRunner().invoke(ses, ["events", "follow", str(event_id)]).output.splitlines()
    assert [line.split()[3] for line in told if "published" in line or "received" in line] == ["notify", "ingest"]
    assert {line.split()[2] for line in told} <= {"PST", "PDT"}
    assert [line[:19] for line in told] == sorted(line[:19] for line in told)
