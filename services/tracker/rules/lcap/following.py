"""Which action of another plan year an action is: by the renumbering that people keep, by title, by number."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.tracker.rules.lcap.cells import label, title_key

Number = tuple[int, int]


class Move(NamedTuple):
    """An action of `year` that has another number in the year after; `now` None: it was given up or replaced."""

    year: str
    goal: int
    action: int
    now: Number | None

    @property
    def was(self) -> Number:
        return self.goal, self.action


class Titled(NamedTuple):
    """An action of a table: its number and its title."""

    goal: int
    action: int
    title: str


@dataclass(frozen=True)
class YearActions:
    """The actions of a plan year by (goal, title key), and their numbers."""

    keys: Mapping[tuple[int, str], int]
    titles: Mapping[Number, str]


@dataclass(frozen=True)
class Years:
    """What is known of every plan year: the actions of its table, and the moves out of it."""

    actions: Mapping[str, YearActions] = field(default_factory=dict)
    moves: Mapping[str, Mapping[Number, Number | None]] = field(default_factory=dict)


def actions_of(listed: Iterable[Titled]) -> YearActions:
    """From the rows of a table."""
    rows = list(listed)
    keys = {(row.goal, title_key(row.title)): row.action for row in rows if row.title}
    return YearActions(keys, {(row.goal, row.action): row.title for row in rows})


def moves_of(moves: Iterable[Move]) -> dict[str, dict[Number, Number | None]]:
    """The moves by the year that they lead out of."""
    made: dict[str, dict[Number, Number | None]] = {}
    for move in moves:
        made.setdefault(move.year, {})[move.was] = move.now
    return made


def next_year(year: str) -> str:
    """The school year after: `2024-25` after `2023-24`."""
    first = int(year[:4]) + 1
    return f"{first}-{(first + 1) % 100:02}"


def followed(goal: int, action: int, title: str, start: str, end: str, years: Years) -> Number | None:
    """The number in the plan year `end` of an action of the plan year `start`, an earlier one; None where it is gone."""
    number: Number | None = (goal, action)
    year = start
    while number is not None and year < end:
        after = next_year(year)
        number = _step(number, title, year, years)
        year = after
        title = years.actions[year].titles.get(number, title) if number and year in years.actions else title
    return number


def _step(number: Number, title: str, year: str, years: Years) -> Number | None:
    """One year on: a person's word first, then the title, then the number unless another action has taken it."""
    moves, after = years.moves.get(year, {}), years.actions.get(next_year(year))
    if number in moves:
        return moves[number]
    if after is None:
        return number
    found = after.keys.get((number[0], title_key(title))) if title else None
    if found is not None:
        return number[0], found
    if number not in after.titles or number in {now for now in moves.values() if now}:
        return None
    before = years.actions.get(year)
    owner = None if before is None else before.keys.get((number[0], title_key(after.titles[number])))
    return number if owner in (None, number[1]) else None


class Pair(NamedTuple):
    """An action in two plan years; None where a year does not have it."""

    before: Number | None
    now: Number | None


def paired(before: str, now: str, years: Years) -> list[Pair]:
    """All actions of both years: those of the later one in its order, then the ones that are gone."""
    empty = YearActions({}, {})
    older, newer = years.actions.get(before, empty), years.actions.get(now, empty)
    found: dict[Number, Number] = {}
    for number, title in older.titles.items():
        target = followed(*number, title, before, now, years)
        if target is not None and target in newer.titles and target not in found:
            found[target] = number
    pairs = [Pair(found.get(number), number) for number in sorted(newer.titles)]
    return pairs + [Pair(number, None) for number in sorted(set(older.titles) - set(found.values()))]


def problems_of(moves: Sequence[Move]) -> list[str]:
    """What a renumbering from one year to the next cannot say, as sentences: one number twice, or a circle."""
    found = []
    sources = [move.was for move in moves]
    found += [
        f"{label(*number)} is there twice on the left. Give each action one line."
        for number in sorted({number for number in sources if sources.count(number) > 1})
    ]
    targets = [move.now for move in moves if move.now is not None]
    found += [
        f"Two actions become {label(*number)}. Only one can: give the other one another number, or leave it blank."
        for number in sorted({number for number in targets if targets.count(number) > 1})
    ]
    return found


def circles(moves: Sequence[Move]) -> list[str]:
    """Actions that only trade numbers with one another, each circle as `1.31, 1.32, 1.31`; it may be meant."""
    onward = {move.was: move.now for move in moves if move.now is not None and move.now != move.was}
    found, seen = [], set[Number]()
    for start in onward:
        walk = [start]
        while walk[-1] in onward and walk[-1] not in seen and len(walk) <= len(onward) + 1:
            seen.add(walk[-1])
            target = onward[walk[-1]]
            assert target is not None
            walk.append(target)
            if target == start:
                found.append(", ".join(label(*number) for number in walk))
                break
    return found
