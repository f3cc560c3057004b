"""The relay: turns due deliveries and due jobs of all services into Celery tasks. Any number may run.

It is the only publisher of events. A task is sent after its claim is committed and again until the receipt is there;
into a backlog nothing more is sent.
"""

import enum
import select
import signal
import threading
import time
from collections.abc import Sequence
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

POLL_SECONDS = 1.0
MORE_SECONDS = 0.05
BEAT_SECONDS = 5.0
BACKLOG = 300
AT_ONCE = 200
TICKS_BACKLOG = 20
BYTES_AT_ONCE = 16_000_000
SECRETS = [f"{kind}__{name}" for kind in ("database_passwords", "redis_passwords", "event_keys") for name in SERVICES]
_UNSENT = (redis.RedisError, KombuError, OSError)
log = structlog.get_logger()

_DUE: LiteralString = (
    "select distinct subscriber from outbox_delivery where state in ('pending','sent') and next_at <= now()"
    " union all select distinct '' from job where due_at <= now() and next_at <= now()"
)
_CLAIM: LiteralString = (
    "with due as (select event_id, subscriber, next_at from outbox_delivery"
    "   where subscriber = %s and state in ('pending','sent') and next_at <= now()"
    "   order by next_at, event_id limit %s for update skip locked),"
    " sized as (select d.event_id, d.subscriber, sum(pg_column_size(e.payload)) over (order by d.next_at, d.event_id)"
    "   as upto, row_number() over (order by d.next_at, d.event_id) as nr"
    "   from due d join outbox_event e using (event_id)),"
    " x as (select event_id, subscriber from sized where nr = 1 or upto <= %s)"
    " update outbox_delivery d set state = 'sent', attempts = attempts + 1,"
    "   next_at = now() + least(15 * 2 ^ least(attempts, 6), 600) * (0.75 + random() / 2) * interval '1 s'"
    " from x, outbox_event e where (d.event_id, d.subscriber) = (x.event_id, x.subscriber) and e.event_id = d.event_id"
    " returning e.event_id, e.topic, e.key, e.version, e.payload"
)
# What could not be sent is due again soon, not after the wait for a receipt: at once where it was not even tried.
_GIVE_BACK: LiteralString = (
    "update outbox_delivery set attempts = attempts - (event_id <> %(failed)s)::int,"
    " next_at = now() + case when event_id = %(failed)s then 2 ^ least(attempts, 9) else 0 end * interval '1 s'"
    " where subscriber = %(subscriber)s and event_id = any(%(unsent)s) and state = 'sent'"
)
_JOBS_BACK: LiteralString = "update job set next_at = now() where name = any(%s)"
_JOBS: LiteralString = (
    "update job set next_at = now() + interval '15 s' where name in"
    " (select name from job where due_at <= now() and next_at <= now() for update skip locked) returning name"
)
_BEAT: LiteralString = "insert into loop_beat(id, at) values ('relay', now()) on conflict (id) do update set at = now()"


class Turn(enum.Enum):
    """How a turn ended: nothing left to send, more to send, or not reached."""

    IDLE = "idle"
    MORE = "more"
    FAILED = "failed"


class Wire:
    """One service's connection to PostgreSQL and to the broker, each as that service's own user."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.app: Celery = celery_app(service)
        self.broker = redis.Redis.from_url(settings().redis_url_of(service), socket_timeout=5, socket_connect_timeout=3)
        self.connection: psycopg.Connection[Any] | None = None
        self.beat_at = 0.0

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
            self._dropped()
            return Turn.FAILED
        return Turn.IDLE if all(sent) else Turn.MORE

    def fileno(self) -> int | None:
        """The socket to wait on for a notification, where there is one."""
        return None if self.connection is None or self.connection.closed else self.connection.fileno()

    def _connected(self) -> psycopg.Connection[Any]:
        if self.connection is None or self.connection.closed:
            url = settings().direct_url_of(self.service)
            self.connection = psycopg.connect(url, autocommit=True, connect_timeout=3, application_name="ses relay")
            self.connection.execute(f"listen {CHANNEL}")
        return self.connection

    def _dropped(self) -> None:
        if self.connection is not None and (self.connection.broken or self.connection.closed):
            self.connection = None

    def _beat(self, connection: psycopg.Connection[Any]) -> None:
        """Shows that this relay turns and that the broker answers it: one without the other sends nothing."""
        if time.monotonic() - self.beat_at >= BEAT_SECONDS:
            self.broker.ping()
            connection.execute(_BEAT)
            self.beat_at = time.monotonic()

    def _send(self, connection: psycopg.Connection[Any], due: str) -> bool:
        """Sends to a subscriber, or rings for jobs (`due` is empty); False when more is left than was sent."""
        return self._send_to(connection, due) if due else self._ring_jobs(connection)

    def _ring_jobs(self, connection: psycopg.Connection[Any]) -> bool:
        queue = f"{self.service}.ticks"
        if self._length(queue) >= TICKS_BACKLOG:
            return True
        names = [name for (name,) in connection.execute(_JOBS).fetchall()]
        for number, name in enumerate(names):
            try:
                self.app.send_task(name, queue=queue, ignore_result=True)
            except _UNSENT:
                connection.execute(_JOBS_BACK, (names[number:],))
                raise
        return True

    def _send_to(self, connection: psycopg.Connection[Any], subscriber: str) -> bool:
        queue = f"{subscriber}.events"
        room = min(AT_ONCE, BACKLOG - self._length(queue) - self._length(f"{self.service}.receipts"))
        if room <= 0:
            return False
        claimed = connection.execute(_CLAIM, (subscriber, room, BYTES_AT_ONCE)).fetchall()
        for number, (event_id, topic, key, version, payload) in enumerate(claimed):
            try:
                self._send_event(subscriber, Envelope(event_id, self.service, topic, key, version, payload))
            except _UNSENT:
                unsent = [event_id for event_id, *_ in claimed[number:]]
                connection.execute(_GIVE_BACK, {"failed": event_id, "subscriber": subscriber, "unsent": unsent})
                raise
        return len(claimed) < room

    def _send_event(self, subscriber: str, event: Envelope) -> None:
        task = EVENTS[event.topic].subscribers.get(subscriber) if event.topic in EVENTS else None
        if task is None:  # said by a newer version: it waits for a relay that knows it, and holds up nobody
            log.error(
                "event of an unknown topic", topic=event.topic, subscriber=subscriber, event_id=str(event.event_id)
            )
            return
        self.app.send_task(
            task,
            kwargs=event_message(event),
            queue=f"{subscriber}.events",
            task_id=f"{event.event_id}:{subscriber}",
            kwargsrepr=f"{event.topic} {event.key} v{event.version}",
            ignore_result=True,
        )

    def _length(self, queue: str) -> int:
        length: Any = self.broker.llen(queue)
        return int(length)


def run(services: Sequence[str], stop: threading.Event) -> None:
    """Relays for the services until `stop` is set: a service that speaks is served at once, each once a second."""
    wires = [Wire(service) for service in services]
    due = wires
    full_turn_at = time.monotonic()
    while not stop.is_set():
        turns = {wire: wire.turn() for wire in due}
        lively = [wire for wire, turn in turns.items() if turn is Turn.MORE]
        spoken = wait(wires, MORE_SECONDS if lively else POLL_SECONDS, stop)
        if time.monotonic() - full_turn_at >= POLL_SECONDS:
            due, full_turn_at = wires, time.monotonic()
        else:
            due = list(dict.fromkeys([*spoken, *lively]))


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
    run(SERVICES, stop)


if __name__ == "__main__":
    main()
