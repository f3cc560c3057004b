"""Mails of digests: made with a fixed identity, held, released, replaced by newer ones, sent once more."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.notify.mailer.letters import DigestFacts, MailSite, write
from services.notify.queries.content import days_of, lines_of
from services.notify.rules.routes import HEAD
from services.notify.tables import Digest, Director, Mail, RegionHead
from shared.access import audit
from shared.delivery.outbox import call_job
from shared.errors import Conflict, NotFound
from shared.settings import settings

_DROP_MAILS = text(
    "update mail m set state = 'superseded' from digest d where d.digest_id = m.digest_id and d.term = :term"
    " and (cast(:keys as text[]) is null or d.director_key = any(:keys)) and m.unknown = 0"
    " and (m.state = 'held' or (m.state = 'queued' and (d.extraction_date >= :extraction_date or m.attempts > 0 or m.kind = 'reminder'"
    " or exists (select 1 from mail_pause))))"
    " returning m.mail_id, m.digest_id, m.kind"
)
_DROP_DIGESTS = text(
    "update digest set state = 'superseded', why = 'a newer state of the extraction took its place'"
    " where digest_id = any(:ids) or (term = :term and state in ('held', 'unroutable')"
    " and (cast(:keys as text[]) is null or director_key = any(:keys)))"
)
_NOTE = text("insert into mail_note(mail_id, what, words) select unnest(cast(:ids as bigint[])), :what, :words")
_RELEASE = text(
    "update digest set state = 'planned', why = '' where term = :term and extraction_date = :extraction_date and state = 'held'"
)
# Also mails of digests that are not held: a reminder of what was sent before.
_RELEASE_MAILS = text(
    "update mail m set state = 'queued', next_at = now(), queued_at = now(), rcpt = coalesce(x.email, m.rcpt) from digest d"
    " left join director x using (person_id) where d.digest_id = m.digest_id and m.state = 'held'"
    " and d.state = 'planned' and d.term = :term and d.extraction_date = :extraction_date returning m.mail_id"
)
_RELEASED = text(
    "update upload set released_at = now() where term = :term and extraction_date = :extraction_date and outcome is not null"
)
_HOLD = text(
    "update mail m set state = 'held' from digest d where d.digest_id = m.digest_id and m.state = 'queued'"
    " and m.unknown = 0 and d.term = :term and d.extraction_date = :extraction_date returning m.mail_id, m.digest_id"
)
# What was sent, or may have been, stays told while a reminder or a second copy of it is held.
_HOLD_DIGESTS = text(
    "update digest d set state = 'held', why = :why where digest_id = any(:ids) and state = 'planned' and not exists"
    " (select 1 from mail m where m.digest_id = d.digest_id and (m.state = 'sent' or m.unknown > 0))"
)


def site() -> MailSite:
    """Where mails link to, from the settings."""
    site_settings = settings()
    return MailSite(
        site_settings.public_url, site_settings.mail_domain, site_settings.support_email, site_settings.support_phone
    )


def facts_of(digest: Digest, name: str) -> DigestFacts:
    """A digest as plain values, for the words of its mail."""
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
    )


def addressees(session: Session, digests: Collection[Digest]) -> dict[str, tuple[str, str]]:
    """Name and address of who gets the digests, by whom they are for."""
    keys = {_is_for(digest) for digest in digests}
    people = session.exec(select(Director).where(col(Director.person_id).in_(keys), Director.email != ""))
    found = {person.person_id: (person.name, person.email) for person in people}
    return found | {f"{HEAD}{head.region}": (head.name, head.email) for head in session.exec(select(RegionHead))}


def _is_for(digest: Digest) -> str:
    return digest.director_key if digest.kind == "escalation" else digest.person_id or digest.director_key


def add_mails(session: Session, digests: Collection[Digest], kind: str = "digest", number: int = 0) -> list[Mail]:
    """Makes the mails of digests; the key makes each one mail, however often this runs. Conflict for nobody's digest."""
    known = addressees(session, digests)
    if any(_is_for(digest) not in known for digest in digests):
        raise Conflict("Nobody in the directory can get this mail. Match the name under Without a route first.")
    made = [_mail(digest, *known[_is_for(digest)], kind, number) for digest in digests]
    session.add_all(made)
    session.flush()
    return made


def _mail(digest: Digest, name: str, email: str, kind: str, number: int) -> Mail:
    key = f"{digest.director_key}/{digest.term}/{digest.extraction_date}/{digest.revision}/{digest.upload_id}/{digest.digest_id}"
    letter = write(facts_of(digest, name), site(), f"{kind}/{key}/{number}", reminder=kind == "reminder")
    assert digest.digest_id is not None
    return Mail(
        digest_id=digest.digest_id,
        upload_id=digest.upload_id,
        kind=kind,
        dedupe_key=f"{kind}/{key}/{number}",
        rcpt=email,
        state="held" if digest.state == "held" else "queued",
        **letter._asdict(),
    )


def supersede(session: Session, term: str, extraction_date: date, keys: Collection[str] | None) -> None:
    """Takes back what was planned and is certainly not sent; what may have been sent counts as told.

    Mails of an older extraction still go; while the mail server is away the newer digest says it all.
    """
    values: dict[str, Any] = {
        "term": term,
        "extraction_date": extraction_date,
        "keys": None if keys is None else list(keys),
    }
    dropped = session.execute(_DROP_MAILS, values).all()
    ids = [row.digest_id for row in dropped if row.kind == "digest"]
    session.execute(_DROP_DIGESTS, {**values, "ids": ids})
    note(session, [row.mail_id for row in dropped], "superseded", "a newer state of the extraction took its place")


def note(session: Session, mail_ids: Collection[int], what: str, words: str) -> None:
    """Keeps what happened to mails, for their log."""
    session.execute(_NOTE, {"ids": list(mail_ids), "what": what, "words": words})


def release(session: Session, term: str, extraction_date: date, actor: str) -> int:
    """Lets the held mails of an extraction go; how many. Conflict when none is held."""
    session.execute(_RELEASE, {"term": term, "extraction_date": extraction_date})
    mails = list(session.execute(_RELEASE_MAILS, {"term": term, "extraction_date": extraction_date}).scalars())
    if not mails:
        raise Conflict(f"No mail of {term}, {extraction_date} is held. Look at the log for what became of them.")
    session.execute(_RELEASED, {"term": term, "extraction_date": extraction_date})
    note(session, mails, "released", actor)
    audit(session, actor, "release mails", f"{term}/{extraction_date}", {"mails": len(mails)})
    call_job(session, "notify.send_mail")
    return len(mails)


def hold(session: Session, term: str, extraction_date: date, actor: str, why: str) -> int:
    """Holds the mails of an extraction that are not sent yet; how many. Conflict when all are gone."""
    rows = session.execute(_HOLD, {"term": term, "extraction_date": extraction_date}).all()
    if not rows:
        raise Conflict(f"No mail of {term}, {extraction_date} is waiting to be sent, so none can be held.")
    session.execute(_HOLD_DIGESTS, {"ids": [row.digest_id for row in rows], "why": why or "held by a person"})
    note(session, [row.mail_id for row in rows], "held", f"{actor}: {why}")
    audit(session, actor, "hold mails", f"{term}/{extraction_date}", {"mails": len(rows), "why": why})
    return len(rows)


def resend(session: Session, mail_id: int, actor: str) -> Mail:
    """Queues a digest once more, as a mail of its own. NotFound; Conflict while the first is still under way."""
    mail = session.get(Mail, mail_id)
    digest = None if mail is None else session.get(Digest, mail.digest_id)
    if mail is None or digest is None:
        raise NotFound("There is no mail with this number.")
    if digest.state == "superseded":
        raise Conflict(
            "A newer state took the place of this mail, so its numbers are no longer right. Send the newer one."
        )
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
