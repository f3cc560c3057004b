"""Reading a file's parts for a loader: within the time it may take, its progress shown, stopped when somebody cancels."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlmodel import col, update

from services.ingest.sheets import Batch, How, ReadingInterrupted, Sheet, TakesLong, UnreadableFile, read_parts
from services.ingest.tables import Progress
from shared.db import transaction

PATIENCE_SECONDS = 2.0
WORKER_SECONDS = 100.0
PROGRESS_SECONDS = 0.5
# Files that the requests of one process read at once, each with a child, and how many may wait for that: each holds one
# of the threads that all requests share.
AT_ONCE, WAITING, WAIT_SECONDS = 4, 6, 5.0
_room, _places = threading.BoundedSemaphore(AT_ONCE), threading.BoundedSemaphore(AT_ONCE + WAITING)


class ReadingCanceled(Exception):
    """Somebody has canceled the reading."""


class Watch:
    """How long the reading may take; `hear` is called with how many rows were read, and its own time does not count."""

    def __init__(self, seconds: float, hear: Callable[[int], None] = lambda rows: None) -> None:
        self.ends = time.monotonic() + seconds
        self.hear = hear
        self.heard_at = time.monotonic()

    def parts(self, content: bytes, *, how: How = "table") -> Iterator[Sheet | Batch]:
        """The parts of a file. Raises UnreadableFile, TakesLong, ReadingInterrupted, or what `hear` raises."""
        rows = 0
        for part in read_parts(content, seconds=self.left(), how=how):
            if not isinstance(part, Sheet):
                rows += len(part)
                self._tick(rows)
            yield part

    def left(self) -> float:
        """Seconds that are left; TakesLong when none are."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TakesLong
        return left

    def _tick(self, rows: int) -> None:
        self.left()
        begun = time.monotonic()
        if begun - self.heard_at >= PROGRESS_SECONDS:
            self.hear(rows)
            self.heard_at = time.monotonic()
            self.ends += self.heard_at - begun


@contextmanager
def room_to_read(seconds: float) -> Iterator[None]:
    """Room for the block; TakesLong where none gets free in that many seconds, or at once where WAITING others wait."""
    if not _places.acquire(blocking=False):
        raise TakesLong
    try:
        if not _room.acquire(timeout=seconds):
            raise TakesLong
        try:
            yield
        finally:
            _room.release()
    finally:
        _places.release()


def impatient() -> Watch:
    """For a request that somebody waits for."""
    return Watch(PATIENCE_SECONDS)


class WorkerWatch(Watch):
    """For a worker: a file that takes too long there was interrupted, for only the child's own limits are the file's."""

    def parts(self, content: bytes, *, how: How = "table") -> Iterator[Sheet | Batch]:
        """As those of Watch; raises ReadingInterrupted where that raises TakesLong."""
        try:
            yield from super().parts(content, how=how)
        except TakesLong as error:
            raise ReadingInterrupted("the machine was too busy to read the file in time") from error


def in_worker(upload_id: UUID) -> Watch:
    """For a worker: progress is stored in transactions of its own, so that the page sees it."""

    def hear(rows: int) -> None:
        with transaction("ingest") as session:
            noted = update(Progress).where(col(Progress.upload_id) == upload_id).values(rows=rows)
            if session.execute(noted.returning(col(Progress.canceled))).scalar():
                raise ReadingCanceled

    return WorkerWatch(WORKER_SECONDS, hear)


@contextmanager
def without_collector() -> Iterator[None]:
    """Keeps the garbage collector still while hundreds of thousands of rows are held: they hold no cycles."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def refuse_uncached(sheet: Sheet) -> None:
    """Refuses a sheet whose formulas carry no calculated values: they would be read as blanks or zeros."""
    if sheet.uncached:
        place = f"sheet {sheet.name}, {sheet.uncached}" if sheet.name else sheet.uncached
        raise UnreadableFile("file_formulas_unsaved", place)
