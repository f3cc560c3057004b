"""How far an upload has travelled: what other services told about it."""

from collections.abc import Mapping
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlmodel import Session

from services.ingest.actions.directory import tell_directory
from shared.events import AliasResolved, DigestsPlanned, DigestsSent, TiersComputed

_NOTE = text(
    "insert into travel(upload_id, station, detail) values (:upload_id, :station, cast(:detail as jsonb))"
    " on conflict (upload_id, station) do update set detail = excluded.detail, at = now()"
)
_ALIAS = text(
    "update person set resolved_aliases = array_append(resolved_aliases, :alias)"
    " where person_id = :person_id and not (:alias = any(resolved_aliases)) and not (:alias = any(aliases))"
    " returning person_id"
)


def note(session: Session, upload_id: UUID, station: str, detail: Mapping[str, object]) -> None:
    """Notes that an upload reached a station; once, however often it is told."""
    values = {"upload_id": upload_id, "station": station, "detail": orjson.dumps(dict(detail)).decode()}
    session.execute(_NOTE, values)


def note_tiers(session: Session, event: TiersComputed) -> None:
    note(session, event.upload_id, f"tiers/{event.group}/{event.part}", {"rows": len(event.rows), "parts": event.parts})


def note_digests(session: Session, event: DigestsPlanned) -> None:
    counts = {"planned": event.planned, "held": event.held, "unroutable": event.unroutable}
    note(session, event.upload_id, "digests", counts)


def note_sent(session: Session, event: DigestsSent) -> None:
    for mail in event.mails:
        told = {"director": mail.director, "schools": len(mail.school_keys)}
        note(session, event.upload_id, f"mail/{mail.mail_id}", told)


def keep_alias(session: Session, event: AliasResolved) -> None:
    """Keeps a spelling that a person matched to a director, and says the directory; a later load of it leaves the spelling."""
    values = {"alias": event.alias, "person_id": event.person_id}
    if session.execute(_ALIAS, values).scalar() is not None:
        tell_directory(session)
