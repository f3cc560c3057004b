"""Which schools a person sees in the tracker, and the one that an address names."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from shared.access import Who, scope_of, within
from shared.errors import Conflict, NotFound

# For a query in which `s` is the school table; its values come from `scope_values`.
SEEN = within("s")
_COLUMNS = "s.school_key, s.ploc, s.cost_center, s.name, s.level, s.region, s.cos, s.director, s.tracker_level"
_NAMED = text(
    f"select {_COLUMNS} from school s where (s.school_key = :named or s.cost_center = :named or s.ploc = :named)"
    f" and {SEEN} order by s.school_key limit 50"
)
_OF_KEYS = text(f"select {_COLUMNS} from school s where s.school_key = any(:keys) and {SEEN}")
_SCHOOLS = text(
    f"select {_COLUMNS}, count(t.item_id) as items, count(*) filter (where t.status = any(:behind)) as behind,"
    " count(*) filter (where t.status = any(:ahead)) as ahead from school s"
    " left join standing t on t.school_key = s.school_key and t.status <> 'awaiting'"
    f" where {SEEN} and (cast(:q as text) is null or lower(s.name) like :q or s.ploc like :q)"
    " group by s.school_key order by lower(s.name), s.school_key limit :limit offset :offset"
)


def scope_values(who: Who) -> dict[str, Any]:
    """The values of SEEN for a person."""
    return scope_of(who).values


def school_named(session: Session, who: Who, named: str) -> Any:
    """The school that a PLOC or cost center code names, among those that the person sees.

    Raises NotFound for any other, and Conflict where a PLOC is shared by several schools.
    """
    rows = session.execute(_NAMED, {"named": named, **scope_values(who)}).all()
    if not rows:
        raise NotFound("There is no such school, or it is not one of yours.")
    exact = [row for row in rows if row.school_key == named or row.cost_center == named]
    if len(rows) > 1 and len(exact) != 1:
        problems = [{"code": "ploc_shared", "value": row.school_key, "message": row.name} for row in rows]
        raise Conflict(
            "Several schools share this PLOC. Use the cost center code of the one you mean.",
            problems=problems,
            code="ploc_shared",
        )
    return (exact or rows)[0]


def schools_of_keys(session: Session, who: Who, keys: Sequence[str]) -> Sequence[Any]:
    """Those of the schools that the person sees."""
    return session.execute(_OF_KEYS, {"keys": list(keys), **scope_values(who)}).all()


def schools(session: Session, who: Who, q: str | None, limit: int, offset: int) -> Sequence[Any]:
    """The schools that a person sees, by name, with how many items stand well and badly."""
    wanted = None if not q else "%" + q.casefold().replace("%", r"\%").replace("_", r"\_") + "%"
    values = {
        "q": wanted,
        "limit": limit,
        "offset": offset,
        "behind": ["off track", "not met", "unreachable"],
        "ahead": ["on track", "met", "above path"],
        **scope_values(who),
    }
    return session.execute(_SCHOOLS, values).all()
