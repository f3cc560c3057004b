"""Saving what people enter: one school and level at a time, each change with its history."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from services.tracker.actions.targets import compute_targets
from services.tracker.rules.values import shown_percent
from shared.access import Who, audit
from shared.errors import Conflict

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:lock, 0))")
_CURRENT = text("select item_id, period, percent, by from entry where school_key = :school_key and level = :level")
_KEEP = text(
    "insert into entry(school_key, level, item_id, period, percent, source, by)"
    " values (:school_key, :level, :item_id, :period, :now, :source, :by)"
    " on conflict (school_key, level, item_id, period) do update set percent = excluded.percent,"
    " source = excluded.source, by = excluded.by, at = now()"
)
_LOG = text(
    "insert into entry_log(school_key, level, item_id, period, was, now, source, by)"
    " values (:school_key, :level, :item_id, :period, :was, :now, :source, :by)"
)
ANY = Decimal(-1)


class Cell(NamedTuple):
    """A value for an item in a year; `was` is what the person saw there before, ANY where that does not matter."""

    item_id: str
    period: int
    now: Decimal | None
    was: Decimal | None = ANY


class EntryConflict(Conflict):
    """Somebody else changed a value meanwhile; `problems` name item, period, the value there and who entered it."""

    code = "entry_changed_meanwhile"


def save_cells(
    session: Session, who: Who, school_key: str, level: str, cells: Sequence[Cell], source: str
) -> list[Cell]:
    """Saves the cells that differ and recomputes their items; answers what changed, with the values before.

    Raises EntryConflict, saving nothing, where a value is neither what the person saw nor what they entered.
    """
    session.execute(_LOCK, {"lock": f"{school_key}/{level}"})
    found = session.execute(_CURRENT, {"school_key": school_key, "level": level}).all()
    current = {(row.item_id, row.period): row for row in found}
    _refuse_conflicts(cells, current)
    changed = [cell._replace(was=_percent(current, cell)) for cell in cells if _percent(current, cell) != cell.now]
    if not changed:
        return []
    fixed = {"school_key": school_key, "level": level, "source": source, "by": who.actor}
    rows = [{**fixed, **cell._asdict()} for cell in changed]
    session.execute(_KEEP, rows)
    session.execute(_LOG, rows)
    audit(session, who.actor, "entries.saved", f"{school_key}/{level}", {"cells": len(changed), "source": source})
    compute_targets(session, school_keys=[school_key], item_ids=sorted({cell.item_id for cell in changed}))
    return changed


def _percent(current: dict[tuple[str, int], Any], cell: Cell) -> Decimal | None:
    row = current.get((cell.item_id, cell.period))
    value: Decimal | None = None if row is None else row.percent
    return value


def _refuse_conflicts(cells: Sequence[Cell], current: dict[tuple[str, int], Any]) -> None:
    problems = []
    for cell in cells:
        there = _percent(current, cell)
        if cell.was != ANY and there not in (cell.was, cell.now):
            row = current.get((cell.item_id, cell.period))
            problems.append(
                {
                    "code": EntryConflict.code,
                    "item_id": cell.item_id,
                    "period": cell.period,
                    "there": shown_percent(there),
                    "entered": shown_percent(cell.now),
                    "message": f"{row.by if row else 'Somebody'} changed this to {shown_percent(there) or 'blank'}"
                    f" meanwhile; you entered {shown_percent(cell.now) or 'a blank'}.",
                }
            )
    if problems:
        raise EntryConflict(
            "Somebody changed values while you were working. Nothing was saved. Look at them and save again.",
            problems=problems,
        )
