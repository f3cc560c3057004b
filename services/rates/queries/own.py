"""Whose schools are whose: a director's by the name in the rows, a school's people by their sites, a desk's by region."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.rates.rules import own_spellings
from shared.access import Who

_PEOPLE = text("select person_id, lower(email) as email, spellings from person")
_SPELLINGS = text('select distinct director from standing where term = :term and "group" = :group and "on" = :on')


@dataclass(frozen=True)
class Own:
    """The rows of somebody's own schools, as a condition on `standing` with its values."""

    condition: str
    values: dict[str, Any]


def own_schools(session: Session, who: Who, place: dict[str, Any]) -> Own | None:
    """The own schools of a person at an extraction; None for a role that has none of its own."""
    if who.role == "director":
        people = session.execute(_PEOPLE).all()
        mine = next((row.person_id for row in people if row.email == who.email.lower()), None)
        if mine is not None:
            spelled = session.execute(_SPELLINGS, place).scalars()
            found = own_spellings(mine, spelled, {row.person_id: row.spellings for row in people})
            return Own("director = any(:own)", {"own": found})
    if who.role == "desk":
        return Own("region = any(:own)", {"own": list(who.scope)})
    if who.role in ("director", "principal", "designee"):
        return Own("school_key = any(:own)", {"own": list(who.scope)})
    return None
