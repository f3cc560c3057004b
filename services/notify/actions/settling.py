"""Settling a mail by the server's answer, telling what was sent, and pausing all mails while the server is away."""

import random
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from sqlalchemy import text
from sqlmodel import Session

from services.notify.actions import planning
from services.notify.actions.mails import REPLACED, note
from services.notify.actions.routing import route_waiting
from services.notify.mailer.smtp import Reply
from services.notify.queries.content import lines_of
from services.notify.rules.delivery import PERMANENT, is_final, stops_the_round, wait_after
from services.notify.rules.refusals import ADDRESS, AUTH, FULL, UNKNOWN
from services.notify.rules.routes import HEAD
from services.notify.tables.mails import Digest, Mail
from shared.access import audit
from shared.delivery.outbox import publish
from shared.events import DigestsSent, SentDigest

_SENT: LiteralString = """
    with resumed as (delete from mail_pause where id = 1)
    update mail set state = 'sent', sent_at = now(), last_reply = %s, failure = ''
    where mail_id = %s and state = 'sending'
    """
_TOLD = text(
    """
    update mail m set announced = true from digest d where m.state = 'sent' and not m.announced and d.digest_id = m.digest_id
    returning m.mail_id, m.upload_id, d.kind, d.director, d.content
    """
)
# A mail that a person sent again to a refused address, and that was taken since the last refusal.
_WORKS_AGAIN = """
    update {table} w set refused_email = '', refused = '' where w.email <> '' and w.refused_email = w.email
    and exists (select 1 from mail m where m.rcpt = w.email and m.state = 'sent' and not m.announced and m.sent_at >
     (select max(n.at) from mail_note n join mail f using (mail_id) where f.rcpt = w.email and n.what = :what))
    returning w.email
    """
_WORK_AGAIN = [text(_WORKS_AGAIN.format(table=table)) for table in ("director", "region_head")]
_AGAIN = text(
    """
    update mail set state = :state, next_at = now() + cast(:wait as interval), last_reply = :words,
    failure = :failure, unknown = unknown + :unknown where mail_id = :mail_id and state = 'sending' returning mail_id
    """
)
# A sender that died a second time with the same mail: it was sent once more already.
_LEFT_BEHIND = text(
    """
    with lost as (
      update mail set state = 'failed', unknown = unknown + 1, failure = :failure, last_reply = :words
      where state = 'sending' and next_at <= now() and unknown > 0 returning mail_id
    )
    insert into mail_note(mail_id, what, words) select mail_id, :failure, :words from lost
    """
)
# Mails that came back to the queue while a newer one was made for the same director (the newest state is the last mail),
# or whose extraction was undone.
_OVERTAKEN = text(
    """
    update mail m set state = 'superseded', unknown = m.unknown + cast(m.state = 'sending' as int)
    from digest d
    where d.digest_id = m.digest_id and (m.state = 'queued' or (m.state = 'sending' and m.next_at <= now()))
      and (exists (
        select 1 from digest n join mail x on x.digest_id = n.digest_id
        where n.director_key = d.director_key and n.term = d.term and n.kind = d.kind and n.digest_id > d.digest_id
          and n.state = 'planned' and x.state in ('queued', 'sending', 'sent'))
      or exists (
        select 1 from begun_undo b join upload u using (upload_id)
        where b.term = d.term and b.extraction_date = d.extraction_date and u.outcome is not null
          and d.revision >= b.undone_revision and d.revision < b.revision))
    returning m.mail_id, m.unknown, d.digest_id, d.term, d.director_key
    """
)
_UNSENT = text(
    """
    update digest d set state = 'superseded', why = :why
    where d.digest_id = any(:ids) and d.state = 'planned' and not exists (
      select 1 from mail m where m.digest_id = d.digest_id and (m.state = 'sent' or m.unknown > 0))
    """
)
_NOTE = text("insert into mail_note(mail_id, what, words) values (:mail_id, :failure, :words)")
# The server takes mails from us, and has taken one since it last said this of that recipient.
_OTHERS_GO = text(
    """
    select exists (select 1 from mail where sent_at > (select max(n.at) from mail_note n join mail m using (mail_id)
    where m.rcpt = :rcpt and n.what = :what))
    """
)
_WAITS = text(
    """
    update digest d set state = 'unroutable', why = :why where digest_id = :digest_id and state = 'planned'
    and not exists (select 1 from mail m where m.digest_id = d.digest_id and m.state = 'sent')
    """
)
_REFUSED = text(
    "update director set refused_email = :rcpt, refused = :words where person_id = :person_id and email = :rcpt"
)
_HEAD_REFUSED = text(
    "update region_head set refused_email = :rcpt, refused = :words where region = :region and email = :rcpt"
)
_PAUSE = text(
    """
    insert into mail_pause(id, resume_at, failure, words) values (1, now() + cast(:wait as interval), :failure, :words)
    on conflict (id) do update set failure = excluded.failure, words = excluded.words, resume_at = now() +
    least(greatest(now() - mail_pause.since, cast(:wait as interval)), interval '30 min')
    """
)
_RESUME = text("delete from mail_pause where id = 1")


def announce_sent(session: Session) -> None:
    """Tells of the digests that were sent since the last telling, an upload's all in one event.

    A refused address that took one of them works again, and gets what waited.
    """
    taken = [email for statement in _WORK_AGAIN for email in session.execute(statement, {"what": ADDRESS}).scalars()]
    sent: dict[UUID, list[SentDigest]] = defaultdict(list)
    for mail in session.execute(_TOLD):
        if mail.kind == "digest":
            keys = sorted({line.school_key for line in lines_of(mail.content)})
            sent[mail.upload_id].append(SentDigest(mail.mail_id, mail.director, keys))
    for upload_id, mails in sent.items():
        publish(session, DigestsSent(upload_id=upload_id, mails=sorted(mails)))
    for email in taken:
        audit(session, "mail server", "trust address", email)
    if taken:
        route_waiting(session)


def keep_sent(database: psycopg.Connection[Any], mail_id: int, reply: Reply) -> None:
    """Keeps that the server took a mail, in one statement that is its own commit; a pause is over with it."""
    database.execute(_SENT, (reply.words, mail_id))


def settle_refused(session: Session, mail: Any, reply: Reply) -> None:
    """Settles a claimed mail that the server did not take, or of which that is unknown.

    What it says of us each time for one recipient while it takes the others (`550 5.7.1`) is about that address.
    """
    if reply.outcome == AUTH and session.execute(_OTHERS_GO, {"rcpt": mail.rcpt, "what": AUTH}).scalar():
        reply = Reply(ADDRESS, reply.words)
    unknown = int(reply.outcome == UNKNOWN)
    values = {
        "mail_id": mail.mail_id,
        "state": "failed"
        if is_final(reply.outcome, mail.unknown + unknown, datetime.now(UTC) - mail.queued_at)
        else "queued",
        "wait": wait_after(reply.outcome, mail.attempts, random.uniform(0.75, 1.25)),
        "words": reply.words,
        "failure": reply.outcome,
        "unknown": unknown,
    }
    if session.execute(_AGAIN, values).scalar() is None:
        return
    session.execute(_NOTE, values)
    if reply.outcome in PERMANENT or (reply.outcome == FULL and values["state"] == "failed"):
        _keep_waiting(session, mail, reply)
    if stops_the_round(reply.outcome):
        pause(session, reply.outcome, reply.words)


def give_up(session: Session) -> None:
    """Leaves to a person the mails that were in hand when their sender died a second time."""
    session.execute(
        _LEFT_BEHIND, {"failure": UNKNOWN, "words": "the sender stopped twice before the outcome was known"}
    )


def drop_overtaken(session: Session) -> None:
    """Does not send what a newer mail took the place of; the newer one then says what changed since the last sent one."""
    session.execute(planning.LOCK)
    overtaken = session.execute(_OVERTAKEN).all()
    note(session, [mail.mail_id for mail in overtaken], "superseded", REPLACED)
    unsent = [mail for mail in overtaken if not mail.unknown]
    session.execute(_UNSENT, {"ids": [mail.digest_id for mail in unsent], "why": REPLACED})
    for term in sorted({mail.term for mail in unsent}):
        planning.plan_again(session, term, {mail.director_key for mail in unsent if mail.term == term})


def _keep_waiting(session: Session, mail: Any, reply: Reply) -> None:
    """A mail that was refused for good reaches no one: its digest waits until somebody finds a recipient."""
    why = f"{mail.rcpt}: {reply.outcome}, {reply.words}"
    session.execute(_WAITS, {"digest_id": mail.digest_id, "why": why})
    if reply.outcome == ADDRESS:
        _refuse_address(session, mail.rcpt, mail.director_key, reply.words)


def _refuse_address(session: Session, rcpt: str, director_key: str, words: str) -> None:
    refused = {"rcpt": rcpt, "words": words, "person_id": director_key}
    session.execute(_REFUSED, refused)
    session.execute(_HEAD_REFUSED, {**refused, "region": director_key.removeprefix(HEAD)})
    audit(session, "mail server", "refuse address", director_key, refused)


def keep_bounced(session: Session, mail: Mail, digest: Digest, *, is_address: bool, words: str) -> None:
    """A mail that came back reached no one: its digest waits, and an address that nobody has is marked."""
    session.flush()
    session.execute(_WAITS, {"digest_id": mail.digest_id, "why": f"the mail came back: {words}"})
    if is_address:
        _refuse_address(session, mail.rcpt, digest.director_key, words)


def pause(session: Session, failure: str, words: str) -> None:
    """No mail is tried for a while; each pause lasts as long as the trouble has lasted, up to half an hour."""
    session.execute(_PAUSE, {"wait": wait_after(failure, 1), "failure": failure, "words": words[:500]})


def resume(session: Session) -> None:
    """Mails may be tried again now."""
    session.execute(_RESUME)
