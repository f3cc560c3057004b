"""Reports written as mails: taken out of the mailbox, handed to sesr, and answered at most once."""

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select, update

from services.notify.mailer.answers import answer_mail
from services.notify.mailer.messages import HeaderRefused
from services.notify.mailer.smtp import Interrupted, connection, send
from services.notify.rules.refusals import SENT
from services.notify.rules.replies import MOST_ANSWERS_A_DAY, UNKNOWN, WAITING, WrittenReply, school_of
from services.notify.tables.replies import ReceivedReply, Reporter
from shared.access import audit
from shared.access.policy import REPORTERS
from shared.db import transaction, upsert
from shared.delivery.outbox import call_job, publish
from shared.emails import address_hash
from shared.events import DirectoryLoaded, ReplyReceived, ReplySettled
from shared.settings import settings

NOBODY = (
    "This address is not one of a principal or designee in the directory, so no report was taken.\n"
    "Sign in to send it, or call the duty desk: {public_url}/sesr/"
)
log = structlog.get_logger()


def keep_reporters(session: Session, event: DirectoryLoaded, *, is_whole: bool) -> None:
    """Keeps who may report, by the hash of the address; with the directory's last part, who is no longer in it goes."""
    keys = {address_hash(person.email) for person in event.people if person.role in REPORTERS} - {""}
    rows = [{"person_key": key, "revision": event.revision} for key in sorted(keys)]
    upsert(session, Reporter, rows, newer="revision")
    if is_whole:
        session.execute(delete(Reporter).where(col(Reporter.revision) < event.revision))


def school_named(addresses: Sequence[str]) -> str | None:
    """The school that a mail's reply address names; None for a mail that is for another address, or while it is off."""
    own = settings()
    return school_of(addresses, own.reply_address) if own.reply_address and own.reply_server else None


def take_reply(session: Session, reply: WrittenReply) -> str:
    """Keeps a mail to the reply address and publishes it where its sender is proven and known; its outcome.

    The same mail twice is one. Nothing is answered that is forged or of a machine: its From is no person who waits.
    """
    person_key = address_hash(reply.sender)
    is_known = session.get(Reporter, person_key) is not None
    outcome = UNKNOWN if reply.outcome == WAITING and not is_known else reply.outcome
    if not _keep(session, reply, outcome):
        return "twice"
    audit(session, "mailbox", f"reply {outcome}", str(reply.reply_id))
    if outcome == UNKNOWN:
        _answer(session, reply, NOBODY.format(public_url=settings().public_url))
    elif outcome == WAITING:
        event = ReplyReceived(
            reply_id=reply.reply_id,
            person_key=person_key,
            school_key=reply.school_key,
            text=reply.text,
            channel="mail",
            written_at=reply.written_at,
            received_at=datetime.now(UTC),
        )
        publish(session, event)
    return outcome


def answer_reply(session: Session, event: ReplySettled) -> None:
    """Queues the words for the writer of an answer that waits; a second time changes nothing."""
    kept = session.get(ReceivedReply, event.reply_id, with_for_update=True)
    if kept is None or kept.outcome != WAITING:
        return
    kept.outcome = "taken" if event.is_taken else "refused"
    kept.answer, kept.answer_state = event.words, "queued"
    session.add(kept)
    call_job(session, "notify.send_answers")


def send_answers() -> int:
    """Sends the answers that are queued, each at most once: it counts as sent from before it is handed over."""
    sent = 0
    while (claimed := _claim()) is not None:
        state = _hand_over(claimed)
        with transaction("notify") as session:
            mine = update(ReceivedReply).where(col(ReceivedReply.reply_id) == claimed.reply_id)
            session.execute(mine.values(answer_state=state, answered_at=func.now()))
        sent += state == "sent"
    return sent


def _claim() -> ReceivedReply | None:
    with transaction("notify") as session:
        queued = select(ReceivedReply).where(ReceivedReply.answer_state == "queued")
        oldest = queued.order_by(col(ReceivedReply.received_at)).limit(1).with_for_update(skip_locked=True)
        found = session.exec(oldest).one_or_none()
        if found is not None:
            found.answer_state = "sending"
            session.add(found)
        return found


def _hand_over(reply: ReceivedReply) -> str:
    own = settings()
    try:
        raw = answer_mail(reply, own.mail_from, own.reply_address, own.mail_domain)
        with connection(own.smtp_url, own.mail_domain) as server:
            answered = send(server.smtp, raw, "", reply.sender)
    except (Interrupted, HeaderRefused) as error:
        log.warning("answer not sent", reply=str(reply.reply_id), reason=str(error))
        return "failed"
    return "sent" if answered.outcome == SENT else "failed"


def _keep(session: Session, reply: WrittenReply, outcome: str) -> bool:
    values = {"reply_id": reply.reply_id, "sender": reply.sender, "subject": reply.subject, "outcome": outcome}
    made = insert(ReceivedReply).values(**values, message_id=reply.message_id).on_conflict_do_nothing()
    return session.execute(made.returning(col(ReceivedReply.reply_id))).one_or_none() is not None


def _answer(session: Session, reply: WrittenReply, words: str) -> None:
    """Queues an answer to somebody whom the directory does not have, unless they got many today: two machines would go on."""
    own = (col(ReceivedReply.sender) == reply.sender, col(ReceivedReply.answer_state) != "none")
    today = col(ReceivedReply.received_at) > func.now() - func.make_interval(0, 0, 0, 1)
    if session.exec(select(func.count()).select_from(ReceivedReply).where(*own, today)).one() >= MOST_ANSWERS_A_DAY:
        return
    mine = update(ReceivedReply).where(col(ReceivedReply.reply_id) == reply.reply_id)
    session.execute(mine.values(answer=words, answer_state="queued"))
    call_job(session, "notify.send_answers")
