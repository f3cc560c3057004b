"""Mail that came back: read from its mailbox, kept at the mail, and where it says that nobody is there, at the address.

Only what comes to an address that we signed for one mail is believed. A report for no mail of ours, a forged one, a
loop and a mail that cannot be read change nothing and are counted.
"""

import hashlib
from time import monotonic

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DataError
from sqlmodel import Session, col

from services.notify.actions import replies, settling
from services.notify.actions.mails import note
from services.notify.mailbox.child import read_mails
from services.notify.mailbox.folder import MailboxAway, mailbox
from services.notify.rules.bounces import (
    DELAYED,
    FAILED,
    LOOP,
    OTHER,
    BounceReport,
    Forged,
    mail_of,
)
from services.notify.rules.refusals import ADDRESS, failure_of_report
from services.notify.rules.replies import MailRead
from services.notify.tables.bounces import Bounce
from services.notify.tables.mails import Digest, Mail
from shared.db import transaction
from shared.files.children import ChildrenBusy
from shared.settings import settings

FORGED, UNKNOWN_MAIL, UNREADABLE = "forged", "unknown", "unreadable"
# Mails of one turn; the next turn goes on with the rest.
MOST = 50
# Mails that each use up their time end a turn early.
TURN_SECONDS = 120
log = structlog.get_logger()


def read_mailbox() -> int:
    """Takes what is unread in the mailbox for mail that comes back, each in a transaction of its own; how many."""
    own = settings()
    url = own.imap_url.get_secret_value()
    if not url:
        return 0
    count, ends_at = 0, monotonic() + TURN_SECONDS
    senders = (own.mail_from.rpartition("<")[2].rstrip(">"), own.support_email)
    try:
        with mailbox(url) as folder:
            received = list(folder.unread(MOST))
            reads = read_mails([each.raw for each in received], own.reply_server, senders)
            for each, read in zip(received, reads, strict=True):
                _take_or_count(each.raw, read)
                folder.mark_read(each.uid)
                count += 1
                if monotonic() > ends_at:
                    break
    except (MailboxAway, ChildrenBusy) as error:
        log.warning("mailbox away", reason=str(error) or "many files are being read")
    return count


def _take_or_count(raw: bytes, read: MailRead | None) -> None:
    """Takes a mail; one that cannot be read or kept is counted, so that it does not stand before all later ones."""
    try:
        with transaction("notify") as session:
            _take(session, raw, read)
    except (DataError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        log.warning("mail not kept", mail=_key(raw), reason=type(error).__name__)
        with transaction("notify") as session:
            take_report(session, raw, None)


def _take(session: Session, raw: bytes, read: MailRead | None) -> None:
    """A mail to the reply address is a person's report; any other may be about a mail of ours."""
    school_key = None if read is None else replies.school_named(read.addresses)
    if read is None or school_key is None:
        take_report(session, raw, read)
    else:
        replies.take_reply(session, read.reply._replace(school_key=school_key))


def take_report(session: Session, raw: bytes, read: MailRead | None) -> str:
    """Keeps what a mail in the mailbox says, None where it cannot be read; its kind. The same mail twice is kept once."""
    own = settings()
    mail_id, report = None, BounceReport(UNREADABLE)
    try:
        if read is not None:
            mail_id = mail_of(read.addresses, own.bounce_address, own.link_key.get_secret_value().encode())
            report = read.report
    except Forged as error:
        report = BounceReport(FORGED, words=str(error))
    if report.kind == UNREADABLE:
        log.warning("mail unreadable", mail=_key(raw))
    mail = None if mail_id is None else session.get(Mail, mail_id, with_for_update=True)
    if mail is None and report.kind not in (FORGED, LOOP, UNREADABLE):
        report = report._replace(kind=UNKNOWN_MAIL)
    kept = insert(Bounce).values(
        content_key=_key(raw),
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


def _key(raw: bytes) -> str:
    return hashlib.sha256(raw.replace(b"\r\n", b"\n")).hexdigest()


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
