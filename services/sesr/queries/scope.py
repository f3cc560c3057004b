"""Which schools a person may see or report for: the one place where a role's scope becomes SQL."""

import re
from dataclasses import dataclass
from typing import Any

from shared.access import Who

# For a query in which `s` is the school table; its values come from `Scope.values`.
WITHIN = "(:everywhere or s.school_key = any(:scope_schools) or s.region = any(:scope_regions))"
# The same for a query that asks for many at once: its row `q` of each has the columns of `Scope.values`.
WITHIN_EACH = re.sub(r":(\w+)", r"q.\1", WITHIN)


@dataclass(frozen=True)
class Scope:
    """Everything, or these schools and regions."""

    everywhere: bool = False
    schools: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, Any]:
        return {
            "everywhere": self.everywhere,
            "scope_schools": list(self.schools),
            "scope_regions": list(self.regions),
        }


def scope_of(who: Who) -> Scope:
    """Central sees all, a desk its regions, a director, principal or designee their schools, others nothing."""
    if who.role == "central":
        return Scope(everywhere=True)
    if who.role == "desk":
        return Scope(regions=who.scope)
    if who.role in ("director", "principal", "designee"):
        return Scope(schools=who.scope)
    return Scope()
