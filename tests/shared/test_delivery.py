"""The delivery protocol: said once, heard once, refused when forged, parked when it keeps failing, never backwards."""

import threading
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlmodel import Session

from shared.db import transaction
from shared.delivery import inbox, outbox
from shared.delivery.envelope import Envelope, ForgedMessage, event_message, open_events, open_receipt, receipt_message
from shared.delivery.worker import is_stalled, watch
from shared.events import DigestsPlanned, Event, ExtractionLoaded, ExtractionRow
from tests.deploy.waiting import until
from tests.stack import bus_of, deliver, failures

pytestmark = pytest.mark.usefixtures("clean")


def planned(revision: int = 1, upload_id: UUID | None = None) -> DigestsPlanned:
    return DigestsPlanned(upload_id=upload_id or uuid4(), revision=revision, planned=1, held=0, unroutable=0)


def loaded(submitted: int, revision: int, upload_id: UUID | None = None) -> ExtractionLoaded:
    row = ExtractionRow(
        "1400101", "4001", "1400101", "E", "North CoS", "VEGA, MARTA", "Alder El", "", 100, submitted, "", ""
    )
    return ExtractionLoaded(
        upload_id=upload_id or uuid4(), term="Sp25", extraction_date=date(2025, 2, 21), revision=revision, follows_revision=0,
        groups=("parents",), group="parents", part=1, parts=1, window_opens=date(2025, 1, 6), window_closes=date(2025, 4, 11), rows=[row],
    )  # fmt: skip


def say(service: str, event: Event) -> Envelope | None:
    with transaction(service) as session:
        event_id = outbox.publish(session, event)
    if event_id is None:
        return None
    return Envelope(event_id, service, event.topic, event.key, event.version, event.model_dump_json())


def count(service: str, query: str) -> int:
    with transaction(service) as session:
        return int(session.execute(text(query)).scalar_one())


def test_an_event_and_its_deliveries_are_said_in_one_commit_or_not_at_all() -> None:
    with pytest.raises(RuntimeError), transaction("notify") as session:
        outbox.publish(session, planned())
        raise RuntimeError("the action failed after it spoke")
    assert count("notify", "select count(*) from outbox_event") == 0
    assert count("notify", "select count(*) from outbox_delivery") == 0


def test_the_same_version_of_a_key_is_said_once() -> None:
    event = planned()
    assert say("notify", event) is not None
    assert say("notify", event) is None
    assert count("notify", "select count(*) from outbox_delivery") == 1


def test_an_older_version_that_comes_late_changes_nothing() -> None:
    newer, older = loaded(50, revision=2), loaded(10, revision=1)
    say("ingest", newer)
    deliver()
    say("ingest", older)
    deliver(times=3)
    assert failures() == []
    assert count("rates", "select submitted from rate") == 50


def test_a_handler_that_fails_leaves_no_effect_and_its_error_is_kept() -> None:
    event = loaded(10, revision=1)
    envelope = say("ingest", event)
    assert envelope is not None

    def fails(session: Session, _event: Event) -> None:
        session.execute(
            text("insert into mailed(mail_id, school_key, upload_id, director) values (1, 'x', :u, 'x')"),
            {"u": uuid4()},
        )
        raise ValueError("no good")

    inbox.arrive("rates", envelope)
    inbox.run("rates", envelope.event_id, {event.topic: fails})
    assert count("rates", "select count(*) from mailed") == 0
    with transaction("rates") as session:
        row = session.execute(text("select state, attempts, last_error from inbox")).one()
    assert tuple(row) == ("new", 1, "ValueError: no good")


def test_an_event_that_keeps_failing_is_parked_and_the_next_one_goes_on() -> None:
    poison, good = say("ingest", loaded(10, revision=1)), say("ingest", loaded(20, revision=2))
    assert poison is not None
    assert good is not None

    def fails(_session: Session, event: Event) -> None:
        if event.version == 1:
            raise ValueError("poison")

    for envelope in (poison, good):
        inbox.arrive("rates", envelope)
    for _ in range(inbox.MAX_ATTEMPTS + 1):
        with transaction("rates") as session:
            session.execute(text("update inbox set next_at = now() where state = 'new'"))
        event_id = inbox.claim_due("rates")
        if event_id is not None:
            inbox.run("rates", event_id, {ExtractionLoaded.topic: fails})
    with transaction("rates") as session:
        states = {row.version: row.state for row in session.execute(text("select version, state from inbox"))}
    assert states == {1: "parked", 2: "done"}


def test_an_event_that_kills_its_worker_each_time_is_parked_too() -> None:
    envelope = say("ingest", loaded(10, revision=1))
    assert envelope is not None
    inbox.arrive("rates", envelope)
    claimed = 0
    for _ in range(20):
        with transaction("rates") as session:
            session.execute(text("update inbox set next_at = now() where state = 'new'"))
        claimed += inbox.claim_due("rates") is not None
    assert claimed == inbox.MAX_ATTEMPTS - 1
    with transaction("rates") as session:
        row = session.execute(text("select state, last_error from inbox")).one()
    assert tuple(row) == ("parked", "the worker died each time")


def test_a_forged_or_altered_event_is_refused_without_a_trace() -> None:
    envelope = say("ingest", loaded(10, revision=1))
    assert envelope is not None
    message = event_message(envelope)
    [event] = message["events"]
    altered = {**message, "events": [{**event, "payload": event["payload"].replace("10", "99")}]}
    foreign = {**message, "publisher": "notify"}
    for forged in (
        altered,
        foreign,
        {**message, "signature": ""},
        {**message, "publisher": "nobody"},
        {"event_id": "x"},
    ):
        with pytest.raises(ForgedMessage):
            open_events(forged)
        bus_of("rates")._receive(**forged)
    assert count("rates", "select count(*) from inbox") == 0
    assert open_events(message) == [envelope]


def test_a_receipt_of_anybody_else_does_not_end_a_delivery() -> None:
    envelope = say("ingest", loaded(10, revision=1))
    assert envelope is not None
    genuine = receipt_message([envelope.event_id], "rates")
    with pytest.raises(ForgedMessage):
        open_receipt(genuine["event_ids"], "rates", receipt_message([envelope.event_id], "notify")["signature"])
    bus_of("ingest")._take_receipt(**{**genuine, "signature": "00"})
    assert count("ingest", "select count(*) from outbox_delivery where state = 'acked'") == 0
    bus_of("ingest")._take_receipt(**genuine)
    assert count("ingest", "select count(*) from outbox_delivery where state = 'acked'") == 1


def test_a_job_runs_once_per_slot_however_often_it_is_rung_for() -> None:
    ran: list[str] = []
    bus = bus_of("notify")
    bus.daily("notify.probe", timedelta(days=1))(lambda _session: ran.append("once"))
    with transaction("notify") as session:
        session.execute(
            text("insert into job(name, every, due_at) values ('notify.probe', '1 day', now() - interval '1 h')")
        )
    for _ in range(3):
        bus.turns["notify.probe"]()
    assert ran == ["once"]
    with transaction("notify") as session:
        session.execute(text("delete from job where name = 'notify.probe'"))
    del bus.jobs["notify.probe"], bus.turns["notify.probe"]


def test_long_work_shows_life_so_that_the_watchdog_lets_it_finish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.delivery.bus.LONG_WORK_BEAT_SECONDS", 0.02)
    beats = "select count(*) from loop_beat where id = 'loop'"
    bus = bus_of("notify")
    bus.loop("notify.long_probe", timedelta(hours=1), soft_seconds=60)(lambda: until(lambda: count("notify", beats)))
    bus.celery.tasks["notify.long_probe"]()
    assert count("notify", beats) == 1
    del bus.jobs["notify.long_probe"], bus.turns["notify.long_probe"]


@pytest.mark.parametrize(
    ("loop_age", "relay_age", "up_for", "stalled"),
    [
        (5.0, 2.0, 600.0, False),
        (90.0, 2.0, 600.0, True),
        (90.0, 2.0, 30.0, False),
        (90.0, 90.0, 600.0, False),
        (90.0, None, 600.0, False),
        (None, 2.0, 600.0, True),
        (None, 2.0, 30.0, False),
        (-80_000.0, 2.0, 600.0, True),
        (90.0, -80_000.0, 600.0, False),
    ],
)
def test_a_worker_is_stalled_when_it_is_silent_although_the_relay_speaks(
    loop_age: float | None, relay_age: float | None, up_for: float, stalled: bool
) -> None:
    assert is_stalled(loop_age, relay_age, up_for) is stalled


class Checks(threading.Event):
    """The time of a watchdog: each wait is over at once, so many times; at the check `back` the relay beats again."""

    def __init__(self, number: int, back: int) -> None:
        super().__init__()
        self.number, self.back, self.at = number, back, 0

    def wait(self, timeout: float | None = None) -> bool:
        self.at += 1
        if self.at == self.back:
            set_beats("0 s", loop="5 min")
        return self.at > self.number


def set_beats(relay: str, loop: str) -> None:
    """The last beats of rates are so long ago."""
    with transaction("rates") as session:
        session.execute(text("delete from loop_beat"))
        session.execute(
            text(
                "insert into loop_beat(id, at) values ('relay', now() - cast(:relay as interval)),"
                " ('loop', now() - cast(:loop as interval))"
            ),
            {"relay": relay, "loop": loop},
        )


def test_a_worker_has_a_whole_minute_after_the_relay_or_its_broker_was_away(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr("shared.delivery.worker.os.killpg", lambda _group, number: ended.append(number))
    for checks, ends in ((14, 0), (15, 1)):
        set_beats("5 min", loop="5 min")
        watch("rates", Checks(checks, back=10))
        assert len(ended) == ends, "the relay is back since the tenth check, and a check is ten seconds"
