"""Schools that are not followed in a term any more: closed, or a row that was wrong. Undone the same way."""

from sqlmodel import Session

from services.notify.actions import planning
from services.notify.queries.reports import school_name
from services.notify.tables.answers import RetiredSchool
from shared.access import audit
from shared.errors import Conflict, Invalid, NotFound

LONGEST_REASON = 500


def retire_school(session: Session, term: str, school_key: str, reason: str, actor: str) -> None:
    """No mail mentions the school in this term; it blocks no closing notice. Takes effect with the next planning."""
    words = reason.strip()
    if not 1 <= len(words) <= LONGEST_REASON:
        sentence = f"Give a reason, such as: closed in January (at most {LONGEST_REASON} characters)."
        problems = [{"field": "reason", "code": "reason_invalid", "message": sentence}]
        raise Invalid(sentence, code="reason_invalid", problems=problems)
    named = school_name(session, school_key, term)
    if named is None:
        raise NotFound(f"No extraction of {term} has this school, so there is nothing to retire.")
    session.execute(planning.LOCK)
    if session.get(RetiredSchool, (term, school_key)) is not None:
        raise Conflict(f"{named.school} is retired in {term} already.")
    session.add(RetiredSchool(term=term, school_key=school_key, school=named.school, reason=words, author=actor))
    session.flush()
    audit(session, actor, "retire school", f"{term}/{school_key}", {"school": named.school, "reason": words})


def restore_school(session: Session, term: str, school_key: str, actor: str) -> None:
    """The school is followed again, from the next planning on. NotFound where it is not retired."""
    session.execute(planning.LOCK)
    retired = session.get(RetiredSchool, (term, school_key))
    if retired is None:
        raise NotFound(f"This school is not retired in {term}.")
    session.delete(retired)
    session.flush()
    audit(session, actor, "restore school", f"{term}/{school_key}", {"school": retired.school})
