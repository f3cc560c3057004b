"""Two versions at once: what a newer one adds is passed over, what cannot be read waits for a worker that can."""

import json
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from shared.db import transaction
from shared.delivery import inbox
from shared.delivery.envelope import Envelope
from shared.events import EVENTS, DigestsPlanned, Event

# PostgreSQL and JSON know neither NUL nor lone surrogates.
st.register_type_strategy(Decimal, st.decimals(-1000, 1000, places=2))
st.register_type_strategy(str, st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8))
TABLES: Any = st.lists(
    st.dictionaries(st.text("abc", max_size=3), st.none() | st.integers(0, 9), max_size=2), max_size=2
)


def of_next_version(event: Event) -> str:
    """The payload as a version would write it that has one more field, and one more cell in every row."""
    payload: dict[str, Any] = json.loads(event.model_dump_json())
    for value in payload.values():
        for row in value if isinstance(value, list) else []:
            if isinstance(row, list):
                row.append("from tomorrow")
    return json.dumps({**payload, "added_tomorrow": {"why": [1, None]}})


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.topic)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_a_newer_version_adds_to_an_event_is_passed_over(kind: type[Event], data: st.DataObject) -> None:
    tables = {name: TABLES for name, field in kind.model_fields.items() if field.annotation == list[dict[str, Any]]}
    event = data.draw(st.builds(kind, schema_version=st.just(1), **tables))
    assert kind.read(event.model_dump_json()) == event
    assert kind.read(of_next_version(event)) == event


def test_an_event_that_is_none_stays_an_error() -> None:
    event = DigestsPlanned(upload_id=uuid4(), revision=1, planned=1, held=0, unroutable=0)
    broken = {**json.loads(event.model_dump_json()), "planned": "many"}
    for payload in (json.dumps(broken), "[]", "7", '"x"', '{"schema_version": "x"}', "{"):
        with pytest.raises(ValueError, match=r"."):
            DigestsPlanned.read(payload)


class DigestsPlannedOfTomorrow(DigestsPlanned):
    """The event after a change that a reader of today would get wrong."""

    schema_version: int = 2
    planned: str  # type: ignore[assignment]


def kept(event_id: object) -> Any:
    with transaction("ingest") as session:
        return session.execute(
            text("select state, attempts, last_error from inbox where event_id = :id"), {"id": event_id}
        ).one()


def test_an_event_of_a_newer_schema_waits_for_a_newer_worker(clean: None, monkeypatch: pytest.MonkeyPatch) -> None:
    event = DigestsPlannedOfTomorrow(upload_id=uuid4(), revision=1, planned="one", held=0, unroutable=0)
    event_id = uuid4()
    inbox.arrive("ingest", Envelope(event_id, "notify", event.topic, event.key, 1, event.model_dump_json()))
    handled: list[Event] = []

    def handler(_session: Session, found: Event) -> None:
        handled.append(found)

    failure = inbox.run("ingest", event_id, {event.topic: handler})
    assert failure is not None and "upgrade this worker" in failure.error
    for _ in range(inbox.MAX_ATTEMPTS + 2):
        with transaction("ingest") as session:
            session.execute(text("update inbox set next_at = now() where event_id = :id"), {"id": event_id})
        assert inbox.claim_due("ingest") == event_id
        inbox.run("ingest", event_id, {event.topic: handler})
    waiting = kept(event_id)
    assert (waiting.state, handled) == ("new", [])
    assert "notify.digests_planned is of schema 2, this version reads up to 1" in waiting.last_error
    monkeypatch.setitem(EVENTS, event.topic, DigestsPlannedOfTomorrow)
    inbox.run("ingest", event_id, {event.topic: handler})
    assert (kept(event_id).state, handled) == ("done", [event])
