"""The table of a group at an extraction: its rows, how many there are, and the values that a column's filter lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.rates.queries.columns import BLANK, COLUMNS, Column
from services.rates.queries.own import Own
from services.rates.queries.views import View, conditions
from shared.events import GROUPS, Group

VALUES_LIMIT = 2000
_PLACE = 'term = :term and "group" = :group and "on" = :on'
_EXTRACTIONS = text(
    'select term, "on", "group", revision, schools, state, window_opens, window_closes, computed_at from extraction'
    ' where schools > 0 and "group" = :group order by "on" desc, term desc limit 200'
)
_AT = text(
    'select term, "on", "group", revision, schools, state, window_opens, window_closes, computed_at from extraction'
    ' where schools > 0 and "group" = :group and (cast(:on as date) is null or "on" = :on)'
    ' and (cast(:term as text) is null or term = :term) order by "on" desc, term desc limit 1'
)
_VERSION = text(
    "select (select concat(count(*), ' ', sum(state), ' ', max(computed_at)) from extraction) as extractions,"
    " (select coalesce(max(id), 0) from audit) as changes,"
    " (select coalesce(max(revision), 0) from directory_arrival) as directory, (select count(*) from mailed) as mails"
)
_ROWS = (
    'select school_key, present, region, ploc, cos, director, school, level, "group", tier, total, submitted, rate,'
    " needed, gained, moved, first_on, last_on, stalled, mark{history}"
    " from standing where {where} order by {order} limit :limit offset :offset"
)
_HISTORY = ", was_on, was_total, was_submitted, was_tier, was_rate, trail"
_SUMMARY = (
    "select {tier} as tier, mark, count(*) as schools, count(*) filter (where {chosen}) as chosen,"
    " count(*) filter (where {chosen} and total > 0 and cast(submitted as bigint) * 100 >= total * cast(:goal as bigint))"
    "  as at_goal,"
    " sum(submitted) filter (where {chosen} and rate is not null) as submitted,"
    " sum(total) filter (where {chosen} and rate is not null) as total"
    " from standing where {where} group by 1, 2"
)
_VALUES = (
    "select coalesce({key}, '') as value, coalesce(max({print}), '') as shown, count(*) as schools"
    " from standing where {where} group by 1 order by {order} limit :limit"
)


@dataclass(frozen=True)
class Extraction:
    """One group of one extraction."""

    term: str
    on: date
    group: Group
    revision: int
    schools: int
    state: int
    window_opens: date
    window_closes: date
    computed_at: datetime

    @property
    def place(self) -> dict[str, Any]:
        return {"term": self.term, "on": self.on, "group": self.group}


@dataclass(frozen=True)
class Summary:
    """How many schools the filter leaves, of how many, and how many of them stand in each tier and movement."""

    schools: int
    present: int
    chosen: int
    tiers: dict[str, int]
    marks: dict[str, int]
    at_goal: int
    submitted: int
    total: int

    @property
    def rated(self) -> int:
        """How many of the chosen schools have a rate: `submitted` and `total` are theirs."""
        return sum(schools for tier, schools in self.tiers.items() if tier not in ("none", "absent"))


def extraction_at(session: Session, group: str, on: date | None = None, term: str | None = None) -> Extraction | None:
    """The extraction of a group on a date, the newest without one; None where there is none."""
    row = session.execute(_AT, {"group": group, "on": on, "term": term}).one_or_none()
    return None if row is None else Extraction(*row)


def extractions(session: Session, group: str) -> list[Extraction]:
    """All extractions of a group, newest first."""
    return [Extraction(*row) for row in session.execute(_EXTRACTIONS, {"group": group})]


def newest_group(session: Session, on: date | None) -> Group:
    """The group with the newest extraction; parents where several are as new."""
    found = {name: extraction_at(session, name, on) for name in GROUPS}
    dated = [(each.on, name == "parents", name) for name, each in found.items() if each is not None]
    return max(dated)[2] if dated else "parents"


def version(session: Session) -> str:
    """Changes whenever anything changes that a page of rates shows to everybody."""
    return " ".join(str(part) for part in session.execute(_VERSION).one())


def rows(
    session: Session,
    extraction: Extraction,
    view: View,
    own: Own | None,
    limit: int,
    offset: int = 0,
    *,
    with_history: bool = True,
) -> Sequence[Any]:
    """The schools that the view leaves, in its order: those that the extraction holds and those last seen before.

    `with_history` adds the row before and the trail of rates.
    """
    where, values = _where(extraction, view, own)
    order = ", ".join([*(_level(name) for name in view.order), 'school_sort collate "C"', "school_key"])
    statement = text(_ROWS.format(where=where, order=order, history=_HISTORY if with_history else ""))
    return session.execute(statement, {**values, "limit": limit, "offset": offset}).all()


def _level(name: str) -> str:
    column = COLUMNS[name.removeprefix("-")]
    return f"{column.order} {'desc' if name.startswith('-') else 'asc'} nulls last"


def _where(extraction: Extraction, view: View, own: Own | None, leave_out: str = "") -> tuple[str, dict[str, Any]]:
    found, values = conditions(view, leave_out)
    if view.mine and own is not None:
        found.append(own.condition)
        values |= own.values
    return " and ".join([_PLACE, *found]), {**extraction.place, **values}


def summary(session: Session, extraction: Extraction, view: View, own: Own | None, goal: int | None = None) -> Summary:
    """Counts over all rows of the extraction and over those that the view leaves, by tier and movement."""
    chosen, values = _where(extraction, view, own)
    statement = text(_SUMMARY.format(tier=COLUMNS["tier"].key, chosen=chosen, where=_PLACE))
    found = session.execute(statement, {**values, "goal": goal}).all()
    tiers: dict[str, int] = {}
    marks: dict[str, int] = {}
    for row in found:
        tiers[row.tier] = tiers.get(row.tier, 0) + row.chosen
        marks[row.mark] = marks.get(row.mark, 0) + row.chosen
    return Summary(
        schools=sum(row.schools for row in found),
        present=sum(row.schools for row in found if row.tier != "absent"),
        chosen=sum(row.chosen for row in found),
        tiers=tiers,
        marks=marks,
        at_goal=sum(row.at_goal for row in found),
        submitted=sum(row.submitted or 0 for row in found),
        total=sum(row.total or 0 for row in found),
    )


def values_of(
    session: Session, extraction: Extraction, view: View, own: Own | None, column: Column, *, all_ticked: bool = True
) -> list[dict[str, Any]]:
    """What a column's filter can choose, with counts, in the column's order: among the rows that all other filters
    and the column's own text or number filter leave.

    Without a filter on the column all values are ticked, as in a spreadsheet, or none.
    """
    where, values = _where(extraction, view, own, leave_out=column.name)
    order = f"min({column.order}) nulls last, 1"
    statement = text(_VALUES.format(key=column.key, print=column.print, where=where, order=order))
    found = session.execute(statement, {**values, "limit": VALUES_LIMIT}).all()
    chosen = {column.normal(value) for value in view.listed.get(column.name, ())}
    excluded = {column.normal(value) for value in view.excluded.get(column.name, ())}
    is_open = column.name not in view.listed and (all_ticked or bool(excluded))
    return [
        {
            "value": (row.shown if column.shown else row.value) or BLANK,
            "label": (row.shown if column.shown else column.word(row.value)) or "(Blank)",
            "count": row.schools,
            "checked": (row.value or BLANK) not in excluded if is_open else (row.value or BLANK) in chosen,
        }
        for row in found
    ]
