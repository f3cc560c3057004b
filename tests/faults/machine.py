"""An event's way from ingest to rates in single steps, each of which can be cut off, repeated, re-ordered or lost."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
from sqlmodel import Session

from services.rates.actions.intake import store_directory
from shared.db import transaction
from shared.delivery import inbox, outbox, parking, relay
from shared.delivery.envelope import Envelope, event_message, open_events, open_receipt, receipt_message
from shared.events import DirectoryLoaded, DirectorySchool, Event
from tests.stack import owner

SCHOOL = DirectorySchool("1400101", "4001", "1400101", "Alder El", "Elementary", "E", "North CoS", "VEGA, MARTA",
                         944, 6, 29, 4, 52, "Per Lindqvist", "213-555-0101")  # fmt: skip
STEPS = ("nothing", "kept", "receipt", "in the handler", "all")
_MADE = (
    "drop schema if exists machine cascade",
    "create schema machine",
    "create table machine.effect(revision bigint not null)",
    "grant usage on schema machine to public",
    "grant insert on machine.effect to public",
)
_EMPTY = "truncate machine.effect, ingest.outbox_event, rates.inbox, rates.school, rates.directory_arrival cascade"


class Died(BaseException):
    """The worker was killed: nothing of ours runs any more."""


class Way:
    """Both ends' real tables and the real steps between them; the broker is two lists that forget and shuffle."""

    def __init__(self) -> None:
        self.owner: psycopg.Connection[Any] = owner()
        self.messages: list[dict[str, Any]] = []
        self.receipts: list[dict[str, Any]] = []
        self.poison: set[int] = set()
        self.revision = 0
        self.dies = False
        for statement in (*_MADE, _EMPTY):
            self.owner.execute(statement.encode())

    def close(self) -> None:
        self.owner.execute("drop schema machine cascade")
        self.owner.close()

    def column(self, query: str) -> list[Any]:
        return [value for (value,) in self.owner.execute(query.encode()).fetchall()]

    def say(self, *, dies: bool) -> None:
        """Says the next revision of the directory, or dies before the commit."""
        event = DirectoryLoaded(revision=self.revision + 1, part=1, parts=1, schools=[SCHOOL], people=[])
        try:
            with transaction("ingest") as session:
                outbox.publish(session, event)
                if dies:
                    raise Died
        except Died:
            return
        self.revision += 1

    def claim_and_send(self, most: int, reached: int) -> None:
        """A relay's turn that dies after sending `reached` of what it claimed."""
        query = "set search_path to ingest"
        with psycopg.connect(self.owner.info.dsn, password=self.owner.info.password, autocommit=True) as connection:
            connection.execute(query)
            rows = connection.execute(relay._CLAIM, ("rates", most, relay.BYTES_AT_ONCE)).fetchall()
        for event_id, topic, key, version, payload in rows[:reached]:
            self.messages.append(event_message(Envelope(event_id, "ingest", topic, key, version, payload)))

    def hear(self, message: dict[str, Any], reached: str) -> None:
        """A worker hears a message, and dies after the step that it `reached`."""
        [envelope] = open_events(message)
        step = STEPS.index(reached)
        if step >= 1:
            inbox.arrive("rates", envelope)
        if step >= 2:
            self.receipts.append(receipt_message([envelope.event_id], "rates"))
        if step >= 3:
            self.run(envelope.event_id, dies=step == 3)

    def run(self, event_id: UUID, *, dies: bool) -> None:
        self.dies = dies
        handlers: dict[str, Callable[[Session, Event], None]] = {DirectoryLoaded.topic: self._effect}  # type: ignore[dict-item]
        try:
            inbox.run("rates", event_id, handlers)
        except Died:
            pass

    def _effect(self, session: Session, event: DirectoryLoaded) -> None:
        store_directory(session, event)
        session.connection().exec_driver_sql("insert into machine.effect values (%s)", (event.revision,))
        if self.dies:
            raise Died
        if event.revision in self.poison:
            raise ValueError("poison")

    def take_receipt(self, receipt: dict[str, Any]) -> None:
        with transaction("ingest") as session:
            outbox.take_receipt(session, open_receipt(**receipt), receipt["subscriber"])

    def sweep(self, *, dies: bool) -> bool:
        """One claim of the sweep, which dies before the handler ends; False when nothing was due."""
        event_id = inbox.claim_due("rates")
        if event_id is not None:
            self.run(event_id, dies=dies)
        return event_id is not None

    def replay(self) -> None:
        for event_id in self.column("select event_id from rates.inbox where state = 'parked'"):
            with transaction("rates") as session:
                parking.replay(session, "rates", "a test", event_id)

    def discard(self) -> None:
        for event_id in self.column("select event_id from rates.inbox where state = 'parked' limit 1"):
            with transaction("rates") as session:
                parking.discard(session, "a test", event_id, "not wanted")

    def time_passes(self) -> None:
        self.owner.execute("update ingest.outbox_delivery set next_at = now() where state in ('pending', 'sent')")
        self.owner.execute("update rates.inbox set next_at = now() where state = 'new'")

    def settle(self) -> None:
        """What must follow by itself once nobody dies any more and the poison is mended."""
        self.poison.clear()
        self.replay()
        for _ in range(3):
            self.time_passes()
            self.claim_and_send(100, 100)
            while self.messages:
                self.hear(self.messages.pop(), "all")
            while self.receipts:
                self.take_receipt(self.receipts.pop())
            while self.sweep(dies=False):
                pass
