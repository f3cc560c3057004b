"""Who may see which schools: the one rule, applied in the query by every service to its own table of schools.

A service's table has the columns `school_key`, `director` (the spelling as the district's files have it) and `region`.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, false, or_, true
from sqlmodel import col

from shared.access.people import Who

_WITHIN = """
(:everywhere or {0}.school_key = any(:scope_schools) or {0}.director = any(:scope_directors)
  or {0}.region = any(:scope_regions))
"""


@dataclass(frozen=True)
class Scope:
    """All schools, or those with these keys, with a director who is written so, or in these regions."""

    everywhere: bool = False
    schools: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no school at all can be in it."""
        return not (self.everywhere or self.schools or self.directors or self.regions)

    @property
    def values(self) -> dict[str, Any]:
        """The values of the names in `within`."""
        return {
            "everywhere": self.everywhere,
            "scope_schools": list(self.schools),
            "scope_directors": list(self.directors),
            "scope_regions": list(self.regions),
        }

    def covers(self, table: Any) -> ColumnElement[bool]:
        """The condition on a table class (or an alias of it) that leaves the schools of this scope."""
        if self.everywhere:
            return true()
        return or_(
            false(),
            col(table.school_key).in_(self.schools),
            col(table.director).in_(self.directors),
            col(table.region).in_(self.regions),
        )


def within(alias: str) -> str:
    """The condition as SQL text for the table under an alias; its values are `Scope.values`."""
    return _WITHIN.format(alias).strip()


def scope_of(who: Who) -> Scope:
    """The schools of a person in the role they are in.

    Central staff see all; a desk its regions; a director those that the directory names and those whose director is
    spelled in a way that is theirs; a principal or designee those that the directory names; operations none.
    """
    if who.role == "central":
        return Scope(everywhere=True)
    if who.role == "desk":
        return Scope(regions=who.scope)
    if who.role == "director":
        return Scope(schools=who.scope, directors=who.spellings)
    if who.role in ("principal", "designee"):
        return Scope(schools=who.scope)
    return Scope()
