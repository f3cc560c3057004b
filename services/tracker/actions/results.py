"""Taking loaded survey results over as entries: they fill blanks and renew what files brought, never what people typed."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text, tuple_
from sqlmodel import Session, col, delete, select

from services.tracker.queries.plan import PlanWords
from services.tracker.tables.schools import Result
from shared.db import raw
from shared.events import ResultRow
from shared.names import name_key

_NEW = text(
    """
    create temp table loaded (
      school_key text, level text, item_id text, period smallint, percent numeric(4,1), revision int, is_removed boolean
    ) on commit drop
    """
)
# A merge that answers what was and what is, which the log keeps.
_TAKE = text(
    """
    with merged as (
      merge into entry e using (
        select distinct on (school_key, level, item_id, period) * from loaded
        order by school_key, level, item_id, period, revision desc, is_removed
      ) n
      on e.school_key = n.school_key and e.level = n.level and e.item_id = n.item_id and e.period = n.period
      when matched and e.source = 'file' and e.revision < n.revision then
        update set percent = n.percent, revision = n.revision, at = now()
      when not matched and n.percent is not null then
        insert (school_key, level, item_id, period, percent, source, entered_by, revision)
        values (n.school_key, n.level, n.item_id, n.period, n.percent, 'file', 'survey results', n.revision)
      returning new.school_key, new.level, new.item_id, new.period, old.percent as was, new.percent as now
    )
    insert into entry_log (school_key, level, item_id, period, was, now, source, entered_by)
    select school_key, level, item_id, period, was, now, 'file', 'survey results' from merged
    where was is distinct from now
    """
)
_SCHOOLS = text("select distinct school_key from loaded")
_DROP = text("drop table loaded")


class PlacedResult(NamedTuple):
    """A result with its place in a plan."""

    school_key: str
    level: str
    item_id: str
    period: int
    percent: Decimal | None
    revision: int
    is_removed: bool = False


def take_results(
    session: Session, rows: Iterable[ResultRow], revision: int, removed: Iterable[ResultRow] = ()
) -> list[str]:
    """Takes a file's results over, in every plan that knows them, and takes back those `removed` by an undo.

    Answers the keys of the schools they are for.
    """
    words = PlanWords(session)
    both = [(row, False) for row in rows] + [(row._replace(percent=None), True) for row in removed]
    placed = ((row, place, gone) for row, gone in both for place in words.places(row.level, row.item, row.period))
    return _take(session, [PlacedResult(row.school_key, *at, row.percent, revision, gone) for row, at, gone in placed])


def drop_results(session: Session, removed: Iterable[ResultRow], revision: int) -> None:
    """Forgets loaded results that an undo takes back, where no newer file has brought them again."""
    keys = [(row.school_key, row.level, row.item, row.period) for row in removed]
    own = tuple_(col(Result.school_key), col(Result.level), col(Result.item), col(Result.period))
    if keys:
        session.execute(delete(Result).where(own.in_(keys), col(Result.revision) < revision))


def adopt_results(session: Session, *, item_ids: Sequence[str], position: int | None = None) -> None:
    """Takes over what earlier files hold for items, in a year (None: all), that was not known, or not so worded."""
    session.flush()
    words, meant = PlanWords(session), set(item_ids)
    known = session.exec(select(Result.item).distinct())
    named = [word for word in known if any(item.item_id in meant for item in words.items.get(name_key(word), ()))]
    placed = (
        (row, place)
        for row in session.exec(select(Result).where(col(Result.item).in_(named)))
        for place in words.places(row.level, row.item, row.period)
        if place.item_id in meant and position in (None, place.period)
    )
    _take(session, [PlacedResult(row.school_key, *place, row.percent, row.revision) for row, place in placed])


def _take(session: Session, rows: Sequence[PlacedResult]) -> list[str]:
    if not rows:
        return []
    session.execute(_NEW)
    with raw(session).cursor().copy("copy loaded from stdin") as copy:
        for row in rows:
            copy.write_row(row)
    session.execute(_TAKE)
    keys = list(session.execute(_SCHOOLS).scalars())
    session.execute(_DROP)
    return keys
