"""The limit of an event's way: a task of Celery alone, with the product's settings and no database.

`python -m bench.celery_alone` is its worker, which notes in a list of the broker how long each task was under way.
"""

import time

import redis

from shared.delivery.bus import celery_app
from shared.settings import settings

SERVICE = "notify"
NOTED = f"{SERVICE}.bench"
QUEUE = f"{SERVICE}.events"
PATIENCE_SECONDS = 60


class Alone:
    """Celery's app and the list in the broker, as one of the product's users of the broker."""

    def __init__(self) -> None:
        self.celery = celery_app(SERVICE)
        self.broker = redis.Redis.from_url(settings().redis_url_of(SERVICE), socket_timeout=2 * PATIENCE_SECONDS)
        self.celery.task(name="bench.note")(self.note)

    def note(self, sent_at: float) -> None:
        self.broker.rpush(NOTED, str((time.time() - sent_at) * 1000))

    def one_after_the_other(self, count: int) -> list[float]:
        """Milliseconds from sending to running of each task, at idle."""
        taken = []
        for _ in range(count):
            self._send()
            taken.append(self._noted())
        return taken

    def a_second(self, count: int) -> float:
        """Tasks a second from the first sending to the last running."""
        began = time.perf_counter()
        for _ in range(count):
            self._send()
        for _ in range(count):
            self._noted()
        return count / (time.perf_counter() - began)

    def _send(self) -> None:
        self.celery.send_task("bench.note", (time.time(),), queue=QUEUE)

    def _noted(self) -> float:
        taken = self.broker.blpop([NOTED], timeout=PATIENCE_SECONDS)
        assert isinstance(taken, list | tuple)
        return float(taken[1])


if __name__ == "__main__":
    options = ["-c", "1", "-E", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    Alone().celery.worker_main(["worker", "-n", f"{SERVICE}@%h", "-Q", QUEUE, *options])
