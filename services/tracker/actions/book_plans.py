"""What a returned workbook is compared with: its plan's items by all their words, levels and years."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session, select

from services.tracker.queries.plan import items, levels, period_rows, plan_of
from services.tracker.tables.plan import Item, StrategicPlan
from services.tracker.workbook.layout import STAMP_SHEET
from services.tracker.workbook.stamps import BookPlan, plan_of_stamp
from shared.names import name_key


def plan_of_book(session: Session, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> StrategicPlan:
    """The plan that a workbook names; of an older one, or one without its hidden sheet, the plan of its items."""
    named, item_ids = plan_of_stamp(sheets.get(STAMP_SHEET) or [])
    if not named and item_ids:
        named = session.exec(select(Item.plan_id).where(Item.item_id == item_ids[0])).first() or ""
    known = session.get(StrategicPlan, named) if named else None
    return known or plan_of(session, None)


def book_plan(session: Session, plan: StrategicPlan) -> BookPlan:
    """What is known of a plan, for reading its workbooks; retired items are no longer followed."""
    words = {}
    for item in items(session, plan.plan_id, with_retired=False):
        texts = (item.item, *item.aliases)
        words[item.item_id] = frozenset(
            name_key(text) for word in texts for text in (word, f"{item.respondents} / {word}")
        )
    years = period_rows(session, plan.plan_id)
    labels = {name_key(label): year.position for year in years for label in (*year.aliases, year.label)}
    return BookPlan(levels(session, plan.plan_id), words, labels, [year.label for year in years])
