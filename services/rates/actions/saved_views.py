"""Keeping states of the table under a name, each person their own."""

from urllib.parse import parse_qsl

from sqlalchemy import text
from sqlmodel import Session

from services.rates.queries.views import View
from shared.access import audit
from shared.errors import Conflict, Invalid, NotFound

MOST_VIEWS = 50
_COUNT = text("select count(*) from saved_view where person_id = :person_id and name <> :name")
_SAVE = text(
    "insert into saved_view(person_id, name, query) values (:person_id, :name, :query)"
    " on conflict (person_id, name) do update set query = excluded.query, saved_at = now()"
)
_FORGET = text("delete from saved_view where person_id = :person_id and id = :id returning name")


def save_view(session: Session, person_id: str, actor: str, name: str, query: str) -> None:
    """Keeps a query string of the table under a name, replacing one of that name. Raises Invalid, or Conflict for too many."""
    tidy = " ".join(name.split())
    if not tidy:
        problems = [{"code": "name_missing", "field": "view-name", "message": "Enter a name for the view"}]
        raise Invalid("Give the view a name, such as My Tier 1 schools.", problems=problems)
    if session.execute(_COUNT, {"person_id": person_id, "name": tidy}).scalar_one() >= MOST_VIEWS:
        raise Conflict(f"You have {MOST_VIEWS} saved views. Remove one before you save another.")
    kept = View.read(parse_qsl(query)).address("").removeprefix("?")
    session.execute(_SAVE, {"person_id": person_id, "name": tidy, "query": kept})
    audit(session, actor, "view.saved", tidy, {"query": kept})


def forget_view(session: Session, person_id: str, actor: str, view_id: int) -> None:
    """Removes one of a person's own saved views; NotFound for anybody else's."""
    name = session.execute(_FORGET, {"person_id": person_id, "id": view_id}).scalar_one_or_none()
    if name is None:
        raise NotFound("You have no such saved view any more. Reload the page.")
    audit(session, actor, "view.removed", name)
