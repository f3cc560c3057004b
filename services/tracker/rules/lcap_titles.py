"""The title map: which action of 2024-25 a measure's 2023-24 action is."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.tracker.rules.lcap_cells import MOVED, REPLACED_GOAL, title_key


@dataclass(frozen=True)
class Titles:
    """The actions of the 2024-25 table by (goal, title key), and their numbers."""

    keys: dict[tuple[int, str], int]
    numbers: frozenset[tuple[int, int]]


def titles_of(actions: Iterable[tuple[int, int, str]]) -> Titles:
    """From (goal, action, title) of each action."""
    listed = list(actions)
    keys = {(goal, title_key(title)): action for goal, action, title in listed if title}
    return Titles(keys, frozenset((goal, action) for goal, action, _ in listed))


def action_now(goal: int, action: int, title: str, titles: Titles) -> int | None:
    """The 2024-25 action: by equal title, else by number where numbers mean the same in both years; None where gone."""
    found = titles.keys.get((goal, title_key(title)))
    if found is not None:
        return found
    if goal == REPLACED_GOAL or (goal, action) in MOVED:
        return None
    return action if (goal, action) in titles.numbers else None
