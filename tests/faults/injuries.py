"""The faults of a run that knows the inside: besides what can be done from outside, those of queues, children and events."""

import random

import psutil
import redis
from celery import Celery
from kombu.exceptions import KombuError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from deploy.embedded.installation import Servers
from shared.db import transaction
from shared.delivery.envelope import Envelope, event_message
from shared.events import EVENTS
from shared.settings import SERVICES, settings
from tests.chaos import injuries
from tests.chaos.mails import MOODS, MailServer
from tests.chaos.proxy import Proxy
from tests.chaos.schedule import PROGRAMS, WORKERS, Kinds
from tests.stack import Programs, bus_of

FAULTS: Kinds = (
    ("kill", PROGRAMS),
    ("stop", PROGRAMS),
    ("deafen", SERVICES),
    ("freeze", WORKERS),
    ("silence broker", ("8",)),
    ("cut broker", ("3",)),
    ("kill broker", ("",)),
    ("empty broker", ("",)),
    ("pause broker", ("6",)),
    ("end database", ("crash", "restart")),
    ("mail", MOODS),
    ("repeat events", ("20",)),
)
_SAID = text("select event_id, topic, key, version, payload from outbox_event order by random() limit :n")


class Injuries(injuries.Injuries):
    """The faults by their names, those of the inside too; `seed` leads which events are repeated."""

    not_possible = (*injuries.Injuries.not_possible, redis.RedisError, KombuError, SQLAlchemyError)

    def __init__(self, programs: Programs, servers: Servers, proxy: Proxy, mails: MailServer, seed: int) -> None:
        super().__init__(programs, servers, {"broker": proxy}, mails)
        dice = random.Random(seed)
        self.kinds |= {
            "deafen": deafen,
            "freeze": self._freeze,
            "empty broker": lambda _: empty_broker(),
            "repeat events": lambda number: repeat_events(int(number), dice),
        }

    def _freeze(self, name: str) -> None:
        """One child of a worker does nothing any more and does not end: for ever, unless something ends it."""
        children = psutil.Process(self.programs.running[name].pid).children()
        if children:
            children[0].suspend()


def deafen(service: str) -> None:
    """The service's workers hear nothing any more, and go on living: as after a lost prefetch credit."""
    flower = Celery("injuries", broker=settings().redis_url_of("flower"))  # who alone may give orders to workers
    for kind in ("events", "receipts", "ticks"):
        flower.control.cancel_consumer(f"{service}.{kind}")


def empty_broker() -> None:
    """Takes everything out of the broker, as FLUSHALL does; no user of ours may say FLUSHALL."""
    for service in SERVICES:
        with redis.Redis.from_url(settings().redis_url_of(service), socket_timeout=5) as client:
            kinds = [f"{service}.{kind}" for kind in ("events", "receipts", "ticks", "unacked", "unacked_index")]
            bindings = [f"_kombu.binding.{name}" for name in (*kinds, "celery", "celery.pidbox", "celeryev")]
            client.delete(*kinds, *bindings)


def repeat_events(number: int, dice: random.Random) -> None:
    """Sends events that were said once more, in any order, to all that hear them."""
    for service in SERVICES:
        with transaction(service) as session:
            rows = list(session.execute(_SAID, {"n": number}))
        dice.shuffle(rows)
        for row in rows:
            message = event_message(Envelope(row.event_id, service, row.topic, row.key, row.version, row.payload))
            for subscriber, task in EVENTS[row.topic].subscribers.items():
                bus_of(service).celery.send_task(task, kwargs=message, queue=f"{subscriber}.events", ignore_result=True)
