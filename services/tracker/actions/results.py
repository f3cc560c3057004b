"""Taking loaded survey results over as entries: they fill blanks and renew what files brought, never what people typed."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.tracker.queries.plan import Plan
from shared.db import raw
from shared.events import ResultRow
from shared.names import name_key

_NEW = text(
    "create temp table loaded (school_key text, level text, item_id text, period smallint, percent numeric(4,1),"
    " revision int) on commit drop"
)
_TAKE = text(
    "with merged as (merge into entry e using (select distinct on (school_key, level, item_id, period) * from loaded"
    "   order by school_key, level, item_id, period, revision desc) n"
    " on e.school_key = n.school_key and e.level = n.level and e.item_id = n.item_id and e.period = n.period"
    " when matched and e.source = 'file' and e.revision < n.revision then"
    "   update set percent = n.percent, revision = n.revision, at = now()"
    " when not matched and n.percent is not null then"
    "   insert (school_key, level, item_id, period, percent, source, by, revision)"
    "   values (n.school_key, n.level, n.item_id, n.period, n.percent, 'file', 'survey results', n.revision)"
    " returning new.school_key, new.level, new.item_id, new.period, old.percent as was, new.percent as now)"
    " insert into entry_log (school_key, level, item_id, period, was, now, source, by)"
    " select school_key, level, item_id, period, was, now, 'file', 'survey results' from merged"
    " where was is distinct from now"
)
_DROP = text("drop table loaded")
_KEPT = text(
    "select school_key, level, item, period, percent, revision from result"
    " where item = any(:items) and period = any(:periods)"
)
_ITEMS = text("select distinct item from result")
_PERIODS = text("select distinct period from result")
_SCHOOLS = text("select distinct school_key from loaded")


def take_results(session: Session, rows: Iterable[ResultRow], revision: int) -> list[str]:
    """Takes a file's results over; answers the keys of the schools they are for."""
    plan = Plan(session)
    placed = ((row, plan.place(row.level, row.item, row.period)) for row in rows)
    return _take(session, [(row.school_key, *place, row.percent, revision) for row, place in placed if place])


def adopt_results(session: Session, *, item_id: str | None = None, position: int | None = None) -> None:
    """Takes over what earlier files hold for an item or a year (None: all) that was not known, or not so worded."""
    plan = Plan(session)
    items, periods = session.execute(_ITEMS).scalars(), session.execute(_PERIODS).scalars()
    meant = {
        "items": [word for word in items if item_id in (None, plan.items.get(name_key(word)))],
        "periods": [word for word in periods if position in (None, plan.periods.get(name_key(word)))],
    }
    kept = session.execute(_KEPT, meant).all()
    placed = ((row, plan.place(row.level, row.item, row.period)) for row in kept)
    _take(session, [(row.school_key, *place, row.percent, row.revision) for row, place in placed if place])


def _take(session: Session, rows: Sequence[tuple[Any, ...]]) -> list[str]:
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
