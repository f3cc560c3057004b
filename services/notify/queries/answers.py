"""Answers as lists: snoozes, acknowledgements, a director's own alerts and preference."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from services.notify.rules.news import Wish
from services.notify.tables import Digest, Director, LinkUse, Preference

_SNOOZES = text(
    "select s.*, coalesce(d.name, s.director_key) as director from snooze s"
    " left join director d on d.person_id = s.director_key"
    " where (:ended or s.ended_at is null) and (cast(:key as text) is null or s.director_key = :key)"
    " and (cast(:after as bigint) is null or s.snooze_id > :after)"
    " order by s.snooze_id limit :limit"
)
_ACKNOWLEDGEMENTS = text(
    "select a.*, coalesce(d.name, a.director_key) as director from acknowledgement a"
    " left join director d on d.person_id = a.director_key"
    " where (cast(:key as text) is null or a.director_key = :key)"
    " and (cast(:before as bigint) is null or a.acknowledgement_id < :before)"
    " order by a.acknowledgement_id desc limit :limit"
)


def snoozes(
    session: Session, key: str | None = None, *, ended: bool = False, after: int | None = None, limit: int = 100
) -> Sequence[Any]:
    """Snoozes in the order in which they were made; `after` the one of that number."""
    return session.execute(_SNOOZES, {"key": key, "ended": ended, "after": after, "limit": limit}).all()


def acknowledgements(
    session: Session, key: str | None = None, before: int | None = None, limit: int = 50
) -> Sequence[Any]:
    """Acknowledgements, newest first."""
    return session.execute(_ACKNOWLEDGEMENTS, {"key": key, "before": before, "limit": limit}).all()


def director_of(session: Session, email: str) -> Director | None:
    """The director of the directory with this address."""
    return session.exec(select(Director).where(func.lower(Director.email) == email.lower())).first()


def newest_digest(session: Session, key: str) -> Digest | None:
    """What a director was last told."""
    told = select(Digest).where(Digest.director_key == key, Digest.kind == "digest", Digest.state == "planned")
    return session.exec(told.order_by(col(Digest.digest_id).desc())).first()


def wish_of(session: Session, person_id: str) -> Wish:
    kept = session.get(Preference, person_id)
    return Wish() if kept is None else Wish(kept.only_changes, kept.also_when_none)


def link_used(session: Session, mail_id: int) -> LinkUse | None:
    """When a mail's link was used, if it was."""
    return session.get(LinkUse, mail_id)
