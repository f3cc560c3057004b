"""The board's rows: schools with what stands of them now or stood at a past minute, changes, calls, contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.sesr.queries.scope import WITHIN
from services.sesr.rules.board import Line, Present
from services.sesr.rules.standing import Standing, Told, standings_of
from shared.access import Scope


@dataclass(frozen=True)
class Asked:
    """Which board is asked for; None is no filter. `by` names the grouping, `after` how many to chase are skipped."""

    incident_id: UUID
    day: date
    region: str | None = None
    cos: str | None = None
    director: str | None = None
    level: str | None = None
    by: str = "region"
    after: int = 0

    @property
    def filters(self) -> dict[str, str | None]:
        return {"region": self.region, "cos": self.cos, "director": self.director, "level": self.level}


_FILTERED = (
    f"{WITHIN} and (cast(:region as text) is null or s.region = :region) and (cast(:cos as text) is null or s.cos = :cos)"
    " and (cast(:director as text) is null or s.director = :director)"
    " and (cast(:level as text) is null or s.level = :level)"
)
_SCHOOL = "s.school_key, s.ploc, s.name, s.level, s.region, s.cos, s.director, s.enrolled, s.landline"
_EXPECTED = (
    " from school s left join expected e on e.incident_id = :incident_id and e.school_key = s.school_key"
    " left join standing st on (st.incident_id, st.day, st.school_key) = (:incident_id, :day, s.school_key)"
    f" where {_FILTERED} and (st.report_id is not null or (e.school_key is not null and not e.excused))"
)
_LINES = text(
    f"select {_SCHOOL}, st.report_id, st.number, st.counted_at, st.received_at, st.times, st.counts, st.flags,"
    f" coalesce(not e.excused, false) as expected{_EXPECTED}"
    " order by s.region, s.name, s.school_key"
)
_TOLD = text(
    "select r.school_key, r.report_id, r.sequence, r.counted_at, r.received_at, r.supersedes, r.counts, r.flags"
    f" from recorded r join school s using (school_key) where r.incident_id = :incident_id and r.day = :day and {_FILTERED}"
    " and r.received_at <= :as_of order by r.place"
)
# The newest valid report of each school, as rules/standing.py folds it, of which only one count is asked for. The feed is
# read in place, its order is by bytes: kept aside first and sorted as people sort, it took half as long again.
_PRESENT = text(
    "select school_key, cast(counts ->> 'students_present' as int) from ("
    ' select distinct on (r.school_key collate "C") r.school_key, r.counts from recorded r join school s using (school_key)'
    f"  where r.incident_id = :incident_id and r.day = :day and r.received_at <= :as_of and {_FILTERED}"
    "  and r.report_id not in (select o.supersedes from recorded o where o.incident_id = :incident_id and o.day = :day"
    "   and o.received_at <= :as_of and o.supersedes is not null)"
    ' order by r.school_key collate "C", r.counted_at desc, r.sequence desc) newest'
)
_CHANGES = (
    "select r.place, r.report_id, r.school_key, s.name, s.region, r.counted_at, r.received_at, r.supersedes, r.counts,"
    " r.flags, r.sequence as number from recorded r join school s using (school_key)"
    f" where r.incident_id = :incident_id and r.day = :day and r.place > :after and {_FILTERED}"
    " and r.received_at <= :as_of order by r.place {order} limit :limit"
)
_NEXT_CHANGES, _LAST_CHANGES = text(_CHANGES.format(order="")), text(_CHANGES.format(order="desc"))
_PLACE = text("select coalesce(max(place), 0) from recorded where incident_id = :incident_id")
_CALLS = text(
    "select distinct on (school_key) school_key, at, author, outcome, note from chase"
    " where incident_id = :incident_id and day = :day and school_key = any(:keys) and at <= :as_of"
    " order by school_key, at desc"
)
_CALLS_OF_SCHOOL = text(
    "select at, author, outcome, note from chase where incident_id = :incident_id and day = :day"
    " and school_key = :school_key order by at desc limit 50"
)
_CONTACTS = text(
    "select distinct on (school_key) school_key, commander, coalesce(nullif(cell, ''), landline) as phone from report"
    " where incident_id = :incident_id and school_key = any(:keys) and received_at <= :as_of"
    " order by school_key, received_at desc"
)
_DAY_BEFORE = text("select max(day) from standing where incident_id = :incident_id and day < :day")
FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)


def lines(session: Session, scope: Scope, asked: Asked, as_of: datetime | None = None) -> list[Line]:
    """The expected schools (and others that reported) with what stands, or stood at `as_of`."""
    rows = session.execute(_LINES, _values(scope, asked))
    if as_of is None:
        return [Line._make((*row[:9], _standing(row[9:-1]), "not_yet", None, row[-1])) for row in rows]
    stood = standings_of(told(session, scope, asked, as_of))
    found = (Line._make((*row[:9], stood.get(row[0]), "not_yet", None, row[-1])) for row in rows)
    return [line for line in found if line.expected or line.standing is not None]


def _standing(row: Sequence[Any]) -> Standing | None:
    report_id, number, counted_at, received_at, times, counts, flags = row
    if report_id is None:
        return None
    return Standing(report_id, number, counted_at, received_at, tuple(times), counts, flags)


def told(session: Session, scope: Scope, asked: Asked, as_of: datetime | None = None) -> list[tuple[str, Told]]:
    """(school key, report) of the day's recorded reports that were received by then."""
    rows = session.execute(_TOLD, {**_values(scope, asked), "as_of": as_of or FOR_EVER})
    return [(row[0], Told(*row[1:])) for row in rows]


def students_present(session: Session, scope: Scope, asked: Asked, as_of: datetime | None = None) -> Present:
    """School key -> students present by what stood at `as_of`, else at the end of the day."""
    rows = session.execute(_PRESENT, {**_values(scope, asked), "as_of": as_of or FOR_EVER})
    return {school_key: present for school_key, present in rows}


def changes_after(session: Session, scope: Scope, asked: Asked, after: int, limit: int = 500) -> Sequence[Any]:
    """The feed from a place on, in its order."""
    return session.execute(_NEXT_CHANGES, _feed(scope, asked, after, limit, None)).all()


def last_changes(
    session: Session, scope: Scope, asked: Asked, limit: int = 15, as_of: datetime | None = None
) -> Sequence[Any]:
    """The newest of the feed, newest first."""
    return session.execute(_LAST_CHANGES, _feed(scope, asked, 0, limit, as_of)).all()


def place(session: Session, incident_id: UUID) -> int:
    """The place of the newest recorded report of an incident; 0 where there is none."""
    found: int = session.execute(_PLACE, {"incident_id": incident_id}).scalar_one()
    return found


def calls(session: Session, asked: Asked, keys: Sequence[str], as_of: datetime | None = None) -> dict[str, Any]:
    """School key -> the last call of the day that was noted."""
    values = {"incident_id": asked.incident_id, "day": asked.day, "keys": list(keys), "as_of": as_of or FOR_EVER}
    return {row.school_key: row for row in session.execute(_CALLS, values)}


def calls_of_school(session: Session, incident_id: UUID, day: date, school_key: str) -> Sequence[Any]:
    """Every call to a school that was noted on a day, the newest first."""
    values = {"incident_id": incident_id, "day": day, "school_key": school_key}
    return session.execute(_CALLS_OF_SCHOOL, values).all()


def contacts(session: Session, asked: Asked, keys: Sequence[str], as_of: datetime | None = None) -> dict[str, Any]:
    """School key -> commander and phone as the school last gave them."""
    values = {"incident_id": asked.incident_id, "keys": list(keys), "as_of": as_of or FOR_EVER}
    return {row.school_key: row for row in session.execute(_CONTACTS, values)}


def reported_day_before(session: Session, asked: Asked) -> date | None:
    """The last day of the incident before the one asked for on which schools reported; a week-end lies between."""
    values = {"incident_id": asked.incident_id, "day": asked.day}
    found: date | None = session.execute(_DAY_BEFORE, values).scalar()
    return found


def _values(scope: Scope, asked: Asked) -> dict[str, Any]:
    return {**scope.values, **asked.filters, "incident_id": asked.incident_id, "day": asked.day}


def _feed(scope: Scope, asked: Asked, after: int, limit: int, as_of: datetime | None) -> dict[str, Any]:
    return {**_values(scope, asked), "after": after, "limit": limit, "as_of": as_of or FOR_EVER}
