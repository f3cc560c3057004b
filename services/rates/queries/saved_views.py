"""The saved views of a person."""

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from services.rates.tables import SavedView

# How the query strings that are kept now are to be read; a view of another version is kept and not opened.
VERSION = 1


def saved_views(session: Session, person_id: str) -> Sequence[SavedView]:
    """The person's views in the order of their names."""
    own = select(SavedView).where(col(SavedView.person_id) == person_id)
    return session.exec(own.order_by(func.lower(SavedView.name))).all()
