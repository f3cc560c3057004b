"""Schools and directors found by what a person types into the search of the header."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import and_, func, select
from sqlmodel import Session, col, or_

from services.ingest.tables import School
from shared.names import name_key


class DirectorFound(NamedTuple):
    """A spelling of a director as the directory has it, and how many schools it stands at."""

    director: str
    schools: int


def found_schools(session: Session, q: str, limit: int) -> Sequence[School]:
    """Schools whose name holds every word, or whose PLOC or cost center code begins with the text, by name."""
    text = q.strip()
    words = name_key(text).split()
    conditions = [
        col(School.ploc).startswith(text, autoescape=True),
        col(School.cost_center).startswith(text, autoescape=True),
        col(School.school_key) == text,
    ]
    if words:
        conditions.append(and_(*(col(School.name_key).contains(word, autoescape=True) for word in words)))
    found = select(School).where(or_(*conditions)) if text else select(School)
    return session.scalars(found.order_by(col(School.name_key), col(School.school_key)).limit(limit)).all()


def found_directors(session: Session, q: str, limit: int) -> list[DirectorFound]:
    """Directors whose name holds every word, by name; none without a word."""
    words = name_key(q).split()
    director = col(School.director)
    rows = session.execute(select(director, func.count()).where(director != "").group_by(director).order_by(director))
    spelled = [DirectorFound(*row) for row in rows]
    return [each for each in spelled if words and all(word in name_key(each.director) for word in words)][:limit]
