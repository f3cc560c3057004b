"""How often one person (or address) may do something: counted in this process, so that it needs no broker."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable

from shared.access import Who
from shared.access.policy import LIMITS, TOKEN_FACTOR
from shared.errors import TooMany

MOST_KEYS = 50_000


class Limiter:
    """Counts what happened within a sliding window, for each (name, who)."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], deque[float]] = {}

    def wait(self, name: str, who: str, factor: int = 1) -> int:
        """0 when it may happen, which is then counted; else the seconds until it may."""
        limit = LIMITS[name]
        now = self._now()
        with self._lock:
            seen = self._seen.setdefault((name, who), deque())
            while seen and seen[0] <= now - limit.seconds:
                seen.popleft()
            if len(seen) >= limit.times * factor:
                return max(1, math.ceil(seen[0] + limit.seconds - now))
            seen.append(now)
            if len(self._seen) > MOST_KEYS:
                self._forget(now)
        return 0

    def clear(self) -> None:
        with self._lock:
            self._seen.clear()

    def _forget(self, now: float) -> None:
        self._seen = {key: seen for key, seen in self._seen.items() if seen and seen[-1] > now - LIMITS[key[0]].seconds}


limiter = Limiter()


def limit(name: str, who: str, factor: int = 1) -> None:
    """Counts one more of `name` by `who`; TooMany with the time to wait when that was too often."""
    seconds = limiter.wait(name, who, factor)
    if seconds:
        raise TooMany(f"{LIMITS[name].sentence} Try again in {_words(seconds)}.", retry_after=seconds)


def limit_permission(name: str, who: Who) -> None:
    """Counts a write under a permission that has a limit; a service token stands for many people."""
    if name in LIMITS:
        limit(name, who.person_id, TOKEN_FACTOR if who.kind == "token" else 1)


def _words(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"
