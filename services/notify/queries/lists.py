"""Digests and mails as lists, newest first, and one mail with what happened to it."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from services.notify.tables.mails import Digest, Mail

_EXTRACTIONS = text(
    """
    select d.term, d.extraction_date, count(distinct d.digest_id) filter (where d.state = 'planned') as planned,
      count(distinct d.digest_id) filter (where d.state = 'held' or m.state = 'held') as held,
      count(distinct d.digest_id) filter (where d.state = 'unroutable') as unroutable,
      count(m.mail_id) filter (where m.state = 'sent') as sent,
      count(m.mail_id) filter (where m.state in ('queued', 'sending')) as waiting,
      count(m.mail_id) filter (where m.state = 'failed') as failed,
      max(r.restored_at) filter (where m.state = 'held') as restored_at
    from digest d left join mail m using (digest_id)
      left join database_restore r on d.extraction_date <= cast(r.restored_at as date)
    where d.state <> 'superseded' and (cast(:term as text) is null or d.term = :term)
      and (cast(:extraction_date as date) is null or d.extraction_date = :extraction_date)
      and (cast(:before as date) is null or d.extraction_date < :before
        or (d.extraction_date = :before and d.term > :before_term))
    group by d.term, d.extraction_date order by d.extraction_date desc, d.term limit :limit
    """
)
_AWAITING = text(
    """
    select u.term, u.extraction_date, min(u.arrived_at) as since, array_agg(distinct g) as here
    from upload u cross join unnest(u.groups) g where u.outcome is null
    group by u.term, u.extraction_date order by u.extraction_date desc, u.term
    """
)
_DIGESTS = text(
    """
    select d.digest_id, d.upload_id, d.term, d.extraction_date, d.revision, d.kind, d.director, d.director_key, d.person_id,
    d.reason, d.correction, d.state, d.why, d.planned_at, (select count(*) from jsonb_array_elements(
     d.content->'lines') l where l->>'mark' in ('new','still')) as rows, m.mail_id, m.rcpt, m.state as mail_state,
    m.subject, m.sent_at, m.last_reply, a.plan from digest d left join lateral (select * from mail m
     where m.digest_id = d.digest_id order by m.mail_id desc limit 1) m on true left join lateral (select plan
     from acknowledgement a where a.digest_id = d.digest_id order by acknowledgement_id desc limit 1) a on true
    where (cast(:state as text) is null or d.state = :state)
    and (cast(:term as text) is null or d.term = :term) and (cast(:extraction_date as date) is null or d.extraction_date = :extraction_date)
    and (cast(:key as text) is null or d.director_key = :key)
    and (cast(:before as bigint) is null or d.digest_id < :before) order by d.digest_id desc limit :limit
    """
)
_MAILS = text(
    """
    select m.mail_id, m.digest_id, m.kind, m.rcpt, m.subject, m.message_id, m.state, m.attempts, m.unknown,
    m.queued_at, m.next_at, m.sent_at, m.failure, m.last_reply from mail m
    where (cast(:state as text) is null or m.state = :state)
    and (cast(:rcpt as text) is null or m.rcpt ilike '%' || :rcpt || '%')
    and (cast(:before as bigint) is null or m.mail_id < :before) order by m.mail_id desc limit :limit
    """
)
_MAIL = text(
    """
    select m.*, d.term, d.extraction_date, d.director, d.director_key, d.reason, d.state as digest_state, d.why
    from mail m join digest d using (digest_id) where m.mail_id = :mail_id
    """
)
_NOTES = text("select at, what, words from mail_note where mail_id = :mail_id order by note_id")
_WAITING = text("select count(*) from mail where state in ('queued', 'sending')")


class DigestFilter(NamedTuple):
    """Which digests: by state, extraction, director; `before` the digest of that number."""

    state: str | None = None
    term: str | None = None
    extraction_date: date | None = None
    key: str | None = None
    before: int | None = None


EVERY = DigestFilter()


class RefusedFilter(NamedTuple):
    """Which mails that were not taken: of an extraction, to an address, queued on the days from `since` to `until`."""

    term: str | None = None
    extraction_date: date | None = None
    rcpt: str | None = None
    since: date | None = None
    until: date | None = None


def extractions(session: Session, before: tuple[date, str] | None = None, limit: int = 20) -> Sequence[Any]:
    """Extractions with the counts of their digests and mails, newest first; `before`: day and term of the last one seen.

    `restored_at`: when the database was restored, where held mails may have been sent before that.
    """
    day, term = before or (None, None)
    values = {"term": None, "extraction_date": None, "before": day, "before_term": term, "limit": limit}
    return session.execute(_EXTRACTIONS, values).all()


def extraction(session: Session, term: str, extraction_date: date) -> Any | None:
    """The counts of one extraction's digests and mails; None where it has none."""
    place = {"term": term, "extraction_date": extraction_date, "before": None, "before_term": None, "limit": 1}
    return session.execute(_EXTRACTIONS, place).one_or_none()


def awaiting(session: Session) -> Sequence[Any]:
    """Extractions whose mails are not planned, because groups are awaited: since when, and which groups are here."""
    return session.execute(_AWAITING).all()


def digests(session: Session, filtered: DigestFilter = EVERY, limit: int = 50) -> Sequence[Any]:
    """Digests with their last mail, newest first."""
    return session.execute(_DIGESTS, {**filtered._asdict(), "limit": limit}).all()


def mails(
    session: Session, state: str | None = None, rcpt: str | None = None, before: int | None = None, limit: int = 50
) -> Sequence[Any]:
    """Mails, newest first; `rcpt` is a part of an address."""
    values = {"state": state, "rcpt": rcpt, "before": before, "limit": limit}
    return session.execute(_MAILS, values).all()


def refused_mails(session: Session, filtered: RefusedFilter, zone: str) -> Sequence[Mail]:
    """The mails that the server refused or that came back, oldest first; of a digest only the last one.

    `zone` is the time zone of the days.
    """
    newest = select(func.max(Mail.mail_id)).where(Mail.digest_id == Digest.digest_id).scalar_subquery()
    found = select(Mail).join(Digest, col(Digest.digest_id) == col(Mail.digest_id))
    found = found.where(col(Mail.state).in_(("failed", "bounced")), col(Mail.mail_id) == newest.correlate(Digest))
    day = func.date(func.timezone(zone, col(Mail.queued_at)))
    limits = (
        (filtered.term, col(Digest.term) == filtered.term),
        (filtered.extraction_date, col(Digest.extraction_date) == filtered.extraction_date),
        (filtered.rcpt, func.lower(col(Mail.rcpt)) == (filtered.rcpt or "").lower()),
        (filtered.since, day >= (filtered.since or date.min)),
        (filtered.until, day <= (filtered.until or date.max)),
    )
    for value, condition in limits:
        found = found.where(condition) if value else found
    return session.exec(found.order_by(col(Mail.mail_id))).all()


def mail(session: Session, mail_id: int) -> Any | None:
    """One mail with whom it is for."""
    return session.execute(_MAIL, {"mail_id": mail_id}).one_or_none()


def notes(session: Session, mail_id: int) -> Sequence[Any]:
    """What happened to a mail, oldest first."""
    return session.execute(_NOTES, {"mail_id": mail_id}).all()


def unroutable(session: Session) -> int:
    """How many digests wait for a route."""
    return session.exec(select(func.count()).select_from(Digest).where(Digest.state == "unroutable")).one()


def waiting(session: Session) -> int:
    """How many mails are not sent yet."""
    count: int = session.execute(_WAITING).scalar_one()
    return count
