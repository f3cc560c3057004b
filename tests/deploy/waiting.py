"""Waiting for what must become true."""

import time
from collections.abc import Callable


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
