"""The directory: schools and people, searched for and found by their keys, with what was changed about them."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, func, or_, select

from services.ingest.tables import Person, School
from shared.names import name_key

_AUDIT = text("select at, actor, action, detail from audit where object = :key order by at desc, id desc")


def schools(session: Session, q: str = "", after: str = "", limit: int = 50) -> Sequence[School]:
    """Schools whose name, PLOC, code or director is searched for, by key, after one."""
    found = select(School).where(col(School.school_key) > after).order_by(col(School.school_key)).limit(limit)
    if q:
        words = col(School.name_key).contains(name_key(q) or q, autoescape=True)
        found = found.where(
            or_(words, School.ploc == q, School.cost_center == q, col(School.director).icontains(q, autoescape=True))
        )
    return session.exec(found).all()


def schools_of(session: Session, plocs: Collection[str], codes: Collection[str]) -> Sequence[School]:
    """The schools with one of these PLOCs or cost center codes."""
    return session.exec(select(School).where(or_(_any(School.ploc, plocs), _any(School.cost_center, codes)))).all()


def schools_named(session: Session, keys: Collection[str]) -> Sequence[School]:
    """The schools whose name has one of these keys."""
    return session.exec(select(School).where(_any(School.name_key, keys))).all()


def _any(column: Any, values: Collection[str]) -> Any:
    """One array instead of a parameter for each of thousands of values."""
    return col(column) == func.any(list(values))


def directory_size(session: Session) -> int:
    """How many schools the directory lists."""
    return session.exec(select(func.count()).where(col(School.in_directory))).one()


def communities(session: Session) -> Sequence[str]:
    """The communities of schools of the directory."""
    return session.exec(select(School.cos).where(col(School.in_directory), School.cos != "").distinct()).all()


def people(session: Session, q: str = "", role: str = "", after: str = "", limit: int | None = 50) -> Sequence[Person]:
    """People of the directory whose name, e-mail or spelling is searched for, by id, after one."""
    found = select(Person).where(col(Person.person_id) > after).order_by(col(Person.person_id)).limit(limit)
    if role:
        found = found.where(col(Person.role) == role)
    if q:
        spellings = func.array_to_string(col(Person.aliases).op("||")(col(Person.resolved_aliases)), ";")
        texts = (col(Person.name), col(Person.email), spellings)
        found = found.where(or_(*(each.icontains(q, autoescape=True) for each in texts)))
    return session.exec(found).all()


def school(session: Session, school_key: str) -> School | None:
    return session.get(School, school_key)


def person(session: Session, person_id: str) -> Person | None:
    return session.get(Person, person_id)


def history(session: Session, key: str) -> Sequence[Any]:
    """What was changed about a school or a person, newest first."""
    return session.execute(_AUDIT, {"key": key}).all()
