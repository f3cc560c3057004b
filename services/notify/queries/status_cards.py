"""What the home page says of alerts: the mails of a day, what waits, and a director's open answer."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlmodel import Session, col

from services.notify.tables.answers import Acknowledgement
from services.notify.tables.mails import Digest, Mail


class MailsNow(NamedTuple):
    """Mails sent and failed since a moment, and those that wait or are held now."""

    sent: int
    failed: int
    waiting: int
    held: int


class DigestsNow(NamedTuple):
    """Alerts that wait: held for a release, or without a route."""

    held: int
    unroutable: int


def mails_now(session: Session, since: datetime) -> MailsNow:
    state = col(Mail.state)
    counts = select(
        func.count().filter(state == "sent", col(Mail.sent_at) >= since).label("sent"),
        func.count().filter(state == "failed", col(Mail.queued_at) >= since).label("failed"),
        func.count().filter(state.in_(["queued", "sending"])).label("waiting"),
        func.count().filter(state == "held").label("held"),
    )
    return MailsNow(*session.execute(counts).one())


def digests_now(session: Session) -> DigestsNow:
    state = col(Digest.state)
    counts = select(
        func.count().filter(state == "held").label("held"),
        func.count().filter(state == "unroutable").label("unroutable"),
    ).where(state.in_(["held", "unroutable"]))
    return DigestsNow(*session.execute(counts).one())


def is_answered(session: Session, digest_id: int | None) -> bool:
    """Whether a director has acknowledged the digest."""
    found = select(col(Acknowledgement.acknowledgement_id)).where(col(Acknowledgement.digest_id) == digest_id)
    return session.execute(found.limit(1)).first() is not None
