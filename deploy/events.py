"""The commands `ses events`: list what is parked, replay it, discard it, follow one event through the services."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from sqlmodel import Session

from deploy.embedded.beside import use_environment_beside
from shared.db import transaction
from shared.delivery.parking import discard, parked, replay, replay_all, way
from shared.errors import Refused
from shared.settings import SERVICES, settings

app = typer.Typer(no_args_is_help=True, help=__doc__)
ACTOR = "ses events"
MOST = 500
Service = Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.")]


@contextmanager
def at(service: str) -> Iterator[Session]:
    """A transaction of the service in the installation that runs here; ends with a sentence where it is refused."""
    if service not in SERVICES:
        sys.exit(f"{service} is not a service; there are {', '.join(SERVICES)}.")
    use_environment_beside()
    try:
        with transaction(service) as session:
            yield session
    except Refused as refused:
        sys.exit(refused.sentence)


def _each(show: Callable[[str, Session], None]) -> None:
    for service in SERVICES:
        with at(service) as session:
            show(service, session)


@app.command("list")
def list_parked() -> None:
    """Show the parked events of all services with their errors."""
    found: list[UUID] = []

    def show(service: str, session: Session) -> None:
        for row in parked(session, MOST):
            found.append(row["event_id"])
            typer.echo(f"{service}  {row['event_id']}  {row['topic']}  {row['key']} v{row['version']}")
            typer.echo(f"    {row['attempts']} attempts: {row['last_error']}")

    _each(show)
    if not found:
        typer.echo("No event is parked.")


@app.command()
def follow(event_id: UUID) -> None:
    """Show one event's way through all services, in the order of time, which is the district's as on the pages."""
    steps: list[tuple[datetime, str, str]] = []

    def keep(service: str, session: Session) -> None:
        steps.extend((step["at"], service, f"{step['step']}: {step['words']}") for step in way(session, event_id))

    _each(keep)
    if not steps:
        sys.exit("No service knows an event of this id.")
    zone = ZoneInfo(settings().timezone)
    for at_time, service, words in sorted(steps):
        typer.echo(f"{at_time.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}  {service:<8} {words}")


@app.command("replay")
def replay_parked(
    service: Service,
    event_id: Annotated[UUID | None, typer.Argument()] = None,
    topic: Annotated[str, typer.Option(help="All parked events of this topic instead of one.")] = "",
) -> None:
    """Run a parked event again, or all of a topic."""
    if (event_id is None) == (not topic):
        sys.exit("Name one event by its id, or all of a topic with --topic.")
    with at(service) as session:
        if event_id is None:
            typer.echo(f"{replay_all(session, service, ACTOR, topic)} events run again.")
        else:
            replay(session, service, ACTOR, event_id)
            typer.echo("It runs again.")


@app.command("discard")
def discard_parked(service: Service, event_id: UUID, reason: Annotated[str, typer.Option()]) -> None:
    """Give a parked event up for good, with a reason that goes into the audit log."""
    with at(service) as session:
        discard(session, ACTOR, event_id, reason)
    typer.echo("Discarded.")
