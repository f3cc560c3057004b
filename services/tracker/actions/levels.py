"""At which levels schools are expected: by the kind of school, and for single schools otherwise."""

from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, delete, select

from services.tracker.queries.plan import current_plan, levels, school_kinds
from services.tracker.rules.known import levels_of
from services.tracker.tables.plan import KindLevel, SchoolLevel
from services.tracker.tables.schools import School
from shared.access import Who, audit
from shared.errors import Invalid, NotFound
from shared.names import name_key


def set_kind(session: Session, who: Who, kind: str, expected: Sequence[str]) -> None:
    """Says where all schools of a level of the directory are expected."""
    named = _known(session, expected)
    same = [row for row in session.exec(select(KindLevel)) if name_key(row.kind) == name_key(kind)]
    if not same and name_key(kind) not in {name_key(known.kind) for known in school_kinds(session)}:
        raise NotFound(f"The directory has no schools of the level “{kind[:40]}”. Look at the list of levels.")
    was = same[0].levels if same else []
    for row in same:
        session.delete(row)
    session.flush()
    session.add(KindLevel(kind=kind, levels=named))
    session.flush()
    audit(session, who.actor, "level.kind", kind, {"was": was, "now": named})
    _expect(session)


def set_school(session: Session, who: Who, school_key: str, expected: Sequence[str] | None) -> None:
    """Says where one school is expected; None leaves it to its kind."""
    before = session.get(SchoolLevel, school_key)
    was = None if before is None else before.levels
    session.execute(delete(SchoolLevel).where(col(SchoolLevel.school_key) == school_key))
    if expected is not None:
        session.execute(insert(SchoolLevel).values(school_key=school_key, levels=_known(session, expected)))
    session.flush()
    session.expire_all()
    audit(session, who.actor, "level.school", school_key, {"was": was, "now": expected and list(expected)})
    _expect(session)


def _known(session: Session, expected: Sequence[str]) -> list[str]:
    plan = current_plan(session)
    known = levels(session, plan.plan_id) if plan else []
    unknown = [level for level in expected if level not in known]
    if unknown:
        raise Invalid(f"The plan has no level {unknown[0]}. It has: {', '.join(known)}.", code="level_unknown")
    return [level for level in known if level in expected]


def _expect(session: Session) -> None:
    """Writes each school's levels again."""
    kinds = {name_key(row.kind): row.levels for row in session.exec(select(KindLevel))}
    own = {row.school_key: row.levels for row in session.exec(select(SchoolLevel))}
    for school in session.exec(select(School)):
        expected = own.get(school.school_key, levels_of(school.level, kinds))
        if school.tracker_levels != expected:
            school.tracker_levels = expected
            session.add(school)
    session.flush()
