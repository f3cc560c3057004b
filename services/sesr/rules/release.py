"""What of a board the public may see: sums with their coverage, and none of so few schools that it names one."""

from collections.abc import Callable, Sequence
from typing import Any

from services.sesr.rules.board import Sums

# A number that fewer schools gave is not shown: it would be nearly a school's own.
FEWEST_SCHOOLS = 5
# Figure -> how many schools gave what it is made of.
_GAVE: dict[str, Callable[[Sums], int]] = {
    "students_present": lambda sums: sums.given["students_present"],
    "enrolled": lambda sums: sums.given["enrolled"],
    "percent": lambda sums: sums.given["enrolled"],
    "adults": lambda sums: sums.with_adults,
}


def public_figures(total: Sums, regions: Sequence[Sums]) -> dict[str, Any]:
    """The figures by name, with the regions of at least FEWEST_SCHOOLS reporting schools.

    None for a figure that too few schools gave: of a region, each figure by itself follows the rule of the regions.
    """
    large = _large_enough(regions, lambda sums: sums.reported)
    of_figures = {name: _large_enough(regions, count) for name, count in _GAVE.items()}
    shown = [
        {"name": each.name, **_figures(each, {name for name, large in of_figures.items() if each.name in large})}
        for each in sorted(regions, key=lambda each: each.name)
        if each.name in large
    ]
    too_few = total.reported < FEWEST_SCHOOLS
    enough = {name for name, count in _GAVE.items() if count(total) >= FEWEST_SCHOOLS}
    figures = _coverage(total) if too_few else _figures(total, enough)
    return {**figures, "too_few": too_few, "regions": shown}


def _large_enough(regions: Sequence[Sums], count: Callable[[Sums], int]) -> set[str]:
    """The names of the regions in which enough schools are counted.

    Where the others have too few together, the smallest is left out too: the difference from the total would show them.
    """
    large = sorted((each for each in regions if count(each) >= FEWEST_SCHOOLS), key=count)
    others = sum(count(each) for each in regions if count(each) < FEWEST_SCHOOLS)
    return {each.name for each in (large[1:] if 0 < others < FEWEST_SCHOOLS else large)}


def _coverage(sums: Sums) -> dict[str, Any]:
    return {"expected": sums.expected, "reported": sums.reported}


def _figures(sums: Sums, shown: set[str]) -> dict[str, Any]:
    """None for what is not shown; a share is over the schools whose enrollment is known."""
    values = {
        "students_present": sums.totals["students_present"],
        "enrolled": sums.totals["enrolled"],
        "percent": None if sums.percent is None else round(sums.percent),
        "adults": sums.adults,
    }
    figures = {name: value if name in shown else None for name, value in values.items()}
    return {**_coverage(sums), **figures, "with_enrolled": sums.given["enrolled"], "with_adults": sums.with_adults}
