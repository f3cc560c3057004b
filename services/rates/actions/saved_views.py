"""Keeping states of the table under a name, each person their own."""

from urllib.parse import parse_qsl

from sqlalchemy import func, select
from sqlmodel import Session, col

from services.rates.queries.filters import RateFilter
from services.rates.queries.saved_views import VERSION
from services.rates.tables import SavedView
from shared.access import audit
from shared.db import upsert
from shared.errors import Conflict, Invalid, NotFound

MOST_VIEWS = 50


def save_view(session: Session, person_id: str, actor: str, name: str, query: str) -> None:
    """Keeps a query string of the table under a name, replacing one of that name. Raises Invalid, or Conflict for too many."""
    tidy = " ".join(name.split())
    if not tidy:
        problems = [{"code": "name_missing", "field": "view-name", "message": "Enter a name for the view"}]
        raise Invalid("Give the view a name, such as My Tier 1 schools.", problems=problems)
    others = select(func.count()).where(col(SavedView.person_id) == person_id, col(SavedView.name) != tidy)
    if (session.scalar(others) or 0) >= MOST_VIEWS:
        raise Conflict(f"You have {MOST_VIEWS} saved views. Remove one before you save another.")
    kept = RateFilter.read(parse_qsl(query)).address("").removeprefix("?")
    view = {"person_id": person_id, "name": tidy, "version": VERSION, "query": kept}
    upsert(session, SavedView, [view], key=("person_id", "name"), stamp="saved_at")
    audit(session, actor, "view.saved", tidy, {"query": kept})


def forget_view(session: Session, person_id: str, actor: str, view_id: int) -> None:
    """Removes one of a person's own saved views; NotFound for anybody else's."""
    view = session.get(SavedView, view_id)
    if view is None or view.person_id != person_id:
        raise NotFound("This saved view no longer exists. Reload the page.")
    session.delete(view)
    audit(session, actor, "view.removed", view.name)
