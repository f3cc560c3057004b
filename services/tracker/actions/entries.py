"""Saving what people enter: one school and level at a time, each change with its history."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, select

from services.tracker.actions.targets import recompute
from services.tracker.rules.values import shown_percent
from services.tracker.tables.progress import Entry, EntryLog
from shared.access import Who, audit
from shared.access.actors import actor_words
from shared.db import upsert
from shared.errors import Conflict

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:lock, 0))")
ANY = Decimal(-1)


class EntryChange(NamedTuple):
    """A value for an item in a year; `was` is what the person saw there before, ANY where that does not matter."""

    item_id: str
    period: int
    now: Decimal | None
    was: Decimal | None = ANY


Current = Mapping[tuple[str, int], Entry]


class EntryConflict(Conflict):
    """Somebody else changed a value meanwhile; `problems` name item, period, the value there and who entered it."""

    code = "entry_changed_meanwhile"


def save_cells(
    session: Session, who: Who, school_key: str, level: str, cells: Sequence[EntryChange], source: str
) -> list[EntryChange]:
    """Saves the cells that differ and recomputes their items; answers what changed, with the values before.

    Raises EntryConflict, saving nothing, where a value is neither what the person saw nor what they entered.
    """
    session.execute(_LOCK, {"lock": f"{school_key}/{level}"})
    found = select(Entry).where(Entry.school_key == school_key, Entry.level == level)
    current = {(row.item_id, row.period): row for row in session.exec(found.execution_options(populate_existing=True))}
    _refuse_conflicts(cells, current)
    changed = [cell._replace(was=_percent(current, cell)) for cell in cells if _percent(current, cell) != cell.now]
    if not changed:
        return []
    shared = {"school_key": school_key, "level": level, "source": source, "entered_by": who.actor}
    places = [{**shared, "item_id": cell.item_id, "period": cell.period} for cell in changed]
    entered = [{**place, "percent": cell.now} for place, cell in zip(places, changed, strict=True)]
    upsert(session, Entry, entered, stamp="at")
    logged = [{**place, "was": cell.was, "now": cell.now} for place, cell in zip(places, changed, strict=True)]
    session.execute(insert(EntryLog), logged)
    audit(session, who.actor, "entries.saved", f"{school_key}/{level}", {"cells": len(changed), "source": source})
    recompute(session, school_keys=[school_key], item_ids=sorted({cell.item_id for cell in changed}))
    return changed


def _percent(current: Current, cell: EntryChange) -> Decimal | None:
    row = current.get((cell.item_id, cell.period))
    return None if row is None else row.percent


def _refuse_conflicts(cells: Sequence[EntryChange], current: Current) -> None:
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
                    "message": f"{actor_words(row.entered_by) if row else 'Somebody'} changed this to"
                    f" {shown_percent(there) or 'blank'} meanwhile; you entered {shown_percent(cell.now) or 'a blank'}.",
                }
            )
    if problems:
        raise EntryConflict(
            "Someone changed values while you were working. Nothing was saved. Look at them and save again.",
            problems=problems,
        )
