"""Mails of digests: made with a fixed identity, held, released, replaced by newer ones, sent once more."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, func, select, update

from services.notify.mailer.headings import DigestFacts
from services.notify.mailer.letters import MailSite, WrittenMail, write
from services.notify.queries.alert_settings import days_off
from services.notify.queries.answers import newer_digest
from services.notify.queries.content import days_of, lines_of, plans_of
from services.notify.rules.routes import HEAD
from services.notify.tables.facts import Director, Upload
from services.notify.tables.mails import Digest, Mail, MailNote
from services.notify.tables.settings import RegionHead
from shared.access import audit
from shared.access.actors import actor_words
from shared.delivery.outbox import call_job
from shared.errors import Conflict, NotFound
from shared.settings import settings

REPLACED = "a newer state of the extraction replaced it"
_DROP_MAILS = text(
    """
    update mail m set state = 'superseded' from digest d
    where d.digest_id = m.digest_id and d.term = :term
      and (cast(:keys as text[]) is null or d.director_key = any(:keys))
      and m.unknown = 0 and m.state in ('held', 'queued')
    returning m.mail_id, m.digest_id, m.kind
    """
)
_DROP_DIGESTS = text(
    """
    update digest d set state = 'superseded', why = :why
    where (d.digest_id = any(:ids) and not exists (
        select 1 from mail m where m.digest_id = d.digest_id and (m.state = 'sent' or m.unknown > 0)))
      or (d.term = :term and d.state in ('held', 'unroutable')
        and (cast(:keys as text[]) is null or d.director_key = any(:keys)))
    """
)
# What may have arrived counts as told, so its digest stays; only the second copy is not sent after a newer mail.
_STOP_COPIES = text(
    """
    update mail m set state = 'superseded' from digest d
    where d.digest_id = m.digest_id and d.term = :term and d.director_key = any(:keys)
      and m.unknown > 0 and m.state = 'queued'
      and exists (select 1 from digest n where n.director_key = d.director_key and n.term = d.term
        and n.digest_id > d.digest_id and n.state in ('planned', 'held'))
    returning m.mail_id
    """
)
# Also mails of digests that are not held: a reminder of what was sent before.
_RELEASE_MAILS = text(
    """
    update mail m set state = 'queued', next_at = now(), queued_at = now(), rcpt = coalesce(x.email, m.rcpt)
    from digest d left join director x using (person_id)
    where d.digest_id = m.digest_id and m.state = 'held'
      and d.state = 'planned' and d.term = :term and d.extraction_date = :extraction_date
    returning m.mail_id
    """
)
_HOLD = text(
    """
    update mail m set state = 'held' from digest d
    where d.digest_id = m.digest_id and m.state = 'queued' and m.unknown = 0
      and d.term = :term and d.extraction_date = :extraction_date
    returning m.mail_id, m.digest_id
    """
)
# What was sent, or may have been, stays told while a reminder or a second copy of it is held.
_HOLD_DIGESTS = text(
    """
    update digest d set state = 'held', why = :why
    where digest_id = any(:ids) and state = 'planned' and not exists (
      select 1 from mail m where m.digest_id = d.digest_id and (m.state = 'sent' or m.unknown > 0))
    """
)


def site() -> MailSite:
    """Where mails link to, from the settings."""
    site_settings = settings()
    return MailSite(
        site_settings.public_url, site_settings.mail_domain, site_settings.support_email, site_settings.support_phone
    )


def facts_of(digest: Digest, name: str, off: Collection[date]) -> DigestFacts:
    """A digest as plain values, for the words of its mail; its school days are counted without the days off."""
    taken_back = digest.content.get("taken_back")
    return DigestFacts(
        kind=digest.kind,
        director=name,
        spelling=digest.director,
        term=digest.term,
        extraction_date=digest.extraction_date,
        closes=date.fromisoformat(digest.content.get("closes", digest.extraction_date.isoformat())),
        reason=digest.reason,
        correction=digest.correction,
        lines=lines_of(digest.content),
        as_of=days_of(digest.content),
        late=digest.content.get("late", []),
        taken_back=date.fromisoformat(taken_back) if taken_back else None,
        revision=digest.revision,
        plans=plans_of(digest.content),
        days_off=off,
    )


def addressees(session: Session, digests: Collection[Digest]) -> dict[str, tuple[str, str]]:
    """Name and address of who gets the digests, by whom they are for."""
    keys = {is_for(digest) for digest in digests}
    people = session.exec(select(Director).where(col(Director.person_id).in_(keys), Director.email != ""))
    found = {person.person_id: (person.name, person.email) for person in people}
    return found | {f"{HEAD}{head.region}": (head.name, head.email) for head in session.exec(select(RegionHead))}


def is_for(digest: Digest) -> str:
    """The key in `addressees` of who gets a digest."""
    return digest.director_key if digest.kind == "escalation" else digest.person_id or digest.director_key


def add_mails(session: Session, digests: Collection[Digest], kind: str = "digest", number: int = 0) -> list[Mail]:
    """Makes the mails of digests; the key makes each one mail, however often this runs. Conflict for nobody's digest."""
    known = addressees(session, digests)
    if any(is_for(digest) not in known for digest in digests):
        raise Conflict("Nobody in the directory can get this mail. Match the name under Without a route first.")
    off = days_off(session)
    letters = [
        write(facts_of(digest, known[is_for(digest)][0], off), site(), digest.director_key, kind=kind, number=number)
        for digest in digests
    ]
    made = [
        _mail(session, digest, letter, known[is_for(digest)][1], kind, number)
        for digest, letter in zip(digests, letters, strict=True)
    ]
    session.add_all(made)
    session.flush()
    return made


def _mail(session: Session, digest: Digest, letter: WrittenMail, email: str, kind: str, number: int) -> Mail:
    assert digest.digest_id is not None
    return Mail(
        digest_id=digest.digest_id,
        upload_id=digest.upload_id,
        kind=kind,
        dedupe_key=f"{kind}/{digest.digest_id}/{number}",
        rcpt=email,
        state="held" if digest.state == "held" else "queued",
        in_reply_to=_first_message_id(session, digest),
        **letter._asdict(),
    )


def _first_message_id(session: Session, digest: Digest) -> str:
    """The first mail of the same extraction that this director got: corrections and reminders join it."""
    sent = (
        select(Mail.message_id)
        .join(Digest, col(Digest.digest_id) == col(Mail.digest_id))
        .where(
            Digest.director_key == digest.director_key,
            Digest.term == digest.term,
            Digest.extraction_date == digest.extraction_date,
            Mail.state == "sent",
        )
    )
    return session.exec(sent.order_by(col(Mail.mail_id))).first() or ""


def supersede(session: Session, term: str, keys: Collection[str] | None) -> None:
    """Takes back what was planned and is certainly not sent, of older extractions too: only the newest state goes."""
    values: dict[str, Any] = {"term": term, "keys": None if keys is None else list(keys), "why": REPLACED}
    dropped = session.execute(_DROP_MAILS, values).all()
    session.execute(_DROP_DIGESTS, {**values, "ids": [row.digest_id for row in dropped if row.kind == "digest"]})
    note(session, [row.mail_id for row in dropped], "superseded", REPLACED)


def stop_second_copies(session: Session, term: str, keys: Collection[str]) -> None:
    """Does not send again what may have arrived, once a newer mail for the same director was made."""
    stopped = session.execute(_STOP_COPIES, {"term": term, "keys": list(keys)}).scalars()
    note(session, list(stopped), "superseded", "it may have arrived, and a newer mail replaces it")


def note(session: Session, mail_ids: Collection[int], what: str, words: str) -> None:
    """Keeps what happened to mails, for their log."""
    session.add_all(MailNote(mail_id=mail_id, what=what, words=words) for mail_id in mail_ids)
    session.flush()


def release(session: Session, term: str, extraction_date: date, actor: str) -> int:
    """Lets the held mails of an extraction go; how many. Conflict when none is held."""
    held = (col(Digest.term) == term, col(Digest.extraction_date) == extraction_date, col(Digest.state) == "held")
    session.exec(update(Digest).where(*held).values(state="planned", why=""))
    place = {"term": term, "extraction_date": extraction_date}
    mails = list(session.execute(_RELEASE_MAILS, place).scalars())
    if not mails:
        raise Conflict(f"No mail of {term}, {extraction_date} is held. Look at the log to see what happened to them.")
    planned = update(Upload).where(
        col(Upload.term) == term, col(Upload.extraction_date) == extraction_date, col(Upload.outcome).is_not(None)
    )
    session.exec(planned.values(released_at=func.now()))
    note(session, mails, "released", actor_words(actor))
    audit(session, actor, "release mails", f"{term}/{extraction_date}", {"mails": len(mails)})
    call_job(session, "notify.send_mail")
    return len(mails)


def hold(session: Session, term: str, extraction_date: date, actor: str, why: str) -> int:
    """Holds the mails of an extraction that are not sent yet; how many. Conflict when all are gone."""
    rows = session.execute(_HOLD, {"term": term, "extraction_date": extraction_date}).all()
    if not rows:
        raise Conflict(f"No mail of {term}, {extraction_date} is waiting to be sent, so none can be held.")
    session.execute(_HOLD_DIGESTS, {"ids": [row.digest_id for row in rows], "why": why or "held by a person"})
    note(session, [row.mail_id for row in rows], "held", f"{actor_words(actor)}: {why}")
    audit(session, actor, "hold mails", f"{term}/{extraction_date}", {"mails": len(rows), "why": why})
    return len(rows)


def resend(session: Session, mail_id: int, actor: str) -> Mail:
    """Queues a digest once more, as a mail of its own. NotFound; Conflict while the first is still under way."""
    mail = session.get(Mail, mail_id)
    digest = None if mail is None else session.get(Digest, mail.digest_id)
    if mail is None or digest is None:
        raise NotFound("There is no mail with this number.")
    if digest.state == "superseded" or newer_digest(session, digest) is not None:
        raise Conflict("A newer state replaced this mail, so its numbers are no longer right. Send the newer one.")
    if mail.state in ("queued", "held", "sending"):
        raise Conflict("This mail is still on its way. Wait until it is sent or refused, then send it again.")
    if digest.state == "unroutable":
        digest.state, digest.why = "planned", ""
        session.add(digest)
    number = len(session.exec(select(Mail.mail_id).where(Mail.digest_id == mail.digest_id)).all())
    (again,) = add_mails(session, [digest], "resend", number)
    again.state = "queued"
    session.add(again)
    session.flush()
    audit(session, actor, "resend mail", f"mail/{mail_id}", {"as": again.mail_id, "to": again.rcpt})
    call_job(session, "notify.send_mail")
    return again
