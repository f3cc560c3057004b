"""Leases: work that holds no transaction is a worker's while it renews its row, and another's soon after it has died."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from shared.db import transaction

log = structlog.get_logger()


@contextmanager
def renewed(service: str, renew: Callable[[Session], object], seconds: float) -> Iterator[None]:
    """While the block runs, `renew` is called every so many seconds, each time in a transaction of its own.

    A renewal that fails is tried again at the next time: whoever takes the work over meanwhile must be able to.
    """
    ended = threading.Event()

    def keep() -> None:
        while not ended.wait(seconds):
            try:
                with transaction(service) as session:
                    renew(session)
            except SQLAlchemyError as error:
                log.warning("a lease was not renewed", service=service, reason=str(error))

    thread = threading.Thread(target=keep, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
