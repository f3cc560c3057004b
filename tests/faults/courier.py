"""The broker's part without Celery's workers: takes the real messages from the real queues and runs their tasks."""

from queue import Empty

from sqlalchemy import text

from shared.db import transaction
from shared.delivery.relay import Wire
from shared.settings import SERVICES
from tests.stack import bus_of

_LATER = (
    "update outbox_delivery set next_at = now() where state in ('pending','sent')",
    "update inbox set next_at = now() where state = 'new'",
)


def carry(service: str, kind: str) -> int:
    """Runs every task that lies in the queue `<service>.<kind>`; answers how many."""
    bus = bus_of(service)
    count = 0
    with bus.celery.connection_for_read() as connection:
        queue = connection.SimpleQueue(f"{service}.{kind}", no_ack=True, serializer="json")
        while True:
            try:
                message = queue.get(block=False)
            except Empty:
                queue.close()
                return count
            _, keywords, _ = message.payload
            bus.celery.tasks[message.headers["task"]](**keywords)
            count += 1


def send(service: str) -> None:
    """One turn of a relay for one service."""
    wire = Wire(service)
    try:
        wire.turn()
    finally:
        wire.broker.close()
        if wire.connection is not None:
            wire.connection.close()


def turn(publisher: str, subscriber: str) -> None:
    """An event's whole way: sent, heard, acknowledged."""
    send(publisher)
    carry(subscriber, "events")
    carry(publisher, "receipts")


def time_passes(*services: str) -> None:
    """As if every time to wait had passed."""
    for service in services or SERVICES:
        with transaction(service) as session:
            for statement in _LATER:
                session.execute(text(statement))
