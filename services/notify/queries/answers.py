"""Answers as lists: snoozes, acknowledgements, a director's own alerts and preference."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.notify.rules.alerts import MailPreference
from services.notify.rules.routes import HEAD
from services.notify.tables.answers import LinkUse, Preference
from services.notify.tables.facts import Director
from services.notify.tables.mails import Digest, Mail
from services.notify.tables.settings import RegionHead
from shared.access import holder_of
from shared.emails import email_key

# In force: not ended, and its term's newest extraction is not past its end (rules/clock.py, is_snoozed).
_SNOOZES = text(
    """
    with day as (
      select distinct u.term, u.extraction_date from upload u where exists (
        select 1 from tier_state t
        where t.term = u.term and t.extraction_date = u.extraction_date and not t.removed)
    )
    select s.*, coalesce(d.name, s.director_key) as director from snooze s
    left join director d on d.person_id = s.director_key
    where (:ended or (s.ended_at is null
        and case when s.until is null
          then (select count(*) from day where day.term = s.term and day.extraction_date > s.extraction_date) <= 1
          else s.until >= coalesce((select max(day.extraction_date) from day where day.term = s.term), s.until) end
        and not exists (select 1 from day newer where newer.extraction_date > s.extraction_date + 180)))
      and (cast(:key as text) is null or s.director_key = :key)
      and (cast(:after as bigint) is null or s.snooze_id > :after)
    order by s.snooze_id limit :limit
    """
)
_ACKNOWLEDGEMENTS = text(
    """
    select a.*, coalesce(d.name, a.director_key) as director from acknowledgement a
    left join director d on d.person_id = a.director_key
    where (cast(:key as text) is null or a.director_key = :key)
    and (cast(:before as bigint) is null or a.acknowledgement_id < :before)
    order by a.acknowledgement_id desc limit :limit
    """
)


def snoozes(
    session: Session, key: str | None = None, *, ended: bool = False, after: int | None = None, limit: int | None = 100
) -> Sequence[Any]:
    """Active snoozes, in the order in which they were made; `after` the one of that number, `ended`: those over too."""
    return session.execute(_SNOOZES, {"key": key, "ended": ended, "after": after, "limit": limit}).all()


def acknowledgements(
    session: Session, key: str | None = None, before: int | None = None, limit: int = 50
) -> Sequence[Any]:
    """Acknowledgements, newest first."""
    return session.execute(_ACKNOWLEDGEMENTS, {"key": key, "before": before, "limit": limit}).all()


def still_answers(session: Session, mail: Mail, digest: Digest) -> bool:
    """Whether who was mailed still may answer: the director with that account and role, or the head of that region."""
    if digest.director_key.startswith(HEAD):
        head = session.get(RegionHead, digest.director_key.removeprefix(HEAD))
        return head is not None and head.email == mail.rcpt
    director = session.get(Director, digest.person_id or "")
    if director is None or director.email != mail.rcpt:
        return False
    return holder_of(session, email_key(director.email), "director") is not None


def director_of(session: Session, email: str) -> Director | None:
    """The director of the directory with this address."""
    key = email_key(email)
    return session.exec(select(Director).where(Director.email == key)).first() if key else None


def newest_digest(session: Session, key: str) -> Digest | None:
    """What a director was last told."""
    planned = select(Digest).where(Digest.director_key == key, Digest.kind == "digest", Digest.state == "planned")
    return session.exec(planned.order_by(col(Digest.digest_id).desc())).first()


def newer_digest(session: Session, digest: Digest) -> Digest | None:
    """The newest digest that was mailed to the same director of the same term after this one."""
    sent = select(Mail.mail_id).where(Mail.digest_id == Digest.digest_id, Mail.state == "sent").exists()
    later = select(Digest).where(
        Digest.director_key == digest.director_key,
        Digest.term == digest.term,
        Digest.kind == digest.kind,
        Digest.state == "planned",
        col(Digest.digest_id) > digest.digest_id,
        sent,
    )
    return session.exec(later.order_by(col(Digest.digest_id).desc())).first()


def preference_of(session: Session, person_id: str) -> MailPreference:
    kept = session.get(Preference, person_id)
    return MailPreference() if kept is None else MailPreference(kept.only_changes, kept.also_when_none)


def link_used(session: Session, mail_id: int) -> LinkUse | None:
    """When a mail's link was used, if it was."""
    return session.get(LinkUse, mail_id)
