"""Which LCAP actions an explanation covers: one paragraph may be split over rows, or name a range of actions."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from services.tracker.rules.lcap.actions import AMOUNTS, Action
from services.tracker.rules.lcap.cells import label
from services.tracker.rules.lcap.following import Number

# The table's words "goal actions 1.32-1.34" count by the numbers of the year that is ending.
_RANGE = re.compile(r"goal actions? (\d)\.(\d{1,2})\s?[-–]\s?(\d)\.(\d{1,2})", re.IGNORECASE)
_ENDED = re.compile(r"[.!?][\"'”’)]*$")
SPLIT = "explanation text is one paragraph split over neighboring rows"
TAIL = "explanation text begins in the middle of a sentence; its start is lost"
CUT = "explanation text ends in the middle of a sentence"


@dataclass(frozen=True)
class Cover:
    """Where an action's explanation stands: the covering rows' numbers and how; `own` its own row alone."""

    how: str
    rows: tuple[str, ...]


def mark_split(actions: Sequence[Action]) -> list[Action]:
    """Adds to each row what is wrong with its explanation's text."""
    runs = _runs(actions)
    return [_marked(action, runs[action.number]) for action in actions]


def _marked(action: Action, run: tuple[str, ...]) -> Action:
    text = action.explanation
    if not text:
        return action
    found = ""
    if len(run) > 1:
        found = SPLIT
    elif text[0].islower():
        found = TAIL
    elif not _ENDED.search(text):
        found = CUT
    known = any("explanation" in damage for damage in action.damage)
    return replace(action, damage=(*action.damage, found)) if found and not known else action


def covers(
    actions: Sequence[Action], now_of: Callable[[Number], Number | None] = lambda number: number
) -> dict[str, Cover]:
    """How each action's spending is explained, by its number; an action that is absent here has no explanation.

    `now_of` gives the number in this table of an action of the year before, None where it was given up.
    """
    runs = _runs(actions)
    made: dict[str, Cover] = {}
    for action in actions:
        if not action.explanation:
            continue
        run = runs[action.number]
        made[action.number] = Cover("own" if len(run) == 1 else "range", run)
    for number, rows in _ranged(actions, runs, now_of).items():
        made.setdefault(number, Cover("range", rows))
    for number, sharing in _shared(actions, made).items():
        made.setdefault(number, Cover("shared", (sharing,)))
    return made


def _runs(actions: Sequence[Action]) -> dict[str, tuple[str, ...]]:
    """Each action's run of rows over which one paragraph goes on."""
    runs: list[list[str]] = [[actions[0].number]] if actions else []
    for before, action in pairwise(actions):
        if _goes_on(before, action):
            runs[-1].append(action.number)
        else:
            runs.append([action.number])
    return {number: tuple(run) for run in runs for number in run}


def _goes_on(before: Action, after: Action) -> bool:
    parted = before.goal == after.goal and bool(before.explanation) and not _ENDED.search(before.explanation)
    return parted and bool(after.explanation) and after.explanation[0].islower()


def _ranged(
    actions: Sequence[Action], runs: dict[str, tuple[str, ...]], now_of: Callable[[Number], Number | None]
) -> dict[str, tuple[str, ...]]:
    """The actions that a text names as a range, with the rows that hold that text."""
    made = {}
    for action in actions:
        for goal, first, _, last in _RANGE.findall(action.explanation):
            for prior in range(int(first), int(last) + 1):
                now = now_of((int(goal), prior))
                if now is not None:
                    made[label(*now)] = runs[action.number]
    return made


def _shared(actions: Sequence[Action], explained: dict[str, Cover]) -> dict[str, str]:
    """An action whose amounts equal those of an explained action of its goal: one budget, split evenly."""
    made = {}
    for action in actions:
        amounts = _amounts(action)
        if action.number in explained or None in amounts:
            continue
        twin = next((other for other in actions if _is_twin(action, other) and other.number in explained), None)
        if twin is not None:
            made[action.number] = twin.number
    return made


def _is_twin(action: Action, other: Action) -> bool:
    return other is not action and other.goal == action.goal and _amounts(other) == _amounts(action)


def _amounts(action: Action) -> list[int | None]:
    return [getattr(action, name) for name in AMOUNTS]
