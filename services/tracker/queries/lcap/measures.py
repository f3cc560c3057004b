"""What of the LCAP's measures can be seen: values now and before, comparability, doubts, pending, the survey's items."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, true
from sqlmodel import Session, col, or_, select

from services.tracker.queries.lcap.versions import STANDING, years_known
from services.tracker.rules.lcap.cells import label
from services.tracker.rules.lcap.following import Years, followed, next_year
from services.tracker.rules.lcap.forms import year_before
from services.tracker.rules.lcap.growth import Value
from services.tracker.rules.lcap.polarity import Favor, favor
from services.tracker.tables.lcap import LcapCheck, LcapMeasure, LcapValue, LcapVersion

MOST = 5000
_M, _C, _V = LcapMeasure, LcapCheck, LcapValue
_IS_CHECKED = col(_C.key).is_not(None)
_HAS_DAMAGE = func.cardinality(col(_M.damage)) > 0
_HAS_DOUBT = and_(not_(_IS_CHECKED), or_(func.cardinality(col(_M.doubts)) > 0, _HAS_DAMAGE))
_IS_PENDING = and_(col(_M.pending), not_(func.coalesce(col(_C.corrected), false())))
_IS_PART_YEAR = exists().where(
    col(_V.version_id) == col(_M.version_id), col(_V.measure) == col(_M.number), col(_V.part_year)
)
_IS_SURVEY = col(_M.survey_kind) != "no"
SHOWS: dict[str, ColumnElement[bool]] = {
    "all": true(),
    "doubts": _HAS_DOUBT,
    "damaged": _HAS_DAMAGE,
    "pending": _IS_PENDING,
    "part-year": _IS_PART_YEAR,
    "checked": _IS_CHECKED,
}


@dataclass(frozen=True)
class MeasureFilter:
    """Which measures are shown; None means no filter."""

    goal: int | None = None
    action: int | None = None
    q: str | None = None
    show: str = "all"
    survey: bool | None = None


@dataclass(frozen=True)
class Figure:
    """A value with its comparability and whether its change is good news; a doubtful one is never judged."""

    value: Value
    part_year: bool
    favor: Favor
    doubtful: bool

    @property
    def is_unread(self) -> bool:
        """Whether the rules could not read the two numbers for sure, so that the table's words stand for them."""
        return self.doubtful and bool(self.value.doubt)

    @property
    def delta(self) -> Decimal | None:
        return None if self.is_unread else self.value.delta

    @property
    def direction(self) -> str:
        return "" if self.is_unread else self.value.direction


@dataclass(frozen=True)
class MeasureView:
    """A measure: its row, its check, its figures, and its action's number in the plan year after (None: it is gone)."""

    row: LcapMeasure
    check: LcapCheck | None
    year: str
    figures: tuple[Figure, ...]
    action_now: str | None

    @property
    def action_year(self) -> str:
        """The plan year whose numbers `action_now` is of."""
        return next_year(self.year)

    @property
    def open_doubts(self) -> bool:
        """Whether a person still has to look at it."""
        return self.check is None and bool(self.row.doubts or self.row.damage)

    @property
    def pending(self) -> bool:
        """Whether results are still to come: the text says so, and nobody has typed them since."""
        return self.row.pending and not (self.check is not None and self.check.corrected)


class MeasureCounts(NamedTuple):
    """How many measures there are of each kind."""

    measures: int
    doubts: int
    pending: int
    survey: int
    part_year: int


def _like(q: str) -> str:
    return "%" + q.casefold().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"


def measures(
    session: Session, version: LcapVersion | None, filters: MeasureFilter, limit: int = MOST, offset: int = 0
) -> list[MeasureView]:
    """The measures of a table that pass, in the table's order."""
    if version is None:
        return []
    found = (
        select(_M, _C)
        .join(_C, col(_C.key) == col(_M.key), isouter=True)
        .where(_M.version_id == version.version_id, SHOWS[filters.show])
        .order_by(col(_M.number))
    )
    if filters.goal is not None:
        found = found.where(_M.goal == filters.goal)
    if filters.action is not None:
        found = found.where(_M.action == filters.action)
    if filters.survey is not None:
        found = found.where(_IS_SURVEY if filters.survey else not_(_IS_SURVEY))
    if filters.q:
        words = _like(filters.q)
        found = found.where(or_(func.lower(_M.measure).like(words), func.lower(_M.action_title).like(words)))
    return _views(session, session.exec(found.limit(limit).offset(offset)).all(), version)


def measure(session: Session, key: str) -> MeasureView | None:
    """One measure by its key; None where no table that stands has it (any more)."""
    found = session.exec(
        select(_M, _C, LcapVersion)
        .join(_C, col(_C.key) == col(_M.key), isouter=True)
        .join(LcapVersion, col(LcapVersion.version_id) == col(_M.version_id))
        .where(_M.key == key, LcapVersion.state == STANDING)
    ).first()
    if found is None:
        return None
    of_key, comparison, version = found
    return _views(session, [(of_key, comparison)], version)[0]


def measures_of(
    session: Session, versions: Sequence[LcapVersion], goal: int, action: int, plan_year: str
) -> list[MeasureView]:
    """The measures of an action of a plan year: those reported for it, and those of the year before, followed."""
    known = years_known(session)
    made = []
    for version in versions:
        if version.plan_year not in (plan_year, year_before(plan_year)):
            continue
        for one in measures(session, version, MeasureFilter(goal=None)):
            place = followed(one.row.goal, one.row.action, one.row.action_title, version.plan_year, plan_year, known)
            if place == (goal, action):
                made.append(one)
    return made


def counts(session: Session, version: LcapVersion | None) -> MeasureCounts:
    """How many there are of each kind."""
    if version is None:
        return MeasureCounts(0, 0, 0, 0, 0)
    kinds = [func.count().filter(kind) for kind in (_HAS_DOUBT, _IS_PENDING, _IS_SURVEY, _IS_PART_YEAR)]
    row = session.execute(
        select(func.count(), *kinds)
        .select_from(_M)
        .join(_C, col(_C.key) == col(_M.key), isouter=True)
        .where(_M.version_id == version.version_id)
    ).one()
    return MeasureCounts(*row)


def _views(
    session: Session, rows: Sequence[tuple[LcapMeasure, LcapCheck | None]], version: LcapVersion
) -> list[MeasureView]:
    known = years_known(session)
    figures: dict[int, list[Figure]] = {row.number: [] for row, _ in rows}
    measured = {row.number: (row, check) for row, check in rows}
    values = (
        select(_V)
        .where(_V.version_id == version.version_id, col(_V.measure).in_(list(figures)))
        .order_by(col(_V.measure), col(_V.seq))
    )
    for value in session.exec(values):
        row, check = measured[value.measure]
        doubtful = check is None and bool(row.doubts or row.damage or value.doubt)
        figures[value.measure].append(_figure(value, row.polarity, doubtful))
    return [
        MeasureView(row, check, version.plan_year, tuple(figures[row.number]), _action_now(row, version, known))
        for row, check in rows
    ]


def _action_now(row: LcapMeasure, version: LcapVersion, known: Years) -> str | None:
    if not version.plan_year:
        return None
    after = next_year(version.plan_year)
    if after not in known.actions:
        return None
    number = followed(row.goal, row.action, row.action_title, version.plan_year, after, known)
    return None if number is None else label(*number)


def _figure(row: LcapValue, polarity: str, doubtful: bool) -> Figure:
    value = Value(
        row.group_name, row.value_now, row.value_before, row.unit, row.period_now, row.inferred, row.period_before,
        row.as_of, row.level, row.doubt, row.words,
    )  # fmt: skip
    same_time = bool(value.period_before) and value.period_before != value.period_now
    judged: Any = favor(value.direction, polarity, comparable=same_time and not row.part_year)
    return Figure(value, row.part_year, "not judged" if doubtful and not row.part_year else judged, doubtful)
