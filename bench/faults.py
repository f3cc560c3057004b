"""Recovery: how long until everything is done after the broker lost all it held, and after a worker was killed."""

import time
from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import text

from bench.figures import Figure, keep
from bench.installation import whole
from shared.db import transaction
from shared.delivery.outbox import publish
from shared.events import DigestsPlanned
from tests.deploy.waiting import until
from tests.faults.injuries import empty_broker
from tests.stack import Programs, owner

EVENTS = 500
EMPTIED = 3
KILLED = 1
PATIENCE = 150.0


def speak(number: int) -> None:
    """Events from notify to ingest, in one commit."""
    with transaction("notify") as session:
        for _ in range(number):
            publish(session, DigestsPlanned(upload_id=uuid4(), revision=1, planned=0, held=0, unroutable=0))


def count(service: str, query: str) -> int:
    with transaction(service) as session:
        return int(session.execute(text(query)).scalar_one())


def all_done(said: int) -> Callable[[], bool]:
    """Everything said is done over there, and its receipt is here."""
    done = f"select count(*) = {said} from inbox where state = 'done'"
    acked = "select count(*) = 0 from outbox_delivery where state <> 'acked'"
    return lambda: bool(count("ingest", done)) and bool(count("notify", acked))


def after_an_emptied_broker() -> list[float]:
    """Seconds, each time while 500 events are in it."""
    taken = []
    for number in range(1, EMPTIED + 1):
        speak(EVENTS)
        until(lambda: count("notify", "select count(*) from outbox_delivery where state <> 'pending'") > 0)
        empty_broker()
        began = time.monotonic()
        until(all_done(number * EVENTS), seconds=PATIENCE)
        taken.append(time.monotonic() - began)
        print(f"emptied: all of {EVENTS} done and acknowledged {taken[-1]:.1f} s later", flush=True)
    return taken


def after_a_killed_worker(stack: Programs, said: int) -> list[float]:
    """Seconds from kill -9 in the midst of an event's handler until that event is done; started again at once."""
    taken = []
    for number in range(1, KILLED + 1):
        with owner() as connection, connection.transaction():
            connection.execute("lock table ingest.delivery_step in exclusive mode")
            speak(1)
            until(lambda: count("ingest", "select count(*) from inbox where state = 'new'"), seconds=4)
            command, env = stack.commands["worker-ingest"]
            stack.kill("worker-ingest")
            began = time.monotonic()
        stack.start("worker-ingest", *command, **env)
        until(all_done(said + number), seconds=PATIENCE)
        taken.append(time.monotonic() - began)
        print(f"killed: its event done {taken[-1]:.1f} s later", flush=True)
    return taken


def figures() -> list[Figure]:
    with whole() as stack:
        emptied = after_an_emptied_broker()
        killed = after_a_killed_worker(stack, EMPTIED * EVENTS)
    return [
        Figure(f"broker emptied with {EVENTS} events in it: all done and acknowledged", "s", emptied, "<= 60 s"),
        Figure("kill -9 of a worker within a handler: its event done", "s", killed, "<= 75 s"),
    ]


if __name__ == "__main__":
    measured = figures()
    keep("faults", measured)
    print("\n".join(figure.line() for figure in measured))
