"""The saved views of a person."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

_VIEWS = text("select id, name, query from saved_view where person_id = :person_id order by lower(name) limit 100")


def saved_views(session: Session, person_id: str) -> Sequence[Any]:
    """The person's views in the order of their names."""
    return session.execute(_VIEWS, {"person_id": person_id}).all()
