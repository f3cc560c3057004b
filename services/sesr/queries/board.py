"""The board's rows: schools with the report that counts now or counted at a past minute, changes, calls, contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from services.sesr.rules.board import Present, SchoolLine
from services.sesr.rules.reports import CurrentReport, RecordedReport, current_reports_of
from services.sesr.tables import CurrentOfDay, Recorded, SchoolCall
from shared.access import Scope, within


@dataclass(frozen=True)
class BoardFilter:
    """Which board; None means no filter. `by` names the grouping, `after` how many to call are skipped.

    Without `sees_contacts` no name, phone or note of a call is read.
    """

    incident_id: UUID
    day: date
    region: str | None = None
    cos: str | None = None
    director: str | None = None
    level: str | None = None
    by: str = "region"
    after: int = 0
    sees_contacts: bool = False

    @property
    def values(self) -> dict[str, str | None]:
        return {"region": self.region, "cos": self.cos, "director": self.director, "level": self.level}


_FILTERED = f"""
    {within("s")} and (cast(:region as text) is null or s.region = :region)
    and (cast(:cos as text) is null or s.cos = :cos)
    and (cast(:director as text) is null or s.director = :director)
    and (cast(:level as text) is null or s.level = :level)
"""
_SCHOOL = "s.school_key, s.ploc, s.name, s.level, s.region, s.cos, s.director, s.enrolled, s.landline"
# Live, and at a past minute who was expected then; who reported is folded from the reports received by then.
_LINES = text(f"""
    select {_SCHOOL}, c.report_id, c.number, c.counted_at, c.received_at, c.times, c.counts, c.flags,
      coalesce(not e.excused, false) as expected
    from school s
    left join expected e on e.incident_id = :incident_id and e.school_key = s.school_key and e.until is null
    left join current_report c on (c.incident_id, c.day, c.school_key) = (:incident_id, :day, s.school_key)
    where {_FILTERED} and (c.report_id is not null or (e.school_key is not null and not e.excused))
    order by s.region, s.name, s.school_key
""")
_LINES_THEN = text(f"""
    select {_SCHOOL}, coalesce(not e.excused, false) as expected
    from school s
    left join expected e on e.incident_id = :incident_id and e.school_key = s.school_key
      and e.since <= :as_of and (e.until is null or e.until > :as_of)
    left join current_report c on (c.incident_id, c.day, c.school_key) = (:incident_id, :day, s.school_key)
    where {_FILTERED} and (c.report_id is not null or (e.school_key is not null and not e.excused))
    order by s.region, s.name, s.school_key
""")
_RECORDED = text(f"""
    select r.school_key, r.report_id, r.sequence as number, r.counted_at, r.received_at, r.supersedes, r.counts, r.flags
    from recorded r join school s using (school_key)
    where r.incident_id = :incident_id and r.day = :day and {_FILTERED} and r.received_at <= :as_of
    order by r.place
""")
# The newest valid report of each school, as rules/reports.py folds it, of which only one count is needed. The feed is
# read in place, its order is by bytes: kept aside first and sorted as people sort, it took half as long again.
_PRESENT = text(f"""
    select school_key, cast(counts ->> 'students_present' as int) as present
    from (
      select distinct on (r.school_key collate "C") r.school_key, r.counts
      from recorded r join school s using (school_key)
      where r.incident_id = :incident_id and r.day = :day and r.received_at <= :as_of and {_FILTERED}
        and r.report_id not in (
          select o.supersedes from recorded o
          where o.incident_id = :incident_id and o.day = :day and o.received_at <= :as_of and o.supersedes is not null)
      order by r.school_key collate "C", r.counted_at desc, r.sequence desc
    ) newest
""")
_CHANGES = f"""
    select r.place, r.report_id, r.school_key, s.name, s.region, r.counted_at, r.received_at, r.supersedes, r.counts,
      r.flags, r.sequence as number
    from recorded r join school s using (school_key)
    where r.incident_id = :incident_id and r.day = :day and r.place > :after and {_FILTERED}
      and r.received_at <= :as_of
    order by r.place {{order}} limit :limit
"""
_NEXT_CHANGES, _LAST_CHANGES = text(_CHANGES.format(order="")), text(_CHANGES.format(order="desc"))
_CALLS = text("""
    select distinct on (school_key) school_key, called_at, author, outcome, note
    from school_call
    where incident_id = :incident_id and day = :day and school_key = any(:keys) and called_at <= :as_of
    order by school_key, called_at desc
""")
_CONTACTS = text("""
    select distinct on (school_key) school_key, commander, coalesce(nullif(cell, ''), landline) as phone
    from report
    where incident_id = :incident_id and school_key = any(:keys) and received_at <= :as_of
    order by school_key, received_at desc
""")
FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)


def lines(
    session: Session, scope: Scope, board: BoardFilter, as_of: datetime | None = None, *, is_school_day: bool = True
) -> list[SchoolLine]:
    """The expected schools (and others that reported) with the report that counts now, or counted at `as_of`.

    On a day that is not a school day none is expected.
    """
    if as_of is None:
        rows = session.execute(_LINES, _values(scope, board)).all()
        found = [_line(row, _current(row)) for row in rows]
    else:
        rows = session.execute(_LINES_THEN, {**_values(scope, board), "as_of": as_of}).all()
        current = current_reports_of(recorded_reports(session, scope, board, as_of))
        found = [_line(row, current.get(row.school_key)) for row in rows]
    if not is_school_day:
        found = [line._replace(expected=False) for line in found]
    return [line for line in found if line.expected or line.current is not None]


def _line(row: Any, current: CurrentReport | None) -> SchoolLine:
    return SchoolLine(
        row.school_key,
        row.ploc,
        row.name,
        row.level,
        row.region,
        row.cos,
        row.director,
        row.enrolled,
        row.landline,
        current,
        expected=row.expected,
    )


def _current(row: Any) -> CurrentReport | None:
    if row.report_id is None:
        return None
    return CurrentReport(
        row.report_id, row.number, row.counted_at, row.received_at, tuple(row.times), row.counts, row.flags
    )


def recorded_reports(
    session: Session, scope: Scope, board: BoardFilter, as_of: datetime | None = None
) -> list[tuple[str, RecordedReport]]:
    """(school key, report) of the day's recorded reports that were received by then."""
    rows = session.execute(_RECORDED, {**_values(scope, board), "as_of": as_of or FOR_EVER})
    return [(row.school_key, recorded_of(row)) for row in rows]


def recorded_of(row: Any) -> RecordedReport:
    """A row of the feed as the fold reads it."""
    return RecordedReport(
        row.report_id, row.number, row.counted_at, row.received_at, row.supersedes, row.counts, row.flags
    )


def students_present(session: Session, scope: Scope, board: BoardFilter, as_of: datetime | None = None) -> Present:
    """School key -> students present by what counted at `as_of`, else at the end of the day."""
    rows = session.execute(_PRESENT, {**_values(scope, board), "as_of": as_of or FOR_EVER})
    return {row.school_key: row.present for row in rows}


def changes_after(session: Session, scope: Scope, board: BoardFilter, after: int, limit: int = 500) -> Sequence[Any]:
    """The feed from a place on, in its order."""
    return session.execute(_NEXT_CHANGES, _feed(scope, board, after, limit, None)).all()


def last_changes(
    session: Session, scope: Scope, board: BoardFilter, limit: int = 15, as_of: datetime | None = None
) -> Sequence[Any]:
    """The newest of the feed, newest first."""
    return session.execute(_LAST_CHANGES, _feed(scope, board, 0, limit, as_of)).all()


def reports_of_schools(
    session: Session, board: BoardFilter, keys: Sequence[str], as_of: datetime | None = None
) -> dict[str, list[RecordedReport]]:
    """School key -> its recorded reports of the day."""
    columns = select(Recorded).where(
        Recorded.incident_id == board.incident_id, Recorded.day == board.day, col(Recorded.school_key).in_(keys)
    )
    found: dict[str, list[RecordedReport]] = {}
    for row in session.exec(columns.where(Recorded.received_at <= (as_of or FOR_EVER))):
        report = RecordedReport(
            row.report_id, row.sequence, row.counted_at, row.received_at, row.supersedes, row.counts, row.flags
        )
        found.setdefault(row.school_key, []).append(report)
    return found


def place(session: Session, incident_id: UUID) -> int:
    """The place of the newest recorded report of an incident; 0 where there is none."""
    newest = select(func.max(Recorded.place)).where(Recorded.incident_id == incident_id)
    return session.exec(newest).one() or 0


def calls(session: Session, board: BoardFilter, keys: Sequence[str], as_of: datetime | None = None) -> dict[str, Any]:
    """School key -> the last call of the day that was noted."""
    values = {"incident_id": board.incident_id, "day": board.day, "keys": list(keys), "as_of": as_of or FOR_EVER}
    return {row.school_key: row for row in session.execute(_CALLS, values)}


def calls_of_school(session: Session, incident_id: UUID, day: date, school_key: str) -> Sequence[SchoolCall]:
    """Every call to a school that was noted on a day, the newest first."""
    found = select(SchoolCall).where(
        SchoolCall.incident_id == incident_id, SchoolCall.day == day, SchoolCall.school_key == school_key
    )
    return session.exec(found.order_by(col(SchoolCall.called_at).desc())).all()


def contacts(
    session: Session, board: BoardFilter, keys: Sequence[str], as_of: datetime | None = None
) -> dict[str, Any]:
    """School key -> commander and phone as the school last gave them."""
    values = {"incident_id": board.incident_id, "keys": list(keys), "as_of": as_of or FOR_EVER}
    return {row.school_key: row for row in session.execute(_CONTACTS, values)}


def reported_day_before(session: Session, board: BoardFilter) -> date | None:
    """The last day of the incident before this one on which schools reported; a week-end lies between."""
    before = select(func.max(CurrentOfDay.day)).where(
        CurrentOfDay.incident_id == board.incident_id, CurrentOfDay.day < board.day
    )
    return session.exec(before).one()


def _values(scope: Scope, board: BoardFilter) -> dict[str, Any]:
    return {**scope.values, **board.values, "incident_id": board.incident_id, "day": board.day}


def _feed(scope: Scope, board: BoardFilter, after: int, limit: int, as_of: datetime | None) -> dict[str, Any]:
    return {**_values(scope, board), "after": after, "limit": limit, "as_of": as_of or FOR_EVER}
