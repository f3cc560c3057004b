"""What directors answer: a plan, a snooze with reason and end, which mails they prefer. Each leaves an audit row."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, select, update

from services.notify.queries.content import lines_of
from services.notify.rules.alerts import OPEN
from services.notify.tables.answers import Acknowledgement, LinkUse, Preference, Snooze, Visit
from services.notify.tables.facts import Director
from services.notify.tables.mails import Digest
from shared.access import audit
from shared.db import upsert
from shared.errors import Conflict, Invalid, NotFound

LONGEST = timedelta(days=180)
LONGEST_TEXT = 2000


class SnoozeRequest(NamedTuple):
    """What to snooze: schools, each for one group or (None) for all, why, and until when (None: the next extraction)."""

    places: Sequence[tuple[str, str | None]]
    reason: str
    until: date | None


def digest_of(session: Session, digest_id: int, key: str | None) -> Digest:
    """A digest to a director; NotFound where it is not the key's own (None: anybody's)."""
    digest = session.get(Digest, digest_id)
    if digest is None or digest.kind != "digest" or (key is not None and digest.director_key != key):
        raise NotFound("There is no such alert for you. A newer one may have replaced it.")
    return digest


def acknowledge(session: Session, digest: Digest, plan: str, author: str) -> Acknowledgement:
    """Keeps that the director has seen a digest and what will be done, until the next extraction; the same again is one."""
    words = plan.replace("\r\n", "\n").strip()  # browsers count a line's end as one character and send two
    if not 1 <= len(words) <= LONGEST_TEXT:
        raise _invalid("plan", f"Say in a few words what will be done (at most {LONGEST_TEXT} characters).")
    assert digest.digest_id is not None
    _one_at_a_time(session, digest)
    mine = select(Acknowledgement).where(
        Acknowledgement.digest_id == digest.digest_id, Acknowledgement.author == author
    )
    last = session.exec(mine.order_by(col(Acknowledgement.acknowledgement_id).desc())).first()
    if last is not None and last.plan == words:
        return last
    made = Acknowledgement(
        digest_id=digest.digest_id,
        director_key=digest.director_key,
        term=digest.term,
        extraction_date=digest.extraction_date,
        plan=words,
        author=author,
    )
    session.add(made)
    session.flush()
    audit(session, author, "acknowledge alert", f"digest/{digest.digest_id}", {"plan": words})
    return made


def snooze(session: Session, digest: Digest, request: SnoozeRequest, author: str) -> list[Snooze]:
    """Snoozes schools of a digest, each in place of an earlier snooze. Invalid without a reason, or with an end that is none."""
    reason = request.reason.strip()
    if not 1 <= len(reason) <= LONGEST_TEXT:
        raise _invalid("reason", f"Give a reason for the snooze (at most {LONGEST_TEXT} characters).")
    if request.until is not None and not digest.extraction_date < request.until <= digest.extraction_date + LONGEST:
        latest = digest.extraction_date + LONGEST
        raise _invalid(
            "until", f"Choose a day after {digest.extraction_date} and not after {latest}, or the next extraction."
        )
    listed = {line.place: line.school for line in lines_of(digest.content) if line.mark in OPEN}
    schools = {school_key: school for (school_key, _), school in listed.items()}
    made = []
    for school_key, group in dict.fromkeys(request.places):
        if school_key not in schools or (group is not None and (school_key, group) not in listed):
            raise _invalid("places", "Only schools that this alert lists can be snoozed. Reload the page.")
        made.append(
            Snooze(
                director_key=digest.director_key,
                term=digest.term,
                extraction_date=digest.extraction_date,
                school_key=school_key,
                school=schools[school_key],
                respondent_group=group,
                reason=reason,
                until=request.until,
                author=author,
            )
        )
    if not made:
        raise _invalid("places", "Choose at least one school to snooze.")
    _one_at_a_time(session, digest)
    for snoozed in made:
        _replace(session, snoozed)
    session.add_all(made)
    session.flush()
    places = [f"{s.school_key}/{s.respondent_group or 'all'}" for s in made]
    audit(session, author, "snooze", f"digest/{digest.digest_id}", {"places": places, "until": request.until})
    return made


def end_snooze(session: Session, snooze_id: int, key: str | None, actor: str) -> None:
    """Ends a snooze now; NotFound where it has ended, or is not the key's own (None: anybody's)."""
    ended = update(Snooze).where(col(Snooze.snooze_id) == snooze_id, col(Snooze.ended_at).is_(None))
    if key is not None:
        ended = ended.where(col(Snooze.director_key) == key)
    school = session.exec(ended.values(ended_at=func.now(), ended_by=actor).returning(col(Snooze.school))).first()
    if school is None:
        raise NotFound("This snooze has ended already, or is not yours.")
    audit(session, actor, "end snooze", f"snooze/{snooze_id}", {"school": school})


def resume_snooze(session: Session, snooze_id: int, key: str | None, actor: str) -> None:
    """Takes the end of a snooze back; NotFound where it has not ended, or is not the key's own (None: anybody's).

    Conflict where another snooze of the same place has begun meanwhile.
    """
    ended = select(Snooze).where(col(Snooze.snooze_id) == snooze_id, col(Snooze.ended_at).is_not(None))
    if key is not None:
        ended = ended.where(col(Snooze.director_key) == key)
    snoozed = session.exec(ended.with_for_update()).one_or_none()
    if snoozed is None:
        raise NotFound("This snooze is in force, or is not yours.")
    live = select(Snooze.snooze_id).where(
        Snooze.director_key == snoozed.director_key,
        Snooze.term == snoozed.term,
        Snooze.school_key == snoozed.school_key,
        col(Snooze.respondent_group).is_not_distinct_from(snoozed.respondent_group),
        col(Snooze.ended_at).is_(None),
    )
    if session.exec(live).first() is not None:
        raise Conflict(f"{snoozed.school} was snoozed again meanwhile. Reload the page.", code="snoozed_again")
    snoozed.ended_at, snoozed.ended_by = None, ""
    session.add(snoozed)
    session.flush()
    audit(session, actor, "resume snooze", f"snooze/{snooze_id}", {"school": snoozed.school})


def use_link(session: Session, mail_id: int) -> None:
    """A signed link is used up; Conflict where it was used before."""
    used = insert(LinkUse).values(mail_id=mail_id).on_conflict_do_nothing().returning(col(LinkUse.mail_id))
    if session.execute(used).scalar() is None:
        raise Conflict("This mail was answered already. Sign in to change the answer, or wait for the next mail.")


def prefer(session: Session, person_id: str, *, only_changes: bool, also_when_none: bool, actor: str) -> None:
    """Keeps which mails a director prefers."""
    if session.get(Director, person_id) is None:
        raise NotFound("This person is not a director in the directory.")
    preference = {"only_changes": only_changes, "also_when_none": also_when_none}
    upsert(session, Preference, [{"person_id": person_id, "changed_by": actor, **preference}], stamp="at")
    session.expire_all()
    audit(session, actor, "change preference", person_id, dict(preference))


def note_visit(session: Session, person_id: str) -> None:
    """A director has opened the page of the own alerts."""
    upsert(session, Visit, [{"person_id": person_id}], stamp="at")


def _one_at_a_time(session: Session, digest: Digest) -> None:
    """Two answers to one digest at the same moment take turns."""
    session.exec(select(Digest.digest_id).where(Digest.digest_id == digest.digest_id).with_for_update(key_share=True))


def _replace(session: Session, snoozed: Snooze) -> None:
    """Ends the snooze of the same school and group that the new one takes the place of."""
    same = update(Snooze).where(
        col(Snooze.director_key) == snoozed.director_key,
        col(Snooze.term) == snoozed.term,
        col(Snooze.school_key) == snoozed.school_key,
        col(Snooze.respondent_group).is_not_distinct_from(snoozed.respondent_group),
        col(Snooze.ended_at).is_(None),
    )
    session.exec(same.values(ended_at=func.now(), ended_by=snoozed.author))


def _invalid(field: str, sentence: str) -> Invalid:
    return Invalid(
        sentence, code=f"{field}_invalid", problems=[{"field": field, "code": f"{field}_invalid", "message": sentence}]
    )
