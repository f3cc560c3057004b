"""Counters of this process, and gauges of a service's queue tables computed when they are asked for."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import TextClause, text

from shared.db import transaction
from shared.settings import settings

REGISTRY = CollectorRegistry()
REQUESTS = Counter("ses_requests", "Requests answered", ["service", "method", "status"], registry=REGISTRY)
SECONDS = Histogram("ses_request_seconds", "Time to answer a request", ["service"], registry=REGISTRY)
SIGN_INS_FAILED = Counter("ses_sign_ins_failed", "Sign-ins that the provider vouched for nobody in", registry=REGISTRY)

_GAUGES = text(
    """
    select (select count(*) from outbox_delivery where state in ('pending','sent')) as unacknowledged,
    (select coalesce(extract(epoch from now() - min(e.created_at)), 0) from outbox_delivery d
     join outbox_event e using (event_id) where d.state in ('pending','sent')) as oldest_unacknowledged,
    (select count(*) from outbox_delivery where state = 'pending') as unsent,
    (select coalesce(extract(epoch from now() - min(e.created_at)), 0) from outbox_delivery d
     join outbox_event e using (event_id) where d.state = 'pending') as oldest_unsent,
    (select count(*) from inbox where state = 'new') as inbox_new,
    (select coalesce(extract(epoch from now() - min(received_at)), 0) from inbox where state = 'new') as oldest_new,
    (select count(*) from inbox where state = 'parked') as parked,
    (select count(*) from inbox where state = 'new' and last_error is not null) as failing,
    (select coalesce(extract(epoch from now() - min(received_at)), 0) from inbox where state = 'parked') as oldest_parked,
    (select count(*) from audit where action = 'message refused' and at > now() - interval '1 day') as forged,
    (select coalesce(extract(epoch from now() - max(at)), -1) from loop_beat where id = 'loop') as loop_age,
    (select coalesce(extract(epoch from now() - max(at)), -1) from loop_beat where id = 'relay') as relay_age,
    pg_database_size(current_database()) as database_bytes
    """
)
_WORDS = {
    "unacknowledged": ("ses_outbox_unacknowledged", "Deliveries without a receipt"),
    "oldest_unacknowledged": ("ses_outbox_oldest_seconds", "Age of the oldest delivery without a receipt"),
    "unsent": ("ses_outbox_unsent", "Deliveries that the relay has not sent yet"),
    "oldest_unsent": ("ses_outbox_unsent_seconds", "Age of the oldest delivery that was not sent yet"),
    "inbox_new": ("ses_inbox_new", "Events received but not done"),
    "oldest_new": ("ses_inbox_oldest_seconds", "Age of the oldest event received but not done"),
    "failing": ("ses_inbox_failing", "Events whose last attempt failed and that are tried again"),
    "parked": ("ses_inbox_parked", "Events set aside after their attempts"),
    "forged": ("ses_messages_refused", "Messages within a day whose signature was not their sender's, at most 1000"),
    "loop_age": ("ses_loop_beat_seconds", "Age of the last beat through relay, broker, worker and PostgreSQL"),
    "relay_age": ("ses_relay_beat_seconds", "Age of the last turn in which the relay reached the broker"),
    "database_bytes": ("ses_database_bytes", "Size of the database of all services"),
    "disk_free": (
        "ses_disk_free_ratio",
        "Free part, 0 to 1, of the disk under the data folder of this program's machine",
    ),
}


class Gauges(NamedTuple):
    """Further figures of one service: a query of one row, and for each of its columns the metric's name and words."""

    query: TextClause
    words: dict[str, tuple[str, str]]


OWN: dict[str, Gauges] = {}


def queue_state(service: str) -> dict[str, float]:
    """The service's queue figures by name: counts, and ages in seconds (-1 where there never was a beat)."""
    queries = [_GAUGES, *([OWN[service].query] if service in OWN else [])]
    with transaction(service) as session:
        rows = [session.execute(query).one()._mapping for query in queries]
    return {name: float(value) for row in rows for name, value in row.items()} | {"disk_free": disk_free()}


def disk_free() -> float:
    """The free part, 0 to 1, of the disk that holds the data folder, or this program where there is no such folder."""
    data = Path(settings().data).expanduser()
    disk = shutil.disk_usage(data if data.exists() else Path(__file__))
    return disk.free / disk.total


class QueueGauges(Collector):
    """The queue figures of a service as Prometheus gauges."""

    def __init__(self, service: str) -> None:
        self.service = service

    def describe(self) -> Iterator[GaugeMetricFamily]:
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        state = queue_state(self.service)
        own = OWN[self.service].words if self.service in OWN else {}
        for name, (metric, words) in (_WORDS | own).items():
            gauge = GaugeMetricFamily(metric, words, labels=["service"])
            gauge.add_metric([self.service], state[name])
            yield gauge


def exposition(service: str) -> bytes:
    """All metrics of this process and service in Prometheus' text format."""
    gauges = CollectorRegistry()
    gauges.register(QueueGauges(service))
    return bytes(generate_latest(REGISTRY) + generate_latest(gauges))
