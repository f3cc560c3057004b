"""Schools within a scope."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.sesr.queries.scope import WITHIN
from services.sesr.rules.counts import STAFF, Counts
from shared.access import Scope

_SCHOOLS = text(
    "select s.school_key, s.ploc, s.cost_center, s.name, s.level, s.region, s.landline from school s"
    f" where {WITHIN} and (cast(:q as text) is null or lower(s.name) like :q or s.ploc like :q or s.school_key like :q)"
    " order by s.name, s.school_key limit :limit"
)
_SCHOOL = text(f"select s.* from school s where {WITHIN} and s.school_key = :school_key")
_CHOICES = text(
    "select array_agg(distinct region order by region), array_agg(distinct level order by level) from school"
)


def schools(session: Session, scope: Scope, q: str = "", limit: int = 50) -> Sequence[Any]:
    """Schools by name whose name, PLOC or code holds `q`."""
    wanted = "%" + q.casefold().replace("\\", "").replace("%", r"\%").replace("_", r"\_") + "%" if q else None
    return session.execute(_SCHOOLS, {**scope.values, "q": wanted, "limit": limit}).all()


def school(session: Session, scope: Scope, school_key: str) -> Any | None:
    """The school's row; None where it does not exist or is not in the scope."""
    return session.execute(_SCHOOL, {**scope.values, "school_key": school_key}).one_or_none()


def totals_of(school: Any) -> Counts:
    """The numbers that the form prefills, as the directory has them."""
    return {"enrolled": school.enrolled, **{count.total: getattr(school, count.name) for count in STAFF}}


def choices(session: Session) -> tuple[list[str], list[str]]:
    """(regions, levels) of the directory."""
    regions, levels = session.execute(_CHOICES).one()
    return list(regions or ()), list(levels or ())
