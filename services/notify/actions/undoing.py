"""Keeping that an undo of an upload has begun: its mails stop at once, before the tiers that the undo leads to are here."""

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from services.notify.tables.facts import BegunUndo
from shared.events import UndoBegun


def stop_mails(session: Session, event: UndoBegun) -> None:
    """Keeps the undo. From its commit on, sending leaves alone what was planned by the undone revision."""
    begun = event.model_dump(include={"upload_id", "term", "extraction_date", "revision", "undone_revision"})
    session.execute(insert(BegunUndo).values(begun).on_conflict_do_nothing())
