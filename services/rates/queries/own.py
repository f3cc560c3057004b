"""The rows of somebody's own schools: whoever is signed in sees all rates, and may look at those of their own alone."""

from sqlalchemy import ColumnElement

from services.rates.tables import SchoolHistory
from shared.access import Who, scope_of

Own = ColumnElement[bool]


def own_schools(who: Who) -> Own | None:
    """The condition that leaves the own schools of a person; None for a role that has none of its own."""
    scope = scope_of(who)
    return None if scope.everywhere or who.role == "ops" else scope.covers(SchoolHistory)
