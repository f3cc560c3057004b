"""What of notify can be seen: digests and mails."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

_DIGESTS = text(
    'select d.digest_id, d.upload_id, d.term, d."on", d.revision, d.director, d.person_id, d.reason, d.state, d.why,'
    " d.planned_at, jsonb_array_length(d.content->'lists'->'still') as rows, m.mail_id, m.rcpt, m.state as mail_state,"
    " m.sent_at, m.last_reply from digest d left join mail m using (digest_id)"
    " where (cast(:state as text) is null or d.state = :state) and (cast(:before as bigint) is null or d.digest_id < :before)"
    " order by d.digest_id desc limit :limit"
)
_MAILS = text(
    "select mail_id, digest_id, rcpt, subject, message_id, state, attempts, unknown, queued_at, next_at, sent_at, last_reply"
    " from mail where cast(:before as bigint) is null or mail_id < :before order by mail_id desc limit :limit"
)
_MAIL = text("select * from mail where mail_id = :mail_id")


def digests(session: Session, state: str | None = None, before: int | None = None, limit: int = 50) -> Sequence[Any]:
    """Digests with their mail, newest first."""
    return session.execute(_DIGESTS, {"state": state, "before": before, "limit": limit}).all()


def mails(session: Session, before: int | None = None, limit: int = 50) -> Sequence[Any]:
    """Mails, newest first."""
    return session.execute(_MAILS, {"before": before, "limit": limit}).all()


def mail(session: Session, mail_id: int) -> Any | None:
    return session.execute(_MAIL, {"mail_id": mail_id}).one_or_none()
