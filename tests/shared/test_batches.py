"""Events that come together: one transaction, one receipt; where it fails each alone, and a poison event parks alone."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlmodel import Session

from shared.db import transaction
from shared.delivery import inbox, relay
from shared.delivery.bus import Bus, EventsFailed
from shared.delivery.envelope import Envelope, ForgedMessage, event_message, open_events, open_receipt, receipt_message
from shared.events import DigestsPlanned, Event
from tests.faults import courier
from tests.people import api_of, browser_of
from tests.stack import bus_of

pytestmark = pytest.mark.usefixtures("clean")


def planned(count: int = 3) -> list[Envelope]:
    """Events of notify that ingest has not met."""
    events = [DigestsPlanned(upload_id=uuid4(), revision=1, planned=1, held=0, unroutable=0) for _ in range(count)]
    return [Envelope(uuid4(), "notify", e.topic, e.key, e.version, e.model_dump_json()) for e in events]


def states() -> dict[UUID, tuple[str, int]]:
    """Event -> its state and attempts in ingest's inbox."""
    with transaction("ingest") as session:
        rows = session.execute(text("select event_id, state, attempts from inbox"))
        return {row.event_id: (row.state, row.attempts) for row in rows}


class Handling:
    """A handler of ingest that notes each call, and fails at one event."""

    def __init__(self, poison: Envelope | None = None) -> None:
        self.poison = "" if poison is None else poison.key
        self.calls: list[list[str]] = []

    def one(self, session: Session, event: Event) -> None:
        self.many(session, [event])

    def many(self, session: Session, events: Sequence[Event]) -> None:
        self.calls.append([event.key for event in events])
        for event in events:
            session.execute(
                text("insert into audit(actor, action, object, detail) values ('test', 'effect', :key, '{}')"),
                {"key": event.key},
            )
        if self.poison in self.calls[-1]:
            raise ValueError("poison")


def effects() -> list[str]:
    with transaction("ingest") as session:
        return list(session.execute(text("select object from audit where action = 'effect'")).scalars())


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Handling, bool], Bus]]:
    """Ingest's bus with a handler of one event, or of all that came together."""
    made = bus_of("ingest")

    def with_handler(handling: Handling, batch: bool) -> Bus:
        monkeypatch.setitem(made.handlers, DigestsPlanned.topic, handling.one)
        if batch:
            monkeypatch.setitem(made.batch_handlers, DigestsPlanned.topic, handling.many)
        return made

    yield with_handler


@pytest.mark.parametrize("batch", [True, False])
def test_events_that_come_together_are_handled_in_one_transaction(
    bus: Callable[[Handling, bool], Bus], batch: bool
) -> None:
    events, handling = planned(), Handling()
    message = event_message(*events)
    for _ in range(2):
        bus(handling, batch)._receive(**message)
    keys = [event.key for event in events]
    assert sorted(key for call in handling.calls for key in call) == sorted(keys)
    assert len(handling.calls) == (1 if batch else 3)
    assert sorted(effects()) == sorted(keys)
    assert set(states().values()) == {("done", 1)}
    with transaction("ingest") as session:
        assert session.execute(text("select count(distinct done_at) from inbox")).scalar() == 1


@pytest.mark.parametrize("batch", [True, False])
def test_a_poison_event_fails_and_parks_alone_and_flower_shows_the_task_as_failed(
    bus: Callable[[Handling, bool], Bus], batch: bool
) -> None:
    events = planned()
    handling = Handling(poison=events[1])
    ours = bus(handling, batch)
    with pytest.raises(EventsFailed, match=rf"1 of 3 failed, first notify.digests_planned {events[1].key}.*poison"):
        ours._receive(**event_message(*events))
    assert states()[events[1].event_id] == ("new", 1)
    assert sorted(effects()) == sorted([events[0].key, events[2].key])
    for _ in range(inbox.MAX_ATTEMPTS):
        courier.time_passes("ingest")
        ours.sweep()
    assert states() == {
        events[0].event_id: ("done", 1),
        events[1].event_id: ("parked", inbox.MAX_ATTEMPTS),
        events[2].event_id: ("done", 1),
    }
    assert len(effects()) == 2


def test_a_batch_that_takes_too_long_leaves_the_rest_to_the_sweep_without_counting_it(
    bus: Callable[[Handling, bool], Bus], monkeypatch: pytest.MonkeyPatch
) -> None:
    events, handling = planned(4), Handling()
    monkeypatch.setattr(inbox, "BATCH_SECONDS", -1.0)
    ours = bus(handling, False)
    ours._receive(**event_message(*events))
    assert set(states().values()) == {("new", 0)}
    ours.sweep()
    assert set(states().values()) == {("done", 1)}
    assert len(effects()) == 4


def test_a_batch_is_signed_as_a_whole_and_so_is_its_receipt() -> None:
    first, second, other = planned()
    message = event_message(first, second)
    assert open_events(message) == [first, second]
    [one, two] = message["events"]
    for events in ([one], [two, one], [one, two, two], [], [one, {**two, "key": "x"}], [one, {**two, "version": 2}]):
        with pytest.raises(ForgedMessage):
            open_events({**message, "events": events})
    receipt = receipt_message([first.event_id, second.event_id], "ingest")
    assert open_receipt(**receipt) == [first.event_id, second.event_id]
    for ids in ([str(first.event_id)], [str(first.event_id), str(other.event_id)]):
        with pytest.raises(ForgedMessage):
            open_receipt(**{**receipt, "event_ids": ids})


def test_messages_keep_to_their_bounds_and_one_topic() -> None:
    def envelope(topic: str, size: int = 10) -> Envelope:
        return Envelope(uuid4(), "rates", topic, "k", 1, "x" * size)

    many = [envelope("rates.a") for _ in range(relay.BATCH + 1)]
    mixed: list[Any] = [envelope("rates.b"), *many, envelope("rates.b")]
    large = [envelope("rates.c", relay.BATCH_BYTES // 2) for _ in range(3)] + [
        envelope("rates.d", 2 * relay.BATCH_BYTES)
    ]
    batches = relay.batches_of([*mixed, *large])
    assert sorted(e.event_id for batch in batches for e in batch) == sorted(e.event_id for e in [*mixed, *large])
    assert [(len(batch), batch[0].topic[-1]) for batch in batches] == [
        (2, "b"),
        (64, "a"),
        (1, "a"),
        (2, "c"),
        (1, "c"),
        (1, "d"),
    ]
    assert relay.words_of(batches[2]) == "rates.a k v1"
    assert relay.words_of(batches[0]) == "2 events rates.b: k v1, k v1"


def test_ops_shows_what_is_failing_now_before_it_is_parked(bus: Callable[[Handling, bool], Bus]) -> None:
    events = planned(2)
    with pytest.raises(EventsFailed):
        bus(Handling(poison=events[0]), False)._receive(**event_message(*events))
    page = browser_of("ops").get("/ingest/ops").text
    assert "Events are failing and being tried again" in page
    assert f"notify.digests_planned {events[0].key}" in page
    assert "ValueError: poison" in page
    assert events[1].key not in page
    assert 'ses_inbox_failing{service="ingest"} 1.0' in api_of("ops").get("/ingest/metrics").text
