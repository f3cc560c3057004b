"""Reading a file's parts for a loader: within the time it may take, its progress shown, stopped when somebody wants it."""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import text

from services.ingest.sheets import Batch, How, Sheet, TakesLong, UnreadableFile, read_parts
from shared.db import transaction

PATIENCE_SECONDS = 2.0
WORKER_SECONDS = 100.0
PROGRESS_SECONDS = 0.5

_PROGRESS = text("update progress set rows = :rows where upload_id = :upload_id returning cancelled")


class Cancelled(Exception):
    """Somebody wants the reading stopped."""


class Watch:
    """How long the reading may take; hears how many rows were read so far."""

    def __init__(self, seconds: float, hear: Callable[[int], None] = lambda rows: None) -> None:
        self.ends = time.monotonic() + seconds
        self.hear = hear
        self.heard_at = time.monotonic()

    def parts(self, content: bytes, *, how: How = "table") -> Iterator[Sheet | Batch]:
        """The parts of a file. Raises UnreadableFile, TakesLong, or what `hear` raises."""
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
        if time.monotonic() - self.heard_at >= PROGRESS_SECONDS:
            self.heard_at = time.monotonic()
            self.hear(rows)


def impatient() -> Watch:
    """For a request that somebody waits for."""
    return Watch(PATIENCE_SECONDS)


def in_worker(upload_id: UUID) -> Watch:
    """For a worker: progress is stored in transactions of its own, so that the page sees it."""

    def hear(rows: int) -> None:
        with transaction("ingest") as session:
            if session.execute(_PROGRESS, {"rows": rows, "upload_id": upload_id}).scalar():
                raise Cancelled

    return Watch(WORKER_SECONDS, hear)


@contextmanager
def without_collector() -> Iterator[None]:
    """Keeps the garbage collector still while hundreds of thousands of rows are held: they hold no cycles."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def refuse_uncached(sheet: Sheet) -> None:
    """Refuses a sheet whose formulas carry no values: they would be read as blanks."""
    if sheet.uncached:
        place = f"sheet {sheet.name}, {sheet.uncached}" if sheet.name else sheet.uncached
        raise UnreadableFile("file_formulas_unsaved", place)
