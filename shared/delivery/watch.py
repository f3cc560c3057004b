"""Whether a worker or the relay is alive, for a container's health check: `python -m shared.delivery.watch rates` (or `relay`)."""

import sys
from collections.abc import Sequence

from psycopg.rows import scalar_row

from shared.settings import SERVICES, settings
from shared.waits import BoundedConnection

STALE_SECONDS = 60

_AGE = "select extract(epoch from now() - max(at)) from loop_beat where id = %s"


def beat_age(service: str, loop: str) -> float | None:
    """Seconds since the last beat of `loop` or `relay` in a service's schema; None where there never was one."""
    with BoundedConnection.connect(settings().database_url_of(service)) as connection:
        age = connection.cursor(row_factory=scalar_row).execute(_AGE, (loop,)).fetchone()
    return None if age is None else float(age)


def silent(name: str) -> Sequence[str]:
    """The services whose beat is older than a minute, for one worker, or for the relay over all services.

    The relay beats only while the broker answers it.
    """
    services, loop = (SERVICES, "relay") if name == "relay" else ((name,), "loop")
    ages = {service: beat_age(service, loop) for service in services}
    return [service for service, age in ages.items() if age is None or not 0 <= age <= STALE_SECONDS]


def main(arguments: list[str]) -> None:
    """Exits with 0 when all is well, with 1 and a sentence otherwise."""
    name = arguments[0] if arguments else ""
    if name != "relay" and name not in SERVICES:
        sys.exit("usage: python -m shared.delivery.watch SERVICE|relay")
    quiet = silent(name)
    if quiet:
        sys.exit(f"no beat for {STALE_SECONDS} s: {', '.join(quiet)}")


if __name__ == "__main__":
    main(sys.argv[1:])
