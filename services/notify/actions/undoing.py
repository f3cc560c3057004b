"""Keeping that an undo of an upload has begun: its mails stop at once, before the tiers that the undo leads to are here."""

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from services.notify.tables.facts import BegunUndo
from shared.db import fields_of
from shared.events import UndoBegun


def stop_mails(session: Session, event: UndoBegun) -> None:
    """Keeps the undo. From its commit on, sending leaves alone what was planned by the undone revision."""
    session.execute(insert(BegunUndo).values(fields_of(BegunUndo, event.model_dump())).on_conflict_do_nothing())
