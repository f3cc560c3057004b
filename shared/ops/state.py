"""What operations see of one service: its queues, its loops and jobs, its migrations, and what is parked."""

import platform
from importlib.metadata import version
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from shared.ops.logs import without_private
from shared.ops.metrics import queue_state

STALE_SECONDS = 60
BACKUP_STALE_SECONDS = 36 * 3600
_FAILING = text("""
    select event_id, topic, key, attempts, last_error, next_at from inbox
    where state = 'new' and last_error is not null order by received_at desc limit :limit
""")
DISK_FREE = 0.1

_JOBS = text(
    """
    select j.name, j.due_at, extract(epoch from now() - j.due_at) as late,
    (select max(slot) from job_log l where l.name = j.name) as last_slot from job j order by j.name
    """
)
_FACTS = text(
    """
    select (select string_agg(version_num, ', ') from alembic_version) as migration,
    (select at from loop_beat where id = 'loop') as loop_at, (select at from loop_beat where id = 'relay') as relay_at,
    current_setting('server_version') as postgresql
    """
)


def desk(session: Session, service: str) -> dict[str, Any]:
    """Figures, jobs and facts of the service for its part of the operator's desk."""
    figures = queue_state(service)
    return {
        "service": service,
        "figures": figures,
        "troubles": troubles(figures),
        "failing": failing(session),
        "jobs": [dict(row._mapping) for row in session.execute(_JOBS)],
        "facts": dict(session.execute(_FACTS).one()._mapping),
        "versions": {"SES": version("ses"), "Celery": version("celery"), "Python": platform.python_version()},
    }


def failing(session: Session, limit: int = 20) -> list[dict[str, Any]]:
    """The events whose last attempt failed and that are tried again, newest first, their errors without phone numbers."""
    rows = session.execute(_FAILING, {"limit": limit})
    return [{**row._mapping, "last_error": without_private(row.last_error)} for row in rows]


class Trouble(NamedTuple):
    """One thing that is wrong, in a sentence that says what to do; for how many seconds, where that is known."""

    sentence: str
    seconds: float | None


# The figure that says for how long it has been so, by words of the sentence.
_SINCE = {
    "relay is silent": "relay_age",
    "worker receives nothing": "loop_age",
    "Events are parked": "oldest_parked",
    "waits for its receipt": "oldest_unacknowledged",
    "was received more than": "oldest_new",
    "A mail waits": "mail_oldest",
    "newest backup": "backup_age",
}


def troubles_since(figures: dict[str, float]) -> list[Trouble]:
    """What is wrong, and for how long it has been; the age of a beat that never was is unknown."""
    return [Trouble(sentence, _age(figures, sentence)) for sentence in troubles(figures)]


def _age(figures: dict[str, float], sentence: str) -> float | None:
    ages = [figures.get(figure, -1.0) for words, figure in _SINCE.items() if words in sentence]
    return ages[0] if ages and ages[0] >= 0 else None


def troubles(figures: dict[str, float]) -> list[str]:
    """What is wrong, in sentences that say what to do; empty when all is well."""
    return [sentence for is_so, sentence in _judged(figures) if is_so]


def _judged(figures: dict[str, float]) -> list[tuple[bool, str]]:
    return [*_of_programs(figures), *_of_events(figures), *_of_mails(figures)]


def _of_programs(figures: dict[str, float]) -> list[tuple[bool, str]]:
    relay_away = not 0 <= figures["relay_age"] <= STALE_SECONDS
    return [
        (
            relay_away,
            "The relay is silent: nothing is sent. Start it again; if it is running, its log says why it cannot reach the broker.",
        ),
        (
            not relay_away and not 0 <= figures["loop_age"] <= STALE_SECONDS,
            "The worker receives nothing. It ends itself after a minute and must be started again by its supervisor.",
        ),
        (
            figures["disk_free"] < DISK_FREE,
            "The disk is nearly full: make room before PostgreSQL cannot write any more; nothing is accepted then.",
        ),
        (
            figures.get("backup_age", -1) > BACKUP_STALE_SECONDS,
            "The newest backup is more than 36 hours old: read the log of the program that makes them.",
        ),
    ]


def _of_events(figures: dict[str, float]) -> list[tuple[bool, str]]:
    return [
        (
            figures["parked"] > 0,
            "Events are parked: read their errors on the page of this service, fix the cause, then replay them.",
        ),
        (
            figures["failing"] > 0,
            "Events are failing and being tried again: their errors are below and in Flower. After eight attempts they are parked.",
        ),
        (
            figures["forged"] > 0,
            "Messages were refused for their signature: see the audit log, action message refused.",
        ),
        (
            figures["oldest_unacknowledged"] > 300,
            "An event has waited for its receipt for more than five minutes: look at the worker of the service that subscribes to it.",
        ),
        (
            figures["oldest_new"] > 300,
            "An event was received more than five minutes ago and is not done: look for its id in the worker's log.",
        ),
    ]


def _of_mails(figures: dict[str, float]) -> list[tuple[bool, str]]:
    return [
        (
            figures.get("mail_oldest", 0) > 1800,
            "A mail has waited for more than half an hour: look at the mail server.",
        ),
        (
            figures.get("mails_failed", 0) > 0,
            "Mails of the last day were refused, or their outcome is not known: see Alerts.",
        ),
    ]
