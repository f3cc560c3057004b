"""Events that were set aside after their attempts: listed, run again, discarded; and one event's way in a service."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from shared.access import audit
from shared.delivery.outbox import call_job
from shared.errors import Conflict, Invalid
from shared.ops.logs import without_private

_PARKED = text(
    """
    select event_id, publisher, topic, key, version, attempts, last_error, received_at from inbox
    where state = 'parked' and (cast(:after as uuid) is null or event_id > :after) order by event_id limit :limit
    """
)
_TOPICS = text("select topic, count(*) as count from inbox where state = 'parked' group by topic order by topic")
_REPLAY = text(
    """
    update inbox set state = 'new', attempts = 0, next_at = now() where state = 'parked' and event_id = :event_id
    returning topic
    """
)
_REPLAY_ALL = text(
    """
    update inbox set state = 'new', attempts = 0, next_at = now() where state = 'parked' and topic = :topic
    returning event_id
    """
)
_DISCARD = text(
    """
    update inbox set state = 'discarded', done_at = now() where state = 'parked' and event_id = :event_id
    returning topic
    """
)
_WAY = text(
    """
    select 'published' as step, '' as subscriber, e.created_at as at, 'topic ' || e.topic || ', key ' || e.key || ', version ' || e.version
    as words from outbox_event e where e.event_id = :event_id
    union all select 'sent to ' || d.subscriber, d.subscriber, coalesce(d.acked_at, d.next_at), case d.state
     when 'acked' then 'receipt is here, attempts to send: ' || d.attempts
     else d.state || ', attempts to send: ' || d.attempts || ', again at this time' end
    from outbox_delivery d where d.event_id = :event_id
    union all select 'received', current_schema(), i.received_at, 'from ' || i.publisher || ', attempts to do it: ' || i.attempts
    from inbox i where i.event_id = :event_id
    union all select i.state, '', coalesce(i.done_at, i.next_at), coalesce(i.last_error, '') from inbox i
    where i.event_id = :event_id order by at
    """
)


def parked(session: Session, limit: int, after: UUID | None = None) -> list[dict[str, Any]]:
    """Parked events, oldest first, their errors without phone numbers; payloads are not shown."""
    rows = session.execute(_PARKED, {"limit": limit, "after": after})
    return [{**row._mapping, "last_error": without_private(row.last_error or "")} for row in rows]


def parked_topics(session: Session) -> Sequence[Any]:
    """(topic, count) of what is parked."""
    return session.execute(_TOPICS).all()


def way(session: Session, event_id: UUID) -> list[dict[str, Any]]:
    """What this service knows of an event, in order of time: published, sent, received, done or parked.

    A step that went through the broker has the `subscriber` whose task it was: `<event id>:<subscriber>`.
    """
    rows = session.execute(_WAY, {"event_id": event_id})
    return [{**row._mapping, "words": without_private(row.words)} for row in rows]


def replay(session: Session, service: str, actor: str, event_id: UUID) -> None:
    """Runs a parked event again, with all its attempts; Conflict when it is not parked."""
    topic = session.execute(_REPLAY, {"event_id": event_id}).scalar()
    if topic is None:
        raise _not_parked()
    audit(session, actor, "event replayed", str(event_id), {"topic": topic})
    call_job(session, f"{service}.sweep_inbox")


def replay_all(session: Session, service: str, actor: str, topic: str) -> int:
    """Runs all parked events of a topic again; answers how many."""
    found = session.execute(_REPLAY_ALL, {"topic": topic}).all()
    if found:
        audit(session, actor, "events replayed", topic, {"count": len(found)})
        call_job(session, f"{service}.sweep_inbox")
    return len(found)


def discard(session: Session, actor: str, event_id: UUID, reason: str) -> None:
    """Gives a parked event up for good, with a reason; Conflict when it is not parked."""
    if not reason.strip():
        raise Invalid("Say in a few words why the event is discarded.", problems=[_reason_missing()])
    topic = session.execute(_DISCARD, {"event_id": event_id}).scalar()
    if topic is None:
        raise _not_parked()
    audit(session, actor, "event discarded", str(event_id), {"topic": topic, "reason": reason.strip()})


def _reason_missing() -> dict[str, Any]:
    return {"code": "missing", "field": "reason", "message": "A reason is missing."}


def _not_parked() -> Conflict:
    return Conflict(
        "This event is no longer parked here: someone replayed or discarded it. Reload the list.",
        code="not_parked",
    )
