"""The Celery app that Flower looks through: the queues of the five services, as the user `flower` of the broker."""

import os
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

from celery import Celery
from flower.views import BaseHandler
from kombu.entity import Queue

from shared.delivery import no_scripts
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

no_scripts.install()
# What Flower keeps on disk has the arguments of tasks: for its user alone, also where a former version left it open.
if STATE := os.environ.get("FLOWER_DB"):  # Flower itself, and not who asks this module for its queues
    os.umask(0o077)
    for kept in Path(STATE).parent.glob(f"{Path(STATE).name}*"):
        kept.chmod(0o600)

# The one script that is in a page of Flower: without the setting that it writes, no page refreshes itself.
INLINE = "\nvar autorefresh = 1;\n"
_INLINE_HASH = b64encode(sha256(INLINE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; font-src 'self'; connect-src 'self';"
    f" script-src 'self' 'sha256-{_INLINE_HASH}'; style-src 'self' 'unsafe-inline';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_default_headers = BaseHandler.set_default_headers


def _headers(handler: Any) -> None:
    _default_headers(handler)
    for name, value in HEADERS.items():
        handler.set_header(name, value)


BaseHandler.set_default_headers = _headers

# Flower would list the queues of the workers that answered it when it was started, and no other.
BaseHandler.get_active_queue_names = lambda _handler: QUEUES
