"""Celery on Redis: one app per service, its handlers, loops and daily jobs.

PostgreSQL is the truth (docs/decisions/0001): no results, no ETA, no retries, no late acks here. Early ack is safe
because an unacknowledged delivery is sent again until the subscriber's receipt arrives.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

import structlog
from celery import Celery
from celery.signals import worker_process_init
from kombu.exceptions import KombuError
from kombu.transport import redis as kombu_redis
from kombu.transport import virtual
from redis import RedisError
from sqlalchemy import text
from sqlmodel import Session

from shared.db import engine, transaction
from shared.delivery import inbox, no_scripts, outbox
from shared.delivery.envelope import ForgedMessage, open_events, open_receipt, receipt_message
from shared.events import EVENTS, Event
from shared.ops.logs import without_private
from shared.settings import settings

# What was done is kept for 90 days; an inbox longer than the outboxes, so that a late repetition is still known.
_PURGE = (
    (
        """
        delete from outbox_event e where created_at < now() - interval '90 days'
        and not exists (select 1 from outbox_delivery d where d.event_id = e.event_id and d.state <> 'acked')
        """
    ),
    "delete from inbox where state in ('done','discarded') and done_at < now() - interval '120 days'",
    "delete from job_log where slot < now() - interval '90 days'",
)
E = TypeVar("E", bound=Event)
log = structlog.get_logger()
# An idle installation beats so often; what is due sooner (a retry, a called job) is rung for when it is due.
SWEEP_EVERY = timedelta(seconds=20)
SWEEP_AT_MOST = 200
LONG_WORK_BEAT_SECONDS = 15.0

_REFUSED = text(
    """
    insert into audit(actor, action, object, detail)
    select 'broker', 'message refused', :kind, jsonb_build_object('reason', cast(:reason as text))
    where (select count(*) from audit where action = 'message refused' and at > now() - interval '1 day') < 1000
    """
)
_BEAT = text("insert into loop_beat(id, at) values ('loop', now()) on conflict (id) do update set at = now()")
_ADVANCE = text(
    """
    update job set due_at = greatest(due_at + every, now()), next_at = now()
    where name = :name and due_at <= now() returning due_at
    """
)
_SLOT = text(
    """
    with j as (select name, due_at from job where name = :name and due_at <= now() for update skip locked),
    s as (insert into job_log(name, slot) select name, due_at from j on conflict do nothing returning slot)
    update job set due_at = case when job.due_at + every > now() then job.due_at + every else now() + every end
    from j where job.name = j.name returning (select count(*) from s) as ran
    """
)


def celery_app(service: str) -> Celery:
    """A Celery app with the settings that were measured, as the service's own broker user."""
    app = Celery(service, broker=settings().redis_url_of(service))
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_acks_late=False,
        task_soft_time_limit=30,
        task_time_limit=45,
        task_publish_retry=False,
        task_default_queue=f"{service}.events",
        worker_prefetch_multiplier=1,
        worker_max_tasks_per_child=50_000,  # replacing an only child takes 2.5 s, in which nothing is done
        worker_max_memory_per_child=400_000,  # KB; a child that a national file has swollen is replaced after it
        worker_enable_remote_control=True,
        worker_send_task_events=True,
        worker_soft_shutdown_timeout=20.0,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_channel_error_retry=True,
        broker_pool_acquire_timeout=5,
        control_queue_ttl=60.0,
        control_queue_expires=60.0,
        broker_transport_options={
            "visibility_timeout": 600,
            "unacked_key": f"{service}.unacked",
            "unacked_index_key": f"{service}.unacked_index",
            "unacked_mutex_key": f"{service}.unacked_mutex",
            "socket_timeout": 5,
            "socket_connect_timeout": 3,
            "socket_keepalive": True,
            "health_check_interval": 10,
            "max_retries": 0,  # to connect for a message: else kombu waits 2 s and 4 s inside send_task
            "client_name": service,
        },
    )
    return app


def _ack(self: Any, delivery_tag: Any) -> None:
    """Gives the prefetch credit back even when Redis is away; without it a worker can stop consuming forever."""
    try:
        self._remove_from_indices(delivery_tag).execute()
    finally:
        virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]


kombu_redis.QoS.ack = _ack  # type: ignore[method-assign]
no_scripts.install()


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _fresh_engines(**_: Any) -> None:
    engine.cache_clear()


def purge(session: Session) -> int:
    """Removes events that were published and acknowledged, or received and done, a quarter ago; answers how many rows."""
    counted = "with gone as ({} returning 1) select count(*) from gone"
    return sum(int(session.execute(text(counted.format(statement))).scalar_one()) for statement in _PURGE)


class EventsFailed(Exception):
    """Handlers failed: raised at the end of a task, so that Flower shows it as failed. The inbox tries again."""


class Bus:
    """A service's handlers of events (`handles`, `handles_batch`), its loops (`loop`) and once-per-slot jobs (`daily`)."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.celery = celery_app(service)
        self.handlers: dict[str, inbox.Handler] = {}
        self.batch_handlers: dict[str, inbox.BatchHandler] = {}
        self.jobs: dict[str, timedelta] = {}
        self.turns: dict[str, Callable[[], None]] = {}
        self.celery.task(name=f"{service}.take_receipt")(self._take_receipt)
        # Ticks say nothing to an operator: Flower's list shows what they lead to.
        self.celery.task(name=f"{service}.tick", send_events=False)(self._tick)
        self.loop(f"{service}.sweep_inbox", SWEEP_EVERY)(self.sweep)
        self.daily(f"{service}.purge_events", timedelta(days=1))(purge)

    def handles(self, event: type[E]) -> Callable[[Callable[[Session, E], None]], Callable[[Session, E], None]]:
        """Registers the handler of an event under the task name that the map gives this service.

        Events that come together are handled one after the other in one transaction.
        """

        def register(handler: Callable[[Session, E], None]) -> Callable[[Session, E], None]:
            self.handlers[event.topic] = handler  # type: ignore[assignment]
            self._task_of(event)
            return handler

        return register

    def handles_batch(
        self, event: type[E]
    ) -> Callable[[Callable[[Session, Sequence[E]], None]], Callable[[Session, Sequence[E]], None]]:
        """Like `handles`, for a handler that takes all events that came together, at least one, in one call.

        When it fails it is called again with each event alone.
        """

        def register(handler: Callable[[Session, Sequence[E]], None]) -> Callable[[Session, Sequence[E]], None]:
            self.batch_handlers[event.topic] = handler  # type: ignore[assignment]
            self.handlers[event.topic] = lambda session, one: handler(session, [one])  # type: ignore[list-item]
            self._task_of(event)
            return handler

        return register

    def _task_of(self, event: type[Event]) -> None:
        self.celery.task(name=event.subscribers[self.service], throws=(EventsFailed,))(self._receive)

    def loop(
        self, name: str, every: timedelta, *, soft_seconds: int | None = None
    ) -> Callable[[Callable[[], None]], Callable[[], None]]:
        """Registers work that repeats and commits by itself; running it twice must be harmless.

        `soft_seconds`: how long a turn may take, where it is more than a task's usual limit; it is then a task of its own.
        """

        def register(work: Callable[[], None]) -> Callable[[], None]:
            def turn() -> None:
                with transaction(self.service) as session:
                    session.execute(_ADVANCE, {"name": name})
                with self._beating() if soft_seconds else nullcontext():
                    work()

            self.jobs[name] = every
            if soft_seconds is None:
                self.turns[name] = turn
            else:
                limits = {"soft_time_limit": soft_seconds, "time_limit": soft_seconds + 15}
                self.turns[name] = partial(self._send_turn, name)
                self.celery.task(name=name, **limits)(turn)
            return work

        return register

    def daily(
        self, name: str, every: timedelta
    ) -> Callable[[Callable[[Session], object]], Callable[[Session], object]]:
        """Registers database work that runs once per slot, whatever the number of relays that send for it."""

        def register(work: Callable[[Session], object]) -> Callable[[Session], object]:
            def slot() -> None:
                with transaction(self.service) as session:
                    if session.execute(_SLOT, {"name": name}).scalar():
                        work(session)

            self.jobs[name] = every
            self.turns[name] = slot
            return work

        return register

    def _tick(self, jobs: list[str]) -> None:
        """Runs the jobs that are due, tasks of their own first; one that fails stops no other and runs at its next tick."""
        for name in sorted(jobs, key=lambda name: name not in self.celery.tasks):
            try:
                self.turns[name]()
            except Exception as error:
                log.exception("job failed", job=name)
                self._show_failed(str(uuid4()), name, "", f"{type(error).__name__}: {error}")

    def _send_turn(self, name: str) -> None:
        self.celery.send_task(name, queue=f"{self.service}.ticks", ignore_result=True)

    @contextmanager
    def _beating(self) -> Iterator[None]:
        """Shows life while long work keeps the worker from its sweeps; its time limit still bounds it."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(LONG_WORK_BEAT_SECONDS):
                with transaction(self.service) as session:
                    session.execute(_BEAT)

        beating = threading.Thread(target=beat, daemon=True)
        beating.start()
        try:
            yield
        finally:
            over.set()
            beating.join()

    def sweep(self) -> None:
        """Runs what is due again and shows that the whole loop relay, broker, worker, PostgreSQL works."""
        with transaction(self.service) as session:
            session.execute(_BEAT)
        for _ in range(SWEEP_AT_MOST):
            event_id = inbox.claim_due(self.service)
            if event_id is None:
                return
            failure = inbox.run(self.service, event_id, self.handlers)
            if failure is not None:
                name = EVENTS[failure.topic].subscribers[self.service]
                uuid = f"{failure.event_id}:{self.service}"
                self._show_failed(uuid, name, f"{failure.topic} {failure.key}", _words_of([failure], 1))

    def _receive(self, **message: Any) -> None:
        try:
            envelopes = open_events(message)
        except ForgedMessage as error:
            self._refuse("event", error)
            return
        if envelopes[0].topic not in self.handlers:
            log.error("event is not for this service", topic=envelopes[0].topic)
            return
        event_ids = [envelope.event_id for envelope in envelopes]
        inbox.arrive(self.service, *envelopes)
        self._give_receipt(envelopes[0].publisher, receipt_message(event_ids, self.service))
        if len(event_ids) == 1:
            failure = inbox.run(self.service, event_ids[0], self.handlers)
            failures = [] if failure is None else [failure]
        else:
            failures = inbox.run_batch(self.service, event_ids, self.handlers, self.batch_handlers)
        if failures:
            raise EventsFailed(_words_of(failures, len(event_ids)))

    def _show_failed(self, uuid: str, name: str, kwargs: str, exception: str) -> None:
        """Shows in Flower as a failed task what failed inside a tick, which has no line there."""
        try:
            with self.celery.events.default_dispatcher() as events:
                events.send("task-received", uuid=uuid, name=name, args="()", kwargs=kwargs, retries=0)
                events.send("task-started", uuid=uuid)
                events.send("task-failed", uuid=uuid, exception=without_private(exception), traceback="")
        except (KombuError, RedisError, OSError) as error:
            log.warning("failure not shown in Flower", reason=str(error))

    def _refuse(self, kind: str, error: Exception) -> None:
        """Writes a refused message where metrics and ops find it; a flood of them is cut at a number."""
        log.error(f"forged {kind} refused", reason=str(error))
        with transaction(self.service) as session:
            session.execute(_REFUSED, {"kind": kind, "reason": str(error)[:300]})

    def _give_receipt(self, publisher: str, message: dict[str, Any]) -> None:
        try:
            self.celery.send_task(
                f"{publisher}.take_receipt", kwargs=message, queue=f"{publisher}.receipts", ignore_result=True
            )
        except (KombuError, RedisError, OSError) as error:
            log.warning("receipt not sent; the publisher will ask again", reason=str(error))

    def _take_receipt(self, event_ids: list[str], subscriber: str, signature: str) -> None:
        try:
            known = open_receipt(event_ids, subscriber, signature)
        except (ForgedMessage, ValueError) as error:
            self._refuse("receipt", error)
            return
        with transaction(self.service) as session:
            outbox.take_receipt(session, known, subscriber)


def _words_of(failures: Sequence[inbox.Failure], count: int) -> str:
    """The failures in one line for Flower, without what is private."""
    first = failures[0]
    return without_private(f"{len(failures)} of {count} failed, first {first.topic} {first.key}: {first.error}")
