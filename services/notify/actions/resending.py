"""Sending again, in one step, the mails that the mail server refused or that came back: first as a list, then in fact."""

from datetime import date
from typing import NamedTuple

from sqlmodel import Session, col, select

from services.notify.actions.mails import addressees, is_for, resend
from services.notify.queries.answers import newer_digest
from services.notify.queries.lists import RefusedFilter, refused_mails
from services.notify.tables.mails import Digest, Mail
from shared.access import audit
from shared.errors import Conflict, Invalid
from shared.settings import settings

REPLACED = "a newer state took its place"
NOBODY = "nobody in the directory can get it now"


class RefusedMail(NamedTuple):
    """A mail that was not taken, to whom it would go now, and why it does not go again; empty where it does."""

    mail_id: int
    subject: str
    refused_rcpt: str
    rcpt: str
    state: str
    last_reply: str
    term: str
    extraction_date: date
    why_not: str


def refused(session: Session, filtered: RefusedFilter) -> list[RefusedMail]:
    """The refused, failed and returned mails of an extraction, an address or a spell of time, oldest first.

    Invalid where nothing says which, or the spell ends before it begins.
    """
    if not any(filtered):
        raise Invalid("Say which mails: of an extraction, to an address, or of certain days.", code="no_filter")
    if filtered.since and filtered.until and filtered.until < filtered.since:
        raise Invalid("The last day is before the first one. Swap the two days.", code="spell_backwards")
    found = refused_mails(session, filtered, settings().timezone)
    listed = select(Digest).where(col(Digest.digest_id).in_([mail.digest_id for mail in found]))
    digests = session.exec(listed).all()
    by_id = {digest.digest_id: digest for digest in digests}
    known = addressees(session, digests)
    return [_judged(session, mail, by_id[mail.digest_id], known) for mail in found]


def _judged(session: Session, mail: Mail, digest: Digest, known: dict[str, tuple[str, str]]) -> RefusedMail:
    assert mail.mail_id is not None
    _, rcpt = known.get(is_for(digest), ("", ""))
    is_old = digest.state == "superseded" or newer_digest(session, digest) is not None
    return RefusedMail(
        mail.mail_id,
        mail.subject,
        mail.rcpt,
        rcpt,
        mail.state,
        mail.last_reply,
        digest.term,
        digest.extraction_date,
        REPLACED if is_old else "" if rcpt else NOBODY,
    )


def send_again(session: Session, filtered: RefusedFilter, expected: int, actor: str) -> list[int]:
    """Queues every listed mail that may go again; the numbers of the new ones.

    Conflict where there are not as many as `expected`, which is what the person was shown.
    """
    ready = [mail for mail in refused(session, filtered) if not mail.why_not]
    if not ready or len(ready) != expected:
        raise Conflict(
            f"You were shown {expected} to send again and there {'is' if len(ready) == 1 else 'are'} {len(ready)} now."
            " Nothing was sent. Look at the list again."
        )
    again = [mail_id for each in ready if (mail_id := resend(session, each.mail_id, actor).mail_id) is not None]
    audit(session, actor, "resend refused mails", "mails", {"count": len(again)})
    return again
