"""Sending: claim a mail, hand it over, settle it; each step one commit, so that a crash loses nothing.

The only instant at which a mail can be sent twice is between the server's 250 and the commit of `sent`; the second copy
has the same Message-ID (RFC 1047).
"""

import smtplib
from typing import Any

import structlog
from sqlalchemy import text

from services.notify.mailer.smtp import HeaderRefused, Letter, Reply, connection, message, send
from shared.db import transaction
from shared.events import DigestSent
from shared.outbox import call_job, say
from shared.settings import settings

AT_ONCE = 200
log = structlog.get_logger()

_CLAIM = text(
    "with x as (select mail_id, state from mail where state in ('queued','sending') and next_at <= now()"
    " order by next_at, mail_id limit 1 for update skip locked)"
    " update mail m set state = 'sending', attempts = attempts + 1,"
    " unknown = m.unknown + (x.state = 'sending')::int, next_at = now() + interval '15 min'"
    " from x where m.mail_id = x.mail_id returning m.*"
)
_SENT = text(
    "update mail set state = 'sent', sent_at = now(), last_reply = :reply where mail_id = :mail_id and state = 'sending'"
)
_AGAIN = text(
    "update mail set state = case when :failed or expires_at < now() then 'failed' else 'queued' end,"
    " next_at = now() + least(power(2, attempts) * 30, 1800) * interval '1 s', last_reply = :reply"
    " where mail_id = :mail_id and state = 'sending'"
)
_DIGEST = text("select director, content from digest where digest_id = :digest_id")
_WAITING = text("select exists (select 1 from mail where state in ('queued','sending') and next_at <= now())")


def send_due() -> None:
    """Sends the mails that are due over one connection; stops at the first sign that the server is away."""
    with transaction("notify") as session:
        if not session.execute(_WAITING).scalar():
            return
    try:
        with connection(settings().smtp_url) as server:
            for _ in range(AT_ONCE):
                if not _send_next(server):
                    return
    except (OSError, smtplib.SMTPException) as error:
        log.warning("mail server away", reason=f"{type(error).__name__}: {error}")
        return
    with transaction("notify") as session:
        call_job(session, "notify.send_mail")


def _send_next(server: smtplib.SMTP) -> bool:
    with transaction("notify") as session:
        mail = session.execute(_CLAIM).one_or_none()
    if mail is None:
        return False
    chosen = settings()
    letter = Letter(mail.rcpt, mail.subject, mail.body, mail.html, mail.message_id)
    try:
        made = message(letter, chosen.mail_from, chosen.support_email)
        reply = send(server, made, chosen.mail_from, mail.rcpt)
    except HeaderRefused as error:
        reply = Reply("permanent", str(error))
    except (OSError, smtplib.SMTPException) as error:
        _settle(mail, Reply("temporary", f"{type(error).__name__}: {error}"))
        raise
    _settle(mail, reply)
    return True


def _settle(mail: Any, reply: Reply) -> None:
    with transaction("notify") as session:
        values = {"mail_id": mail.mail_id, "reply": reply.text, "failed": reply.outcome == "permanent"}
        if reply.outcome != "sent":
            session.execute(_AGAIN, values)
            return
        session.execute(_SENT, values)
        digest = session.execute(_DIGEST, {"digest_id": mail.digest_id}).one()
        keys = sorted({row["school_key"] for listed in digest.content["lists"].values() for row in listed})
        say(
            session,
            DigestSent(mail_id=mail.mail_id, upload_id=mail.upload_id, director=digest.director, school_keys=keys),
        )
