"""The rows of somebody's own schools: whoever is signed in sees all rates, and may look at those of their own alone."""

from dataclasses import dataclass
from typing import Any

from shared.access import Who, scope_of, within


@dataclass(frozen=True)
class Own:
    """The rows of somebody's own schools, as a condition on `standing` with its values."""

    condition: str
    values: dict[str, Any]


def own_schools(who: Who) -> Own | None:
    """The own schools of a person; None for a role that has none of its own."""
    scope = scope_of(who)
    return None if scope.everywhere or who.role == "ops" else Own(within("standing"), scope.values)
