"""Settling a mail by the server's answer, and pausing all mails while the server is away."""

import random
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.notify.mailer.smtp import Reply
from services.notify.queries.content import lines_of
from services.notify.rules.delivery import ADDRESS, PERMANENT, SENT, stops_the_round, wait_after
from shared.access import audit
from shared.events import DigestSent
from shared.outbox import say

_SENT = text(
    "update mail set state = 'sent', sent_at = now(), last_reply = :words, failure = ''"
    " where mail_id = :mail_id and state = 'sending'"
)
_AGAIN = text(
    "update mail set state = :state, next_at = now() + cast(:wait as interval), last_reply = :words,"
    " failure = :failure, unknown = unknown + :unknown where mail_id = :mail_id and state = 'sending' returning mail_id"
)
_NOTE = text("insert into mail_note(mail_id, what, words) values (:mail_id, :failure, :words)")
_WAITS = text(
    "update digest d set state = 'unroutable', why = :why where digest_id = :digest_id and state = 'planned'"
    " and not exists (select 1 from mail m where m.digest_id = d.digest_id and m.state = 'sent')"
)
_REFUSED = text(
    "update director set refused_email = :rcpt, refused = :words where person_id = :person_id and email = :rcpt"
)
_PAUSE = text(
    "insert into lane(id, resume_at, failure, words) values (1, now() + cast(:wait as interval), :failure, :words)"
    " on conflict (id) do update set failure = excluded.failure, words = excluded.words, resume_at = now() +"
    " least(greatest(now() - lane.since, cast(:wait as interval)), interval '30 min')"
)
_RESUME = text("delete from lane where id = 1")


def told_by(mail: Any) -> DigestSent | None:
    """The event that a mail leads to once it is sent; None for a mail that is not to a director."""
    if mail.digest_kind != "digest":
        return None
    keys = sorted({line.school_key for line in lines_of(mail.content)})
    return DigestSent(mail_id=mail.mail_id, upload_id=mail.upload_id, director=mail.director, school_keys=keys)


def settle(session: Session, mail: Any, reply: Reply, told: DigestSent | None, *, unknown: bool = False) -> None:
    """Settles a claimed mail by the answer it got. `unknown`: it may have been accepted all the same."""
    if reply.outcome == SENT:
        session.execute(_SENT, {"mail_id": mail.mail_id, "words": reply.words})
        session.execute(_RESUME)
        if told is not None:
            say(session, told)
        return
    permanent = reply.outcome in PERMANENT
    values = {
        "mail_id": mail.mail_id,
        "state": "failed" if permanent else "queued",
        "wait": wait_after(reply.outcome, mail.attempts, random.uniform(0.75, 1.25)),
        "words": reply.words,
        "failure": reply.outcome,
        "unknown": int(unknown),
    }
    if session.execute(_AGAIN, values).scalar() is None:
        return
    session.execute(_NOTE, values)
    if permanent:
        _keep_waiting(session, mail, reply)
    if stops_the_round(reply.outcome):
        pause(session, reply.outcome, reply.words)


def _keep_waiting(session: Session, mail: Any, reply: Reply) -> None:
    """A mail that was refused for good is told to nobody: its digest waits in the queue without a route."""
    why = f"{mail.rcpt}: {reply.outcome}, {reply.words}"
    session.execute(_WAITS, {"digest_id": mail.digest_id, "why": why})
    if reply.outcome == ADDRESS:
        refused = {"rcpt": mail.rcpt, "words": reply.words, "person_id": mail.director_key}
        session.execute(_REFUSED, refused)
        audit(session, "mail server", "refuse address", mail.director_key, refused)


def pause(session: Session, failure: str, words: str) -> None:
    """No mail is tried for a while; each pause lasts as long as the trouble has lasted, up to half an hour."""
    session.execute(_PAUSE, {"wait": wait_after(failure, 1), "failure": failure, "words": words[:500]})


def resume(session: Session) -> None:
    """Mails may be tried again now."""
    session.execute(_RESUME)
