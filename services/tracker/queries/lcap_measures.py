"""What of the LCAP's measures can be seen: values now and before, comparability, doubts, pending, the survey's items."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.tracker.rules.lcap_cells import label
from services.tracker.rules.lcap_growth import Value
from services.tracker.rules.lcap_polarity import Favour, favour
from services.tracker.rules.lcap_titles import Titles, action_now, titles_of

_TITLES = text("select goal, action, title from lcap_action")
_MEASURES = (
    "select m.*, c.corrected, c.note, c.\"by\" as checked_by, c.at as checked_at from lcap_measure m"
    " left join lcap_check c using (key)"
    " where (cast(:goal as smallint) is null or m.goal = :goal)"
    " and (cast(:action as smallint) is null or m.action = :action)"
    " and (cast(:survey as boolean) is null or (m.survey_kind <> 'no') = :survey)"
    " and (cast(:q as text) is null or lower(m.measure) like :q or lower(m.action_title) like :q)"
    " and {show} order by m.number limit :limit offset :offset"
)  # fmt: skip
_PENDING = "m.pending and not coalesce(c.corrected, false)"
SHOWS = {
    "all": "true",
    "doubts": "c.key is null and (m.doubts <> '{}' or m.damage <> '{}')",
    "damaged": "m.damage <> '{}'",
    "pending": _PENDING,
    "part-year": "exists (select 1 from lcap_value v where v.measure = m.number and v.part_year)",
    "checked": "c.key is not null",
}
_VALUES = text("select * from lcap_value where measure = any(:numbers) order by measure, seq")
_COUNTS = text(
    "select count(*) as measures, count(*) filter (where c.key is null and (m.doubts <> '{}' or m.damage <> '{}')) as"
    f" doubts, count(*) filter (where {_PENDING}) as pending, count(*) filter (where m.survey_kind <> 'no') as survey,"
    " count(*) filter (where exists (select 1 from lcap_value v where v.measure = m.number and v.part_year)) as part_year"
    " from lcap_measure m left join lcap_check c using (key)"
)
MOST = 1000


@dataclass(frozen=True)
class Wanted:
    """Which measures are asked for; None is no filter."""

    goal: int | None = None
    action: int | None = None
    q: str | None = None
    show: str = "all"
    survey: bool | None = None


@dataclass(frozen=True)
class Figure:
    """A value with its comparability and whether its change is good news."""

    value: Value
    part_year: bool
    favour: Favour

    @property
    def delta(self) -> Decimal | None:
        return self.value.delta


@dataclass(frozen=True)
class Told:
    """A measure: its row, its figures, and its action's number of 2024-25 (None: that action is gone)."""

    row: Any
    figures: tuple[Figure, ...]
    action_now: str | None

    @property
    def open_doubts(self) -> bool:
        """Whether a person still has to look at it."""
        return self.row.checked_by is None and bool(self.row.doubts or self.row.damage)

    @property
    def pending(self) -> bool:
        """Whether results are still to come: the text says so, and nobody has typed them since."""
        return bool(self.row.pending and not self.row.corrected)


def titles(session: Session) -> Titles:
    return titles_of((row.goal, row.action, row.title) for row in session.execute(_TITLES))


def measures(session: Session, wanted: Wanted, limit: int, offset: int = 0) -> list[Told]:
    """The asked-for measures in the table's order."""
    q = None if not wanted.q else "%" + wanted.q.casefold().replace("%", r"\%").replace("_", r"\_") + "%"
    values = {"goal": wanted.goal, "action": wanted.action, "survey": wanted.survey, "q": q}
    asked = text(_MEASURES.format(show=SHOWS[wanted.show]))
    rows = session.execute(asked, {**values, "limit": limit, "offset": offset}).all()
    return _told(session, rows)


def measure(session: Session, key: str) -> Told | None:
    """One measure by its key; None where it is not in the table (any more)."""
    asked = text(_MEASURES.format(show="m.key = :key"))
    values = {"goal": None, "action": None, "survey": None, "q": None, "limit": 1, "offset": 0, "key": key}
    told = _told(session, session.execute(asked, values).all())
    return told[0] if told else None


def measures_of(session: Session, goal: int, action: int) -> list[Told]:
    """The measures of a 2024-25 action, found by the title map."""
    number = label(goal, action)
    return [told for told in measures(session, Wanted(goal=goal), MOST) if told.action_now == number]


def counts(session: Session) -> Any:
    """measures, doubts, pending, survey, part_year: how many there are of each."""
    return session.execute(_COUNTS).one()


def _told(session: Session, rows: Sequence[Any]) -> list[Told]:
    known = titles(session)
    figures: dict[int, list[Figure]] = {row.number: [] for row in rows}
    polarity = {row.number: row.polarity for row in rows}
    for value in session.execute(_VALUES, {"numbers": list(figures)}):
        figures[value.measure].append(_figure(value, polarity[value.measure]))
    made = []
    for row in rows:
        now = action_now(row.goal, row.action, row.action_title, known)
        made.append(Told(row, tuple(figures[row.number]), None if now is None else label(row.goal, now)))
    return made


def _figure(row: Any, polarity: str) -> Figure:
    value = Value(
        row.group, row.now, row.before, row.unit, row.period_now, row.inferred, row.period_before, row.as_of, row.level
    )
    same_time = bool(value.period_before) and value.period_before != value.period_now
    judged = favour(value.direction, polarity, comparable=same_time and not row.part_year)
    return Figure(value, row.part_year, judged)
