"""The survey results as published: kept with the revision of each, and what a file replaced, for its undo."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, delete

from services.ingest.tables import ReplacedResult
from shared.db import raw
from shared.events import ResultRow
from shared.names import name_key

_NEW = text(
    """
    create temp table given_result (
      school_key text, level text, item_key text, period_key text, ploc text, item text, period text, percent numeric(5,1)
    ) on commit drop
    """
)
_REPLACED = text(
    """
    insert into replaced_result (upload_id, school_key, level, item_key, period_key, ploc, item, period, percent)
    select :upload_id, r.school_key, r.level, r.item_key, r.period_key, r.ploc, r.item, r.period, r.percent
    from survey_result r join given_result using (school_key, level, item_key, period_key)
    """
)
_KEPT = text(
    """
    merge into survey_result r using given_result g
      on r.school_key = g.school_key and r.level = g.level and r.item_key = g.item_key and r.period_key = g.period_key
    when matched then
      update set ploc = g.ploc, item = g.item, period = g.period, percent = g.percent, revision = :revision
    when not matched then
      insert (school_key, level, item_key, period_key, ploc, item, period, percent, revision)
      values (g.school_key, g.level, g.item_key, g.period_key, g.ploc, g.item, g.period, g.percent, :revision)
    """
)
_DROP = text("drop table given_result")


def keep_results(session: Session, upload_id: UUID, revision: int, rows: Iterable[ResultRow]) -> None:
    """Keeps the results of a file, and those that it replaces. Only the newest file can be undone: what earlier ones
    replaced goes."""
    session.execute(delete(ReplacedResult).where(col(ReplacedResult.upload_id) != upload_id))
    session.execute(_NEW)
    with raw(session).cursor().copy("copy given_result from stdin") as copy:
        for row in rows:
            keys = name_key(row.item), name_key(row.period)
            copy.write_row((row.school_key, row.level, *keys, row.ploc, row.item, row.period, row.percent))
    session.execute(_REPLACED, {"upload_id": upload_id})
    session.execute(_KEPT, {"revision": revision})
    session.execute(_DROP)
