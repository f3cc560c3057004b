"""Waiting for what must become true, and looking at processes."""

import time
from collections.abc import Callable

import psutil


def until(true: Callable[[], object], *unless: type[BaseException], seconds: float = 30.0) -> None:
    """Returns once `true()` is; the exceptions `unless` count as not yet."""
    end = time.monotonic() + seconds
    while True:
        try:
            if true():
                return
        except unless:
            pass
        assert time.monotonic() < end, f"not within {seconds:.0f} s"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be reaped does not."""
    return psutil.pid_exists(pid) and status(pid) not in (None, psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


def status(pid: int) -> str | None:
    try:
        return psutil.Process(pid).status()
    except psutil.NoSuchProcess:
        return None


def descendants(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]
