"""What goes into workbooks: the schools that are asked for, in the person's scope, with all their lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.tracker.queries.progress import items_of, line, lines, periods
from services.tracker.queries.schools import SEEN, scope_values
from services.tracker.rules.book import BookLine, BookSchool
from services.tracker.tables.plan import Goal, Item
from shared.access import Who

CHUNK = 50
WANTED = (
    " and (cast(:region as text) is null or s.region = :region) and (cast(:cos as text) is null or s.cos = :cos)"
    " and (cast(:director as text) is null or s.director = :director)"
)
AT_LEVEL = (
    "(s.tracker_level = :level or exists(select 1 from entry e where e.school_key = s.school_key"
    " and e.level = :level and e.percent is not null))"
)
_SCHOOLS = text(
    f"select s.school_key, s.ploc, s.name from school s where {SEEN}{WANTED} and {AT_LEVEL}"
    " order by lower(s.name), s.school_key"
)
_ENTRIES = text(
    "select school_key, item_id, period, percent from entry where level = :level and school_key = any(:keys)"
)


@dataclass(frozen=True)
class Wanted:
    """Which schools; None is no filter."""

    region: str | None = None
    cos: str | None = None
    director: str | None = None


def schools_at(session: Session, who: Who, wanted: Wanted, level: str) -> Sequence[Any]:
    """The schools of a level that a person sees and asks for, by name."""
    values = {"region": wanted.region, "cos": wanted.cos, "director": wanted.director, "level": level}
    return session.execute(_SCHOOLS, {**values, **scope_values(who)}).all()


def one_school(session: Session, school: Any, level: str) -> BookSchool:
    """A school's lines at a level."""
    found = [_book_line(known.item, known.goal, known) for known in lines(session, school.school_key, level)]
    return BookSchool(school.school_key, school.ploc, school.name, found)


def many_schools(session: Session, schools: Sequence[Any], level: str) -> Iterator[BookSchool]:
    """The lines of many schools, read in chunks so that memory stays flat."""
    plan, years = items_of(session, level), len(periods(session))
    for start in range(0, len(schools), CHUNK):
        chunk = schools[start : start + CHUNK]
        held: dict[tuple[str, str], dict[int, Any]] = {}
        for row in session.execute(_ENTRIES, {"level": level, "keys": [school.school_key for school in chunk]}):
            if row.period < years:
                held.setdefault((row.school_key, row.item_id), {})[row.period] = row
        for school in chunk:
            found = [
                _book_line(item, goal, line(item, goal, held.get((school.school_key, item.item_id), {}), years))
                for item, goal in plan
            ]
            yield BookSchool(school.school_key, school.ploc, school.name, found)


def _book_line(item: Item, goal: Goal, known: Any) -> BookLine:
    named = f"{item.group} / {item.item}"
    area = f"{item.category} / {item.area}" if item.area else item.category
    texts = (item.pillar, item.metric, goal.district_goal, named, area)
    return BookLine(item.item_id, texts, item.group, goal.increase, known.values, known.facts)
