"""Mail that came back: read from its mailbox, kept at the mail, and where it says that nobody is there, at the address.

Only what comes to an address that we signed for one mail is believed. A report for no mail of ours, a forged one and a
loop change nothing and are counted.
"""

import hashlib

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from services.notify.actions import replies, settling
from services.notify.actions.mails import note
from services.notify.mailbox import MailboxAway, mailbox
from services.notify.rules.bounces import (
    DELAYED,
    FAILED,
    LOOP,
    OTHER,
    BounceReport,
    Forged,
    addressed_to,
    mail_of,
    report_of,
)
from services.notify.rules.refusals import ADDRESS, failure_of_report
from services.notify.tables.bounces import Bounce
from services.notify.tables.mails import Digest, Mail
from shared.db import transaction
from shared.settings import settings

FORGED, UNKNOWN_MAIL = "forged", "unknown"
# Mails of one turn; the next turn goes on with the rest.
MOST = 50
log = structlog.get_logger()


def read_mailbox() -> int:
    """Takes what is unread in the mailbox for mail that comes back, each in a transaction of its own; how many."""
    url = settings().imap_url.get_secret_value()
    if not url:
        return 0
    count = 0
    try:
        with mailbox(url) as folder:
            for received in folder.unread(MOST):
                with transaction("notify") as session:
                    _take(session, received.raw)
                folder.mark_read(received.uid)
                count += 1
    except MailboxAway as error:
        log.warning("mailbox away", reason=str(error))
    return count


def _take(session: Session, raw: bytes) -> None:
    """A mail to the reply address is a person's report; any other may be about a mail of ours."""
    school_key = replies.school_named(raw)
    if school_key is None:
        take_report(session, raw)
    else:
        replies.take_reply(session, raw, school_key)


def take_report(session: Session, raw: bytes) -> str:
    """Keeps what a mail in the mailbox says; its kind. The same mail read twice is kept once."""
    own = settings()
    key = own.link_key.get_secret_value().encode()
    mail_id = None
    try:
        mail_id = mail_of(addressed_to(raw), own.bounce_address, key)
        report = report_of(raw, (own.mail_from.rpartition("<")[2].rstrip(">"), own.support_email))
    except Forged as error:
        report = BounceReport(FORGED, words=str(error))
    mail = None if mail_id is None else session.get(Mail, mail_id, with_for_update=True)
    if mail is None and report.kind not in (FORGED, LOOP):
        report = report._replace(kind=UNKNOWN_MAIL)
    kept = insert(Bounce).values(
        content_key=hashlib.sha256(raw.replace(b"\r\n", b"\n")).hexdigest(),
        mail_id=None if mail is None else mail_id,
        kind=report.kind,
        recipient=report.recipient,
        status=report.status,
        words=report.words,
    )
    is_new = session.execute(kept.on_conflict_do_nothing().returning(col(Bounce.bounce_id))).scalar() is not None
    if is_new and mail is not None and report.kind in (FAILED, DELAYED):
        _note(session, mail, report)
    return report.kind


def _note(session: Session, mail: Mail, report: BounceReport) -> None:
    """What happened to the mail; nobody there: the address is marked and the alert waits under Without a route."""
    assert mail.mail_id is not None
    said = f"{report.recipient}: {report.status} {report.words}".strip()
    note(session, [mail.mail_id], f"came back: {report.kind}" if report.kind != OTHER else "came back", said)
    if report.kind != FAILED or mail.state != "sent":
        return
    failure = failure_of_report(report.status, report.words)
    mail.state, mail.failure, mail.last_reply = "bounced", failure, said[:500]
    session.add(mail)
    digest = session.get(Digest, mail.digest_id)
    if digest is not None and mail.rcpt.casefold() in (report.original.casefold(), report.recipient.casefold()):
        settling.keep_bounced(session, mail, digest, is_address=failure == ADDRESS, words=said)
