"""Ends a web process that no longer answers, so that its supervisor starts another: as for workers and the relay."""

import http.client
import json
import os
import threading
import time
from collections.abc import Sequence

import psycopg
import structlog

from shared.settings import settings
from shared.waits import BoundedConnection

STALE_SECONDS = 50.0
CHECK_SECONDS = 5.0
ANSWER_SECONDS = 5.0
log = structlog.get_logger()


def answers(service: str) -> bool:
    """Whether the process answers for a service out of its own connections to PostgreSQL.

    That it is not ready for another reason is an answer too: a new process would be no better.
    """
    connection = http.client.HTTPConnection(_address(), settings().port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", f"/{service}/readyz", headers={"host": "localhost"})
        answer = connection.getresponse()
        body = answer.read()
        return answer.status == 200 or json.loads(body).get("code") == "not_ready"
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()


def _address() -> str:
    """Where this process listens, seen from itself."""
    return "127.0.0.1" if settings().bind in ("0.0.0.0", "::", "localhost") else settings().bind


def database_answers(service: str) -> bool:
    """Whether a new connection to PostgreSQL works; while none does, a new process would not answer either."""
    try:
        with BoundedConnection.connect(settings().database_url_of(service)) as connection:
            return connection.execute("select 1").fetchone() == (1,)
    except psycopg.Error:
        return False


def watch(services: Sequence[str], stop: threading.Event) -> None:
    """Ends this process once a service did not answer for STALE_SECONDS although PostgreSQL does."""
    well_at = dict.fromkeys(services, time.monotonic())
    while not stop.wait(CHECK_SECONDS):
        for service in services:
            if answers(service) or not database_answers(service):
                well_at[service] = time.monotonic()
            elif time.monotonic() - well_at[service] > STALE_SECONDS:
                log.error("web stalled: leaving to be started again", service=service)
                os._exit(1)


def start(services: Sequence[str]) -> None:
    """Watches beside the server, from now on."""
    threading.Thread(target=watch, args=(services, threading.Event()), daemon=True).start()
