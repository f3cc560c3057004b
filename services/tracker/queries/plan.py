"""The plans' data: levels, years, items and goals, who changed them, and which of them a file's words mean."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from services.tracker.rules.known import LEVELS, level_of
from services.tracker.tables.plan import Goal, Item, KindLevel, Level, Period, SchoolLevel, StrategicPlan
from services.tracker.tables.schools import Result, School
from shared.errors import NotFound
from shared.names import name_key

_CHANGES = text(
    """
    select at, actor, action, object, detail from audit
    where action like 'item.%' or action like 'period.%' or action like 'plan.%' or action like 'level.%'
    order by id desc limit :limit
    """
)


class Untaken(NamedTuple):
    """What results files hold for an item in a year, of how many schools, and what of it no plan knows."""

    level: str
    item: str
    period: str
    schools: int
    unknown: str


class ResultPlace(NamedTuple):
    """Where a result stands: level, item and position of the year."""

    level: str
    item_id: str
    period: int


def plans(session: Session) -> Sequence[StrategicPlan]:
    """All plans, the newest first."""
    return session.exec(select(StrategicPlan).order_by(col(StrategicPlan.position).desc())).all()


def current_plan(session: Session) -> StrategicPlan | None:
    """The plan that is shown by itself: the newest that is not a draft; None before the first directory."""
    found = plans(session)
    return next((plan for plan in found if not plan.is_draft), found[0] if found else None)


def plan_of(session: Session, plan_id: str | None) -> StrategicPlan:
    """The plan that is asked for, else the current one; before there is one, an empty plan. Raises NotFound."""
    if not plan_id:
        return current_plan(session) or StrategicPlan(plan_id="", name="Progress tracker", final_label="", position=0)
    found = session.get(StrategicPlan, plan_id)
    if found is None:
        known = ", ".join(plan.name for plan in plans(session)) or "none yet"
        raise NotFound(f"There is no such plan. There are: {known}.")
    return found


def levels(session: Session, plan_id: str) -> list[str]:
    found = select(Level.level).where(Level.plan_id == plan_id).order_by(col(Level.position))
    return list(session.exec(found))


def period_rows(session: Session, plan_id: str) -> Sequence[Period]:
    """The years of a plan in order, the baseline first."""
    return session.exec(select(Period).where(Period.plan_id == plan_id).order_by(col(Period.position))).all()


def periods(session: Session, plan_id: str) -> list[str]:
    """The labels of the years in order, the baseline first."""
    return [period.label for period in period_rows(session, plan_id)]


def level_named(session: Session, plan_id: str, school: Any, level: str | None) -> str:
    """The level that is asked for, else the school's own, else the first; NotFound for one that the plan lacks."""
    known = levels(session, plan_id)
    found = level or next((one for one in school.tracker_levels if one in known), (known or LEVELS)[0])
    if found not in known:
        raise NotFound(f"The plan has no level {found}. It has: {', '.join(known) or 'none yet'}.")
    return found


def items_of(session: Session, plan_id: str, level: str) -> Sequence[tuple[Item, Goal]]:
    """The items that a plan follows at a level with their goals, in order."""
    found = (
        select(Item, Goal)
        .join(Goal, col(Goal.item_id) == col(Item.item_id))
        .where(Item.plan_id == plan_id, Goal.level == level, col(Item.is_retired).is_(False))
    )
    return session.exec(found.order_by(col(Item.position))).all()


def items(session: Session, plan_id: str, *, with_retired: bool = True) -> Sequence[Item]:
    found = select(Item).where(Item.plan_id == plan_id).order_by(col(Item.is_retired), col(Item.position))
    return session.exec(found if with_retired else found.where(col(Item.is_retired).is_(False))).all()


def goals(session: Session, item_id: str) -> dict[str, Goal]:
    """The goals of an item by level."""
    return {goal.level: goal for goal in session.exec(select(Goal).where(Goal.item_id == item_id))}


def goal_table(session: Session) -> dict[tuple[str, str], Goal]:
    """Every goal by (item id, level)."""
    return {(goal.item_id, goal.level): goal for goal in session.exec(select(Goal))}


class PlanWords:
    """Finds the levels, items and years that a results file names, in every plan that knows them."""

    def __init__(self, session: Session) -> None:
        self.items: dict[str, list[Item]] = {}
        for item in session.exec(select(Item).order_by(col(Item.position))):
            for word in {name_key(word) for word in (item.item, *item.aliases)}:
                self.items.setdefault(word, []).append(item)
        self.levels = {(row.plan_id, name_key(row.level)): row.level for row in session.exec(select(Level))}
        self.periods: dict[tuple[str, str], int] = {}
        for period in session.exec(select(Period)):
            for label in (*period.aliases, period.label):
                self.periods[period.plan_id, name_key(label)] = period.position

    def places(self, level: str, item: str, period: str) -> list[ResultPlace]:
        """Every place of a result; none where no plan has its level, item and year."""
        made = []
        for known in self.items.get(name_key(item), ()):
            own = self.levels.get((known.plan_id, name_key(level_of(level) or level)))
            position = self.periods.get((known.plan_id, name_key(period)))
            own = self.levels.get((known.plan_id, name_key(level)), own)
            if own is not None and position is not None:
                made.append(ResultPlace(own, known.item_id, position))
        return made

    def unknown(self, item: str, period: str) -> str:
        """What no plan knows of a result that has no place."""
        has_period = any(label == name_key(period) for _, label in self.periods)
        lacking = [("item", name_key(item) not in self.items), ("year", not has_period)]
        return " and ".join(name for name, is_so in lacking if is_so) or "level"


def untaken_results(session: Session) -> list[Untaken]:
    """The loaded results that stand nowhere in the tracker, those of the most schools first."""
    words = PlanWords(session)
    count = func.count(func.distinct(col(Result.school_key)))
    loaded = (
        select(Result.level, Result.item, Result.period, count)
        .where(col(Result.percent).is_not(None))
        .group_by(col(Result.level), col(Result.item), col(Result.period))
        .order_by(count.desc(), col(Result.item), col(Result.period), col(Result.level))
    )
    return [
        Untaken(level, item, period, schools, words.unknown(item, period))
        for level, item, period, schools in session.exec(loaded)
        if not words.places(level, item, period)
    ]


def plan_changes(session: Session, limit: int) -> Sequence[Any]:
    """Who changed plans, items, goals, years and levels, newest first, with what was and what is."""
    return session.execute(_CHANGES, {"limit": limit}).all()


class SchoolKind(NamedTuple):
    """A level of the directory, how many schools it has, and where they are expected."""

    kind: str
    schools: int
    levels: list[str]


def school_kinds(session: Session) -> list[SchoolKind]:
    """The kinds of schools that the directory names, and where each is expected."""
    said = {name_key(row.kind): row.levels for row in session.exec(select(KindLevel))}
    found = select(School.level, func.count()).group_by(col(School.level)).order_by(col(School.level))
    made = []
    for kind, count in session.exec(found):
        own = level_of(kind)
        made.append(SchoolKind(kind, count, said.get(name_key(kind), [] if own is None else [own])))
    return made


def own_levels(session: Session, school_key: str) -> list[str] | None:
    """The levels that were set for one school; None where its kind's count."""
    found = session.get(SchoolLevel, school_key)
    return None if found is None else found.levels
