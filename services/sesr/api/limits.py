"""How often one person may send reports; kept in this process, so that it needs neither network nor broker."""

import time
from collections import deque

from shared.access import Who
from shared.errors import TooMany

WINDOW_SECONDS = 60.0
PER_WINDOW = {"principal": 20, "designee": 20}
PER_WINDOW_DESK = 120
FORGET_ABOVE = 10_000


class Limiter:
    """Times of the last reports by person."""

    def __init__(self) -> None:
        self.sent: dict[str, deque[float]] = {}

    def take(self, who: Who, now: float | None = None) -> None:
        """Counts one report; raises TooMany above the limit of the person's role."""
        now = time.monotonic() if now is None else now
        if len(self.sent) > FORGET_ABOVE:
            self.sent = {name: times for name, times in self.sent.items() if times and times[-1] > now - WINDOW_SECONDS}
        times = self.sent.setdefault(who.person_id, deque())
        while times and times[0] <= now - WINDOW_SECONDS:
            times.popleft()
        if len(times) >= PER_WINDOW.get(who.role, PER_WINDOW_DESK):
            wait = int(times[0] + WINDOW_SECONDS - now) + 1
            raise TooMany("Many reports came from you in a minute. Wait a little; nothing is lost.", retry_after=wait)
        times.append(now)


reports = Limiter()
