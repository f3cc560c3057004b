"""What of a board the public may see: sums with their coverage, and no group so small that it names a school."""

from collections.abc import Sequence
from typing import Any

from services.sesr.rules.board import Sums

# A region in which fewer schools reported is not shown apart: its sums would be a school's own numbers.
FEWEST_SCHOOLS = 5


def public_figures(total: Sums, regions: Sequence[Sums]) -> dict[str, Any]:
    """The figures by name, with the regions of at least FEWEST_SCHOOLS reporting schools.

    Where just one region is too small, the smallest of the others is left out too: the difference would show it.
    """
    large = sorted((each for each in regions if each.reported >= FEWEST_SCHOOLS), key=lambda each: each.reported)
    small = [each for each in regions if 0 < each.reported < FEWEST_SCHOOLS]
    if small and sum(each.reported for each in small) < FEWEST_SCHOOLS:
        large = large[1:]
    shown = sorted(large, key=lambda each: each.name)
    too_few = total.reported < FEWEST_SCHOOLS
    figures = _coverage(total) if too_few else _figures(total)
    return {**figures, "too_few": too_few, "regions": [{"name": each.name, **_figures(each)} for each in shown]}


def _coverage(sums: Sums) -> dict[str, Any]:
    return {"expected": sums.expected, "reported": sums.reported}


def _figures(sums: Sums) -> dict[str, Any]:
    """None for what no school gave; a share is over the schools whose enrollment is known."""
    return {
        **_coverage(sums),
        "students_present": sums.totals["students_present"] if sums.given["students_present"] else None,
        "enrolled": sums.totals["enrolled"] if sums.given["enrolled"] else None,
        "with_enrolled": sums.given["enrolled"],
        "percent": None if sums.percent is None else round(sums.percent),
        "adults": sums.adults if sums.with_adults else None,
        "with_adults": sums.with_adults,
    }
