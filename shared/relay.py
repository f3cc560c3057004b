"""The relay: turns due deliveries and due jobs of all services into Celery tasks. Any number may run.

It is the only publisher of events. A task is sent after its claim is committed and again until the receipt is there;
into a backlog nothing more is sent (RELIABILITY section 0.5).
"""

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

from shared.bus import celery_app
from shared.envelope import Envelope, event_message
from shared.events import EVENTS
from shared.logs import set_up_logs
from shared.outbox import CHANNEL
from shared.settings import SERVICES, settings

POLL_SECONDS = 1.0
BEAT_SECONDS = 5.0
BACKLOG = 300
AT_ONCE = 200
BYTES_AT_ONCE = 16_000_000
log = structlog.get_logger()

_SUBSCRIBERS: LiteralString = (
    "select distinct subscriber from outbox_delivery where state in ('pending','sent') and next_at <= now()"
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
    " returning e.event_id, e.topic, e.key, e.version, e.payload::text"
)
_JOBS: LiteralString = (
    "update job set next_at = now() + interval '15 s' where name in"
    " (select name from job where due_at <= now() and next_at <= now() for update skip locked) returning name"
)
_BEAT: LiteralString = "insert into loop_beat(id, at) values ('relay', now()) on conflict (id) do update set at = now()"


class Wire:
    """One service's connection to PostgreSQL and to the broker, each as that service's own user."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.app: Celery = celery_app(service)
        self.broker = redis.Redis.from_url(settings().redis_url_of(service), socket_timeout=5, socket_connect_timeout=3)
        self.connection: psycopg.Connection[Any] | None = None
        self.beat_at = 0.0

    def turn(self) -> bool:
        """Sends what is due; False when PostgreSQL or the broker could not be reached."""
        try:
            connection = self._connected()
            for _ in connection.notifies(timeout=0):
                pass
            self._beat(connection)
            self._ring_jobs(connection)
            for (subscriber,) in connection.execute(_SUBSCRIBERS).fetchall():
                self._send_to(connection, subscriber)
        except (psycopg.Error, redis.RedisError, KombuError, OSError) as error:
            log.warning("relay turn failed", service=self.service, reason=f"{type(error).__name__}: {error}")
            self._dropped()
            return False
        return True

    def fileno(self) -> int | None:
        """The socket to wait on for a notification, where there is one."""
        return None if self.connection is None or self.connection.closed else self.connection.fileno()

    def _connected(self) -> psycopg.Connection[Any]:
        if self.connection is None or self.connection.closed:
            url = settings().database_url_of(self.service)
            self.connection = psycopg.connect(url, autocommit=True, connect_timeout=3, application_name="ses relay")
            self.connection.execute(f"listen {CHANNEL}")
        return self.connection

    def _dropped(self) -> None:
        if self.connection is not None and (self.connection.broken or self.connection.closed):
            self.connection = None

    def _beat(self, connection: psycopg.Connection[Any]) -> None:
        if time.monotonic() - self.beat_at >= BEAT_SECONDS:
            connection.execute(_BEAT)
            self.beat_at = time.monotonic()

    def _ring_jobs(self, connection: psycopg.Connection[Any]) -> None:
        queue = f"{self.service}.ticks"
        if self._length(queue) >= 20:
            return
        for (name,) in connection.execute(_JOBS).fetchall():
            self.app.send_task(name, queue=queue, ignore_result=True)

    def _send_to(self, connection: psycopg.Connection[Any], subscriber: str) -> None:
        queue = f"{subscriber}.events"
        room = min(AT_ONCE, BACKLOG - self._length(queue) - self._length(f"{self.service}.receipts"))
        if room <= 0:
            return
        for event_id, topic, key, version, payload in connection.execute(_CLAIM, (subscriber, room, BYTES_AT_ONCE)):
            self.app.send_task(
                EVENTS[topic].heard_by[subscriber],
                kwargs=event_message(Envelope(event_id, self.service, topic, key, version, payload)),
                queue=queue,
                task_id=f"{event_id}:{subscriber}",
                kwargsrepr=f"{topic} {key} v{version}",
                ignore_result=True,
            )

    def _length(self, queue: str) -> int:
        length: Any = self.broker.llen(queue)
        return int(length)


def run(services: Sequence[str], stop: threading.Event) -> None:
    """Relays for the services until `stop` is set."""
    wires = [Wire(service) for service in services]
    while not stop.is_set():
        reached = [wire.turn() for wire in wires]
        sockets = [number for wire in wires if (number := wire.fileno()) is not None]
        if all(reached) and sockets:
            select.select(sockets, [], [], POLL_SECONDS)
        else:
            stop.wait(POLL_SECONDS)


def main() -> None:
    set_up_logs("relay")
    stop = threading.Event()

    def leave(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    log.info("relay started")
    run(SERVICES, stop)


if __name__ == "__main__":
    main()
