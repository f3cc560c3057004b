"""An event's way: how long at idle and how many a second, beside Celery alone in the same run."""

import statistics
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from sqlalchemy import TextClause, text

from bench.celery_alone import Alone
from bench.figures import Figure, keep, percentile
from bench.installation import child, database, whole
from shared.db import transaction
from shared.delivery.outbox import publish
from shared.events import DigestsPlanned
from tests.deploy.waiting import until

EVENTS = 300
MANY = 2000
RUNS = 5
_DONE = text("select done_at from inbox where key = :key and state = 'done'")
_SAID = text("select created_at from outbox_event where key = :key")
_ALL_DONE = text("select count(*) from inbox where state = 'done'")


def figures() -> list[Figure]:
    with database(), child("bench.celery_alone"):
        celery = Alone()
        alone = celery.one_after_the_other(EVENTS + 20)[20:]
        most = [celery.a_second(MANY) for _ in range(RUNS)]
    with whole():
        taken = latency()
        rates = [throughput(run) for run in range(1, RUNS + 1)]
    tail = Figure("the same, 99th of 100", "ms", [percentile(taken, 0.99)], "<= 100 ms")
    tail.beside["a task of Celery alone"] = [percentile(alone, 0.99)]
    return [
        Figure(
            "event commit to effect committed in the other service, at idle",
            "ms",
            taken,
            "p50 <= 15 ms",
            {"a task of Celery alone": alone},
        ),
        tail,
        Figure("events said, sent, heard and done", "a second", rates, "-", {"tasks of Celery alone": most}),
    ]


def planned() -> DigestsPlanned:
    return DigestsPlanned(upload_id=uuid4(), revision=1, planned=0, held=0, unroutable=0)


def latency() -> list[float]:
    """Milliseconds from notify's commit to the handler's commit in ingest, one event at a time."""
    taken: list[float] = []
    for _ in range(EVENTS):
        event = planned()
        with transaction("notify") as session:
            publish(session, event)
        until(known("ingest", _DONE, event.key))
        taken.append((scalar("ingest", _DONE, event.key) - scalar("notify", _SAID, event.key)).total_seconds() * 1000)
    print(f"event latency p50 {statistics.median(taken):.1f} ms, p99 {percentile(taken, 0.99):.1f} ms", flush=True)
    return taken


def throughput(run: int) -> float:
    """Events a second from the commit of MANY of them to the last one's effect."""
    began = time.perf_counter()
    with transaction("notify") as session:
        for _ in range(MANY):
            publish(session, planned())
    until(lambda: scalar("ingest", _ALL_DONE, "") == EVENTS + run * MANY, seconds=120)
    return MANY / (time.perf_counter() - began)


def scalar(service: str, query: TextClause, key: str) -> Any:
    with transaction(service) as session:
        return session.execute(query, {"key": key} if ":key" in query.text else {}).scalar()


def known(service: str, query: TextClause, key: str) -> Callable[[], bool]:
    return lambda: scalar(service, query, key) is not None


if __name__ == "__main__":
    measured = figures()
    keep("events", measured)
    print("\n".join(figure.line() for figure in measured))
