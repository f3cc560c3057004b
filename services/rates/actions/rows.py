"""Storing a part's rows with their tiers: copied straight in where none of them is there yet, else merged."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.rates.rules import standing
from shared.events import ExtractionRow
from shared.files.copying import copy_line, copy_lines
from shared.names import name_key

_COLUMNS = (
    "school_key, ploc, cost_center, region, cos, director, school, level, total, submitted, file_tier, file_rate,"
    " tier, rate, needed, school_sort, director_key"
)
_PLACE = 'term, "on", "group", revision, upload_id, removed'
# Parts come sorted by school: whether any of theirs is there is one look at a stretch of the primary key.
_ANY_THERE = text(
    'select 1 from rate where term = :term and "on" = :on and "group" = :group'
    " and school_key between :first and :last limit 1"
)
_NEW = (
    "create temp table incoming (school_key text, ploc text, cost_center text, region text, cos text, director text,"
    " school text, level text, total int, submitted int, file_tier text, file_rate text, tier smallint,"
    " rate numeric(16,4), needed int, school_sort text, director_key text) on commit drop"
)
_FACTS = (
    "ploc", "cost_center", "region", "cos", "director", "school", "level", "total", "submitted", "file_tier",
    "file_rate",
)  # fmt: skip
# A newer revision stands even where it says what is there already: an older one that comes late may say something else.
_MERGE = text(
    "with merged as (merge into rate r using incoming n"
    ' on r.term = :term and r."on" = :on and r."group" = :group and r.school_key = n.school_key'
    " and r.school_key between :first and :last"
    " when matched and r.revision < :revision then update set revision = :revision, upload_id = :upload_id,"
    "   tier = n.tier, rate = n.rate, needed = n.needed, school_sort = n.school_sort, director_key = n.director_key,"
    f"   removed = false, {', '.join(f'{name} = n.{name}' for name in _FACTS)}"
    f" when not matched then insert ({_PLACE}, {_COLUMNS})"
    f"   values (:term, :on, :group, :revision, :upload_id, false, {_COLUMNS})"
    " returning merge_action() = 'INSERT' or old.removed or"
    f"  ({', '.join(f'old.{name}' for name in _FACTS)}) is distinct from ({', '.join(f'new.{name}' for name in _FACTS)})"
    "  as changed) select count(*) from merged where changed"
)


def store_rows(session: Session, rows: Sequence[ExtractionRow], values: dict[str, Any]) -> int:
    """Stores a part's rows; answers how many changed. The caller holds the lock of the term and group.

    `values`: term, on, group, revision, upload_id.
    """
    if not rows:
        return 0
    keys = [row.school_key for row in rows]
    values = {**values, "first": min(keys), "last": max(keys)}
    if session.execute(_ANY_THERE, values).scalar() is None:
        place = copy_line(*(values[name] for name in ("term", "on", "group", "revision", "upload_id")), "f")
        copy_lines(session, f"rate ({_PLACE}, {_COLUMNS})", (f"{place}\t{line}" for line in computed(rows)))
        return len(rows)
    session.execute(text(_NEW))
    copy_lines(session, f"incoming ({_COLUMNS})", computed(rows))
    changed: int = session.execute(_MERGE, values).scalar_one()
    session.execute(text("drop table incoming"))
    return changed


def computed(rows: Iterable[ExtractionRow]) -> Iterator[str]:
    """A line for every row with its tier, rate, surveys needed and the keys that it is sorted and found by."""
    keys: dict[str, str] = {}
    for row in rows:
        key = keys.get(row.director)
        if key is None:
            key = keys[row.director] = name_key(row.director)
        yield copy_line(*row, *standing(row.submitted, row.total), row.school.casefold(), key) + "\n"
