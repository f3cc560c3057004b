"""What directors answer: a plan, a snooze with reason and end, how they want to be told. Each leaves an audit row."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.notify.queries.content import lines_of
from services.notify.rules.news import OPEN
from services.notify.tables import Acknowledgement, Digest, Director, Preference, Snooze
from shared.access import audit
from shared.errors import Conflict, Invalid, NotFound

LONGEST = timedelta(days=180)
LONGEST_TEXT = 2000
_USE = text("insert into link_use(mail_id) values (:mail_id) on conflict do nothing returning mail_id")
_END = text(
    "update snooze set ended_at = now(), ended_by = :actor where snooze_id = :snooze_id and ended_at is null"
    " and (cast(:key as text) is null or director_key = :key) returning school"
)
_ONE_AT_A_TIME = text("select digest_id from digest where digest_id = :digest_id for no key update")
_REPLACED = text(
    "update snooze set ended_at = now(), ended_by = :author where director_key = :director_key and term = :term"
    ' and school_key = :school_key and "group" is not distinct from :group and ended_at is null'
)
_SEEN = text("insert into visit(person_id) values (:person_id) on conflict (person_id) do update set at = now()")


class Sleep(NamedTuple):
    """What to snooze: schools, each for one group or (None) for all, why, and until when (None: the next extraction)."""

    places: Sequence[tuple[str, str | None]]
    reason: str
    until: date | None


def digest_of(session: Session, digest_id: int, key: str | None) -> Digest:
    """A digest to a director; NotFound where it is not the key's own (None: anybody's)."""
    digest = session.get(Digest, digest_id)
    if digest is None or digest.kind != "digest" or (key is not None and digest.director_key != key):
        raise NotFound("There is no such alert for you. It may have been replaced by a newer one.")
    return digest


def acknowledge(session: Session, digest: Digest, plan: str, author: str) -> Acknowledgement:
    """Keeps that the director has seen a digest and what will be done, until the next extraction; the same again is one."""
    words = plan.replace("\r\n", "\n").strip()  # browsers count a line's end as one character and send two
    if not 1 <= len(words) <= LONGEST_TEXT:
        raise _invalid("plan", f"Say in a few words what will be done (at most {LONGEST_TEXT} characters).")
    assert digest.digest_id is not None
    session.execute(_ONE_AT_A_TIME, {"digest_id": digest.digest_id})
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
        on=digest.on,
        plan=words,
        author=author,
    )
    session.add(made)
    session.flush()
    audit(session, author, "acknowledge alert", f"digest/{digest.digest_id}", {"plan": words})
    return made


def snooze(session: Session, digest: Digest, wanted: Sleep, author: str) -> list[Snooze]:
    """Snoozes schools of a digest, each in place of an earlier snooze. Invalid without a reason, or with an end that is none."""
    reason = wanted.reason.strip()
    if not 1 <= len(reason) <= LONGEST_TEXT:
        raise _invalid("reason", f"Give a reason for the snooze (at most {LONGEST_TEXT} characters).")
    if wanted.until is not None and not digest.on < wanted.until <= digest.on + LONGEST:
        latest = digest.on + LONGEST
        raise _invalid("until", f"Choose a day after {digest.on} and not after {latest}, or the next extraction.")
    listed = {line.place: line.school for line in lines_of(digest.content) if line.mark in OPEN}
    schools = {school_key: school for (school_key, _), school in listed.items()}
    made = []
    for school_key, group in dict.fromkeys(wanted.places):
        if school_key not in schools or (group is not None and (school_key, group) not in listed):
            raise _invalid("places", "Only schools that this alert lists can be snoozed. Reload the page.")
        made.append(
            Snooze(
                director_key=digest.director_key,
                term=digest.term,
                on=digest.on,
                school_key=school_key,
                school=schools[school_key],
                group=group,
                reason=reason,
                until=wanted.until,
                author=author,
            )
        )
    if not made:
        raise _invalid("places", "Choose at least one school to snooze.")
    session.execute(_ONE_AT_A_TIME, {"digest_id": digest.digest_id})
    for snoozed in made:
        session.execute(_REPLACED, snoozed.model_dump())
    session.add_all(made)
    session.flush()
    places = [f"{s.school_key}/{s.group or 'all'}" for s in made]
    audit(session, author, "snooze", f"digest/{digest.digest_id}", {"places": places, "until": wanted.until})
    return made


def end_snooze(session: Session, snooze_id: int, key: str | None, actor: str) -> None:
    """Ends a snooze now; NotFound where it has ended, or is not the key's own (None: anybody's)."""
    school = session.execute(_END, {"snooze_id": snooze_id, "key": key, "actor": actor}).scalar()
    if school is None:
        raise NotFound("This snooze has ended already, or is not yours.")
    audit(session, actor, "end snooze", f"snooze/{snooze_id}", {"school": school})


def use_link(session: Session, mail_id: int) -> None:
    """A signed link is used up; Conflict where it was used before."""
    if session.execute(_USE, {"mail_id": mail_id}).scalar() is None:
        raise Conflict("This mail was answered already. Sign in to change the answer, or wait for the next mail.")


def prefer(session: Session, person_id: str, *, only_changes: bool, also_when_none: bool, actor: str) -> None:
    """Keeps how a director wants to be told."""
    if session.get(Director, person_id) is None:
        raise NotFound("This person is not a director in the directory.")
    wish = {"only_changes": only_changes, "also_when_none": also_when_none}
    session.merge(Preference(person_id=person_id, by=actor, only_changes=only_changes, also_when_none=also_when_none))
    session.flush()
    audit(session, actor, "change preference", person_id, dict(wish))


def note_visit(session: Session, person_id: str) -> None:
    """A director has opened the page of the own alerts."""
    session.execute(_SEEN, {"person_id": person_id})


def _invalid(field: str, sentence: str) -> Invalid:
    return Invalid(
        sentence, code=f"{field}_invalid", problems=[{"field": field, "code": f"{field}_invalid", "message": sentence}]
    )
