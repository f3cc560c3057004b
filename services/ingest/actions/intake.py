"""What ingest keeps of the events of other services: the delivery progress of its uploads, and matched spellings."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.ingest.actions.directory import publish_directory
from services.ingest.tables import DeliveryStep, Person, PlanWords
from shared.db import upsert
from shared.events import AliasResolved, DigestsPlanned, DigestsSent, PlansChanged, TiersComputed


def note_tiers(session: Session, event: TiersComputed) -> None:
    _note(
        session, event.upload_id, f"tiers/{event.group}/{event.part}", {"rows": len(event.rows), "parts": event.parts}
    )


def note_digests(session: Session, event: DigestsPlanned) -> None:
    counts = {"planned": event.planned, "held": event.held, "unroutable": event.unroutable}
    _note(session, event.upload_id, "digests", counts)


def note_sent(session: Session, event: DigestsSent) -> None:
    for mail in event.mails:
        detail = {"director": mail.director, "schools": len(mail.school_keys)}
        _note(session, event.upload_id, f"mail/{mail.mail_id}", detail)


def _note(session: Session, upload_id: UUID, step: str, detail: Mapping[str, Any]) -> None:
    """Notes that an upload reached a step; once, however often the event comes."""
    upsert(session, DeliveryStep, [{"upload_id": upload_id, "step": step, "detail": dict(detail)}], stamp="at")


def store_plans(session: Session, event: PlansChanged) -> None:
    """Keeps the words of the tracker's plans, the newest revision."""
    plans = [plan._asdict() for plan in event.plans]
    upsert(session, PlanWords, [{"id": 1, "revision": event.revision, "plans": plans}], newer="revision")


def keep_alias(session: Session, event: AliasResolved) -> None:
    """Keeps a spelling that a person matched with a director, and publishes the directory; its next load leaves it."""
    person = session.get(Person, event.person_id, with_for_update=True)
    if person is not None and event.alias not in (*person.aliases, *person.resolved_aliases):
        person.resolved_aliases = [*person.resolved_aliases, event.alias]
        session.flush()
        publish_directory(session)
