"""Runs one service's Celery worker with its watchdog: `python -m shared.delivery.worker rates`."""

import gc
import importlib
import os
import signal
import sys
import threading
from typing import Any

import psycopg
import structlog
from celery.signals import worker_process_init, worker_ready

from shared.delivery.bus import Bus
from shared.events import EVENTS
from shared.ops.logs import set_up_logs, warn_of_old_python
from shared.settings import SERVICES, own_secrets, settings
from shared.waits import BoundedConnection

STALE_SECONDS = 50
CHECK_SECONDS = 10.0
log = structlog.get_logger()

# Of daily work the first run comes in the district's next night, the others a day after each.
_JOB = """
    insert into job(name, every, due_at) values (
        %(name)s,
        %(every)s,
        case when %(every)s < interval '1 day' then now()
        else ((now() at time zone %(zone)s)::date + 1 + time '02:30') at time zone %(zone)s end
    )
    on conflict (name) do update set every = excluded.every where job.every <> excluded.every
    """
# A worker that starts sweeps at once: what waits is done, and the loop shows that it works (readiness).
_SWEEP_NOW = "update job set due_at = least(due_at, now()), next_at = now() where name = %s"
_AGES = """
    select extract(epoch from now() - max(at) filter (where id = 'loop')),
    extract(epoch from now() - max(at) filter (where id = 'relay')) from loop_beat
    """


def relay_lives(relay_age: float | None) -> bool:
    """Whether the relay turns and reaches the broker, by the seconds since its last beat.

    A beat that lies ahead is from before the clock of the database was set back, and says nothing.
    """
    return relay_age is not None and 0 <= relay_age < STALE_SECONDS / 2


def is_stalled(loop_age: float | None, relay_age: float | None, up_for: float) -> bool:
    """Whether the worker no longer receives although the relay is alive; ages in seconds, None where never."""
    silent_for = up_for if loop_age is None or loop_age < 0 else min(loop_age, up_for)
    return relay_lives(relay_age) and silent_for > STALE_SECONDS


def secrets_of(service: str) -> list[str]:
    """What a worker needs: its passwords, and its key with those of its publishers and subscribers."""
    publishers = {event.publisher() for event in EVENTS.values() if service in event.subscribers}
    subscribers = {
        subscriber for event in EVENTS.values() if event.publisher() == service for subscriber in event.subscribers
    }
    keys = sorted(f"event_keys__{name}" for name in publishers | subscribers | {service})
    return [*own_secrets(service), f"redis_passwords__{service}", *keys]


def register_jobs(bus: Bus) -> None:
    """Writes the service's loops and jobs into its job table, where the relay finds them."""
    with BoundedConnection.connect(settings().database_url_of(bus.service)) as connection:
        for name, every in bus.jobs.items():
            connection.execute(_JOB, {"name": name, "every": every, "zone": settings().timezone})
        connection.execute("delete from job where name <> all(%s)", (list(bus.jobs),))
        connection.execute(_SWEEP_NOW, (f"{bus.service}.sweep_inbox",))


def watch(service: str, stop: threading.Event) -> None:
    """Kills this worker when nothing came through relay, broker and worker for a minute; it is started again."""
    up_for = 0.0
    while not stop.wait(CHECK_SECONDS):
        up_for += CHECK_SECONDS
        try:
            with BoundedConnection.connect(settings().database_url_of(service)) as connection:
                row = connection.execute(_AGES).fetchone()
        except psycopg.Error:
            up_for = 0.0
            continue
        loop_age, relay_age = row or (None, None)
        if not relay_lives(relay_age):
            up_for = 0.0  # nobody rang: it has its minute again from when the relay and the broker are back
        if is_stalled(loop_age, relay_age, up_for):
            log.error("worker stalled: leaving to be started again", service=service)
            os.killpg(os.getpgid(0), signal.SIGKILL)


def main(arguments: list[str]) -> None:
    """Starts the worker of the named service with `-c` children (default 1)."""
    service = arguments[0] if arguments else ""
    if service not in SERVICES:
        sys.exit(f"usage: python -m shared.delivery.worker SERVICE [CHILDREN]; SERVICE is one of {', '.join(SERVICES)}")
    children = arguments[1] if len(arguments) > 1 else "1"
    settings().check_secrets(*secrets_of(service))
    settings().check_own()
    set_up_logs(f"{service} worker")
    warn_of_old_python()
    bus: Bus = importlib.import_module(f"services.{service}.tasks").bus
    register_jobs(bus)
    stop = threading.Event()

    @worker_ready.connect(weak=False)  # type: ignore[untyped-decorator]
    def start_watch(**_: Any) -> None:
        threading.Thread(target=watch, args=(service, stop), daemon=True).start()

    @worker_process_init.connect(weak=False)  # type: ignore[untyped-decorator]
    def start_child(**_: Any) -> None:
        set_up_logs(f"{service} worker")
        # As in the web: the collector does not walk the loaded code in the middle of an event.
        gc.freeze()
        gc.set_threshold(50_000, 50, 50)

    queues = ",".join(f"{service}.{kind}" for kind in ("events", "receipts", "ticks"))
    options = ["--without-gossip", "--without-mingle", "-E", "--loglevel", "WARNING"]
    bus.celery.worker_main(["worker", "-n", f"{service}@%h", "-Q", queues, "-c", children, *options])


if __name__ == "__main__":
    main(sys.argv[1:])
