"""Schools within a scope."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from services.sesr.rules.counts import STAFF, Counts
from services.sesr.tables import Expected, School
from shared.access import Scope


def schools(session: Session, scope: Scope, q: str = "", limit: int = 50) -> Sequence[School]:
    """Schools by name whose name, PLOC or code holds `q`."""
    name, ploc, key = func.lower(School.name), col(School.ploc), col(School.school_key)
    found = select(School).where(scope.covers(School))
    if q:
        word = q.casefold()
        found = found.where(or_(*(column.contains(word, autoescape=True) for column in (name, ploc, key))))
    return session.exec(found.order_by(col(School.name), key).limit(limit)).all()


def expected_schools(session: Session, scope: Scope, incident_id: UUID) -> Sequence[School]:
    """The schools of the scope that an incident expects, by name."""
    found = (
        select(School)
        .join(Expected, col(Expected.school_key) == School.school_key)
        .where(scope.covers(School), Expected.incident_id == incident_id)
        .where(col(Expected.until).is_(None), col(Expected.excused).is_(False))
    )
    return session.exec(found.order_by(col(School.name), col(School.school_key))).all()


def school(session: Session, scope: Scope, school_key: str) -> School | None:
    """The school; None where it does not exist or is not in the scope."""
    return session.exec(select(School).where(scope.covers(School), School.school_key == school_key)).one_or_none()


def totals_of(school: School) -> Counts:
    """The numbers that the form prefills, as the directory has them."""
    return {"enrolled": school.enrolled, **{count.total: getattr(school, count.name) for count in STAFF}}


def regions(session: Session) -> list[str]:
    """The regions of the directory."""
    return list(session.exec(select(School.region).distinct().order_by(col(School.region))))


def levels(session: Session) -> list[str]:
    """The levels of the directory."""
    return list(session.exec(select(School.level).distinct().order_by(col(School.level))))
