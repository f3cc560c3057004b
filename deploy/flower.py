"""The Celery app that Flower looks through: the queues of the five services, as the user `flower` of the broker."""

import os

from celery import Celery
from flower.views import BaseHandler
from kombu.entity import Queue

from shared.settings import SERVICES

KINDS = ("events", "receipts", "ticks")
QUEUES = [f"{service}.{kind}" for service in SERVICES for kind in KINDS]

app = Celery("flower", broker=os.environ.get("CELERY_BROKER_URL"))
app.conf.update(
    task_queues=[Queue(name) for name in QUEUES],  # type: ignore[no-untyped-call]
    task_default_queue=QUEUES[0],  # else Flower asks for a queue `celery`, which nobody has
    accept_content=["json"],
    broker_connection_max_retries=None,
    broker_transport_options={
        "unacked_key": "flower.unacked",
        "unacked_index_key": "flower.unacked_index",
        "unacked_mutex_key": "flower.unacked_mutex",
    },
)

# Flower would list the queues of the workers that answered it when it was started, and no other.
BaseHandler.get_active_queue_names = lambda _handler: QUEUES
