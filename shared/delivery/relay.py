"""The relay: turns due deliveries and due jobs of all services into Celery tasks. Any number may run.

It is the only publisher of events. A task is sent after its claim is committed and again until the receipt is there;
into a backlog nothing more is sent.
"""

import enum
import os
import select
import signal
import threading
import time
from collections.abc import Iterable, Sequence
from types import FrameType
from typing import Any, LiteralString

import psycopg
import redis
import structlog
from celery import Celery
from kombu.exceptions import KombuError

from shared.delivery.bus import celery_app
from shared.delivery.envelope import Envelope, event_message
from shared.delivery.outbox import CHANNEL
from shared.events import EVENTS
from shared.ops.logs import set_up_logs, warn_of_old_python
from shared.settings import SERVICES, settings
from shared.waits import BoundedConnection, cannot_write

POLL_SECONDS = 1.0
MORE_SECONDS = 0.05
BEAT_SECONDS = 5.0
CLOCK_SECONDS = 20.0
STALE_SECONDS = 50.0
CHECK_SECONDS = 5.0
BACKLOG = 300
AT_ONCE = 512
BATCH = 64
BATCH_BYTES = 1_000_000
TICKS_BACKLOG = 20
BYTES_AT_ONCE = 16_000_000
SECRETS = [f"{kind}__{name}" for kind in ("database_passwords", "redis_passwords", "event_keys") for name in SERVICES]
_UNSENT = (redis.RedisError, KombuError, OSError)
log = structlog.get_logger()

_DUE: LiteralString = """
    select distinct subscriber from outbox_delivery where state in ('pending','sent') and next_at <= now()
    union all select distinct '' from job where due_at <= now() and next_at <= now()
    """
_CLAIM: LiteralString = """
    with due as (select event_id, subscriber, next_at from outbox_delivery
      where subscriber = %s and state in ('pending','sent') and next_at <= now()
      order by next_at, event_id limit %s for update skip locked),
    sized as (select d.event_id, d.subscriber, sum(pg_column_size(e.payload)) over (order by d.next_at, d.event_id)
      as upto, row_number() over (order by d.next_at, d.event_id) as nr
      from due d join outbox_event e using (event_id)),
    x as (select event_id, subscriber from sized where nr = 1 or upto <= %s)
    update outbox_delivery d set state = 'sent', attempts = attempts + 1,
      next_at = now() + least(15 * 2 ^ least(attempts, 6), 600) * (0.75 + random() / 2) * interval '1 s'
    from x, outbox_event e where (d.event_id, d.subscriber) = (x.event_id, x.subscriber) and e.event_id = d.event_id
    returning e.event_id, e.topic, e.key, e.version, e.payload
    """
# What could not be sent is due again soon, not after the wait for a receipt: at once where it was not even tried.
_GIVE_BACK: LiteralString = """
    update outbox_delivery set attempts = attempts - (event_id <> all(%(failed)s))::int,
    next_at = now() + case when event_id = any(%(failed)s) then 2 ^ least(attempts, 9) else 0 end * interval '1 s'
    where subscriber = %(subscriber)s and event_id = any(%(unsent)s) and state = 'sent'
    """
_JOBS_BACK: LiteralString = "update job set next_at = now() where name = any(%s)"
# One tick for all that is due; what repeats within a minute comes along shortly before, so that ticks fall together.
_JOBS: LiteralString = """
    update job set next_at = now() + interval '15 s', due_at = least(due_at, now())
    where name in (
      select name from job
      where due_at <= now() + case when every <= interval '1 min' then interval '10 s' else interval '0 s' end
        and next_at <= now() and exists (select 1 from job where due_at <= now() and next_at <= now())
      for update skip locked)
    returning name
"""
# After the clock of the database was set back, what was to wait for seconds would wait for as long as the jump.
_CLOCK_SET_BACK: tuple[LiteralString, ...] = (
    "update outbox_delivery set next_at = now() where state in ('pending','sent') and next_at > now() + interval '15 min'",
    "update inbox set next_at = now() where state = 'new' and next_at > now() + interval '5 min'",
    """
    update job set due_at = least(due_at, now() + every), next_at = now()
    where due_at > now() + every or next_at > now() + interval '5 min'
    """,
)
_BEAT: LiteralString = "insert into loop_beat(id, at) values ('relay', now()) on conflict (id) do update set at = now()"


class Turn(enum.Enum):
    """How a turn ended: nothing left to send, more to send, or not reached."""

    IDLE = "idle"
    MORE = "more"
    FAILED = "failed"


class Pulse:
    """When the relay last took up a service; a relay that hangs leaves, so that its supervisor starts another."""

    def __init__(self) -> None:
        self.at = time.monotonic()

    def beat(self) -> None:
        self.at = time.monotonic()

    def watch(self, stop: threading.Event) -> None:
        """Ends the process once no service was taken up for STALE_SECONDS."""
        while not stop.wait(CHECK_SECONDS):
            if time.monotonic() - self.at > STALE_SECONDS:
                log.error("relay stalled: leaving to be started again")
                os._exit(1)


class Wire:
    """One service's connection to PostgreSQL and to the broker, each as that service's own user."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.app: Celery = celery_app(service)
        self.broker = redis.Redis.from_url(settings().redis_url_of(service), socket_timeout=5, socket_connect_timeout=3)
        self.connection: psycopg.Connection[Any] | None = None
        self.beat_at = self.clock_at = -CLOCK_SECONDS

    def turn(self) -> Turn:
        """Sends what is due, as far as the subscribers keep up."""
        try:
            connection = self._connected()
            for _ in connection.notifies(timeout=0):
                pass
            self._beat(connection)
            sent = [self._send(connection, due) for (due,) in connection.execute(_DUE).fetchall()]
        except (psycopg.Error, *_UNSENT) as error:
            log.warning("relay turn failed", service=self.service, reason=f"{type(error).__name__}: {error}")
            self._dropped(error)
            return Turn.FAILED
        return Turn.IDLE if all(sent) else Turn.MORE

    def fileno(self) -> int | None:
        """The socket to wait on for a notification, where there is one."""
        return None if self.connection is None or self.connection.closed else self.connection.fileno()

    def _connected(self) -> psycopg.Connection[Any]:
        if self.connection is None or self.connection.closed:
            url = settings().direct_url_of(self.service)
            self.connection = BoundedConnection.connect(url, autocommit=True, application_name="ses relay")
            self.connection.execute(f"listen {CHANNEL}")
        return self.connection

    def _dropped(self, error: Exception) -> None:
        """Lets a connection go that is broken, or whose server cannot be written to (any more)."""
        if self.connection is not None and cannot_write(error):
            self.connection.close()
        if self.connection is not None and (self.connection.broken or self.connection.closed):
            self.connection = None

    def _beat(self, connection: psycopg.Connection[Any]) -> None:
        """Shows that this relay turns and that the broker answers it: one without the other sends nothing."""
        if time.monotonic() - self.beat_at >= BEAT_SECONDS:
            self.broker.ping()
            connection.execute(_BEAT)
            self._look_at_clock(connection)
            self.beat_at = time.monotonic()

    def _look_at_clock(self, connection: psycopg.Connection[Any]) -> None:
        if time.monotonic() - self.clock_at >= CLOCK_SECONDS:
            for statement in _CLOCK_SET_BACK:
                connection.execute(statement)
            self.clock_at = time.monotonic()

    def _send(self, connection: psycopg.Connection[Any], due: str) -> bool:
        """Sends to a subscriber, or sends for jobs (`due` is empty); False when more is left than was sent."""
        return self._send_to(connection, due) if due else self._ring_jobs(connection)

    def _ring_jobs(self, connection: psycopg.Connection[Any]) -> bool:
        queue = f"{self.service}.ticks"
        if self._length(queue) >= TICKS_BACKLOG:
            return True
        names = [name for (name,) in connection.execute(_JOBS).fetchall()]
        if names:
            try:
                self.app.send_task(f"{self.service}.tick", kwargs={"jobs": names}, queue=queue, ignore_result=True)
            except _UNSENT:
                connection.execute(_JOBS_BACK, (names,))
                raise
        return True

    def _send_to(self, connection: psycopg.Connection[Any], subscriber: str) -> bool:
        queue = f"{subscriber}.events"
        room = min(AT_ONCE, BACKLOG - self._length(queue) - self._length(f"{self.service}.receipts"))
        if room <= 0:
            return False
        claimed = connection.execute(_CLAIM, (subscriber, room, BYTES_AT_ONCE)).fetchall()
        batches = batches_of(Envelope(event_id, self.service, *rest) for event_id, *rest in claimed)
        for number, batch in enumerate(batches):
            try:
                self._send_batch(subscriber, batch)
            except _UNSENT:
                failed, unsent = [e.event_id for e in batch], [e.event_id for left in batches[number:] for e in left]
                connection.execute(_GIVE_BACK, {"failed": failed, "subscriber": subscriber, "unsent": unsent})
                raise
        return len(claimed) < room

    def _send_batch(self, subscriber: str, batch: Sequence[Envelope]) -> None:
        first = batch[0]
        task = EVENTS[first.topic].subscribers.get(subscriber) if first.topic in EVENTS else None
        if task is None:  # of a newer version: they wait for a relay that knows them, and hold up nobody
            ids = [str(event.event_id) for event in batch]
            log.error("events of an unknown topic", topic=first.topic, subscriber=subscriber, event_ids=ids)
            return
        self.app.send_task(
            task,
            kwargs=event_message(*batch),
            queue=f"{subscriber}.events",
            task_id=f"{first.event_id}:{subscriber}",
            kwargsrepr=words_of(batch),
            ignore_result=True,
        )

    def _length(self, queue: str) -> int:
        length: Any = self.broker.llen(queue)
        return int(length)


def batches_of(envelopes: Iterable[Envelope]) -> list[list[Envelope]]:
    """The events by topic, in messages of at most BATCH events and BATCH_BYTES of payload (or one event alone)."""
    batches: list[list[Envelope]] = []
    open_batches: dict[str, tuple[list[Envelope], int]] = {}
    for envelope in envelopes:
        batch, size = open_batches.get(envelope.topic, ([], 0))
        length = len(envelope.payload)
        if not batch or len(batch) == BATCH or size + length > BATCH_BYTES:
            batch, size = [], 0
            batches.append(batch)
        batch.append(envelope)
        open_batches[envelope.topic] = batch, size + length
    return batches


def words_of(batch: Sequence[Envelope]) -> str:
    """What Flower shows as a task's arguments: how many events, and which."""
    keys = ", ".join(f"{event.key} v{event.version}" for event in batch)
    return f"{batch[0].topic} {keys}" if len(batch) == 1 else f"{len(batch)} events {batch[0].topic}: {keys}"


def run(services: Sequence[str], stop: threading.Event, pulse: Pulse) -> None:
    """Relays for the services until `stop` is set: a service that notifies is served at once, each once a second."""
    wires = [Wire(service) for service in services]
    due = wires
    full_turn_at = time.monotonic()
    while not stop.is_set():
        turns = {}
        for wire in due:
            pulse.beat()
            was_connected = wire.connection is not None
            turns[wire] = wire.turn()
            if was_connected and wire.connection is None:
                drop_all(wires)
        lively = [wire for wire, turn in turns.items() if turn is Turn.MORE]
        spoken = wait(wires, MORE_SECONDS if lively else POLL_SECONDS, stop)
        if time.monotonic() - full_turn_at >= POLL_SECONDS:
            due, full_turn_at = wires, time.monotonic()
        else:
            due = list(dict.fromkeys([*spoken, *lively]))


def drop_all(wires: Sequence[Wire]) -> None:
    """Where one connection is lost, the others lead to the same server: none of them is waited for in its turn."""
    for wire in wires:
        if wire.connection is not None:
            wire.connection.close()
            wire.connection = None


def wait(wires: Sequence[Wire], seconds: float, stop: threading.Event) -> list[Wire]:
    """The wires on which PostgreSQL notified within `seconds`; waits the time out while none is connected."""
    sockets = {number: wire for wire in wires if (number := wire.fileno()) is not None}
    if not sockets:
        stop.wait(seconds)
        return []
    readable, _, _ = select.select(list(sockets), [], [], seconds)
    return [sockets[number] for number in readable]


def main() -> None:
    settings().check_secrets(*SECRETS)
    set_up_logs("relay")
    warn_of_old_python()
    stop = threading.Event()

    def leave(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    log.info("relay started")
    pulse = Pulse()
    threading.Thread(target=pulse.watch, args=(stop,), daemon=True).start()
    run(SERVICES, stop, pulse)


if __name__ == "__main__":
    main()
