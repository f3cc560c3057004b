"""The real web whose watchdog waits for seconds in place of a minute, with a page that hangs it for good."""

import sys
import threading

from deploy import web
from services.ingest.app import app as ingest
from shared.web import watchdog
from shared.web.requests import public


@ingest.get("/ingest/hang", dependencies=[public])
async def hang() -> None:
    """Holds the event loop, as a wait does that was meant for a thread."""
    threading.Event().wait(3600)


if __name__ == "__main__":
    watchdog.STALE_SECONDS, watchdog.CHECK_SECONDS, watchdog.ANSWER_SECONDS = 3.0, 0.3, 1.0
    web.main(sys.argv[1:])
