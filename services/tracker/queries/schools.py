"""Which schools a person sees in the tracker, and the one that an address names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, true
from sqlmodel import Session, col, or_, select

from services.tracker.rules.progress import ABOVE_PATH, MET, NOT_MET, OFF_TRACK, ON_TRACK
from services.tracker.tables.plan import Item
from services.tracker.tables.progress import Entry, ItemProgress
from services.tracker.tables.schools import School
from shared.access import Who, scope_of
from shared.errors import Conflict, NotFound

AHEAD, BEHIND = (ON_TRACK, MET, ABOVE_PATH), (OFF_TRACK, NOT_MET)


@dataclass(frozen=True)
class SchoolFilter:
    """Which of the schools that a person sees; None means no filter."""

    region: str | None = None
    cos: str | None = None
    director: str | None = None


def seen_by(who: Who) -> ColumnElement[bool]:
    """The schools of a person's scope."""
    return scope_of(who).covers(School)


def passes(filters: SchoolFilter) -> ColumnElement[bool]:
    """The condition of a filter."""
    named = ((School.region, filters.region), (School.cos, filters.cos), (School.director, filters.director))
    return and_(true(), *(col(column) == value for column, value in named if value is not None))


def at_level(level: str) -> ColumnElement[bool]:
    """Whether a school is expected at a level: it is of that level, or holds values there."""
    holds = select(Entry.school_key).where(
        Entry.school_key == School.school_key, Entry.level == level, col(Entry.percent).is_not(None)
    )
    return or_(col(School.tracker_levels).contains([level]), holds.exists())


def school_named(session: Session, who: Who, named: str) -> School:
    """The school that a PLOC or cost center code names, among those that the person sees.

    Raises NotFound for any other, and Conflict where a PLOC is shared by several schools.
    """
    is_named = or_(School.school_key == named, School.cost_center == named, School.ploc == named)
    rows = session.exec(select(School).where(is_named, seen_by(who)).order_by(col(School.school_key)).limit(50)).all()
    if not rows:
        raise NotFound("There is no such school, or it is not one of yours.")
    exact = [row for row in rows if named in (row.school_key, row.cost_center)]
    if len(rows) > 1 and len(exact) != 1:
        problems = [{"code": "ploc_shared", "value": row.school_key, "message": row.name} for row in rows]
        raise Conflict(
            "Several schools share this PLOC. Use the cost center code of the one you mean.",
            problems=problems,
            code="ploc_shared",
        )
    return (exact or rows)[0]


def schools_of_keys(session: Session, who: Who, keys: Sequence[str]) -> Sequence[School]:
    """Those of the schools that the person sees."""
    return session.exec(select(School).where(col(School.school_key).in_(keys), seen_by(who))).all()


def schools_at(session: Session, who: Who, filters: SchoolFilter, level: str) -> Sequence[School]:
    """The schools of a level that a person sees and that pass, by name."""
    found = select(School).where(seen_by(who), passes(filters), at_level(level))
    return session.exec(found.order_by(func.lower(School.name), col(School.school_key))).all()


def schools(session: Session, who: Who, q: str | None, plan_id: str, limit: int, offset: int) -> Sequence[Any]:
    """The schools that a person sees, by name, with how many items of a plan stand well (`ahead`) and badly."""
    counted = (
        select(
            ItemProgress.school_key,
            func.count().filter(col(ItemProgress.status).in_(AHEAD)).label("ahead"),
            func.count().filter(col(ItemProgress.status).in_(BEHIND)).label("behind"),
        )
        .join(Item, col(Item.item_id) == col(ItemProgress.item_id))
        .where(Item.plan_id == plan_id, col(Item.is_retired).is_(False))
        .group_by(col(ItemProgress.school_key))
        .subquery()
    )
    found = (
        select(
            School,
            func.coalesce(counted.c.ahead, 0).label("ahead"),
            func.coalesce(counted.c.behind, 0).label("behind"),
        )
        .join(counted, counted.c.school_key == col(School.school_key), isouter=True)
        .where(seen_by(who))
        .order_by(func.lower(School.name), col(School.school_key))
    )
    if q:
        words = "%" + q.casefold().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
        found = found.where(or_(func.lower(School.name).like(words), col(School.ploc).like(words)))
    return session.exec(found.limit(limit).offset(offset)).all()


def sees_any(session: Session, who: Who) -> bool:
    """Whether any school is assigned to the person."""
    return session.exec(select(School.school_key).where(seen_by(who)).limit(1)).first() is not None
