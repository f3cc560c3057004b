"""What goes into workbooks: schools with all their lines at a level of a plan."""

from collections.abc import Iterator, Sequence

from sqlmodel import Session, col, select

from services.tracker.queries.plan import items_of, periods
from services.tracker.queries.progress import ItemLine, line, lines
from services.tracker.rules.book import BookLine, BookSchool
from services.tracker.tables.plan import Goal, Item
from services.tracker.tables.progress import Entry
from services.tracker.tables.schools import School

CHUNK = 50


def one_school(session: Session, school: School, plan_id: str, level: str) -> BookSchool:
    """A school's lines at a level."""
    found = [_book_line(one.item, one.goal, one) for one in lines(session, school.school_key, plan_id, level)]
    return BookSchool(school.school_key, school.ploc, school.name, found)


def many_schools(session: Session, schools: Sequence[School], plan_id: str, level: str) -> Iterator[BookSchool]:
    """The lines of many schools, read in chunks so that memory stays flat."""
    plan, years = items_of(session, plan_id, level), len(periods(session, plan_id))
    for start in range(0, len(schools), CHUNK):
        chunk = schools[start : start + CHUNK]
        held: dict[tuple[str, str], dict[int, Entry]] = {}
        keys = [school.school_key for school in chunk]
        for row in session.exec(select(Entry).where(Entry.level == level, col(Entry.school_key).in_(keys))):
            if row.period < years:
                held.setdefault((row.school_key, row.item_id), {})[row.period] = row
        for school in chunk:
            found = [
                _book_line(item, goal, line(item, goal, held.get((school.school_key, item.item_id), {}), years))
                for item, goal in plan
            ]
            yield BookSchool(school.school_key, school.ploc, school.name, found)


def _book_line(item: Item, goal: Goal, known: ItemLine) -> BookLine:
    named = f"{item.respondents} / {item.item}"
    area = f"{item.category} / {item.area}" if item.area else item.category
    texts = (item.pillar, item.metric, goal.district_goal, named, area)
    return BookLine(item.item_id, texts, item.respondents, goal.increase, known.values, known.facts)
