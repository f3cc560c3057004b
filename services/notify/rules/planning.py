"""Planning as one pure decision: from what stands now and what was told, the digests that are due."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from services.notify.rules.news import (
    MOVED,
    NEW,
    OPEN,
    Course,
    Line,
    Owner,
    Place,
    Standing,
    Standings,
    Told,
    Wish,
    closed_lines,
    in_order,
    is_correction,
    line_of,
    open_lines,
    reason_of,
    taken_back,
)
from services.notify.rules.routes import Route


class World(NamedTuple):
    """All that planning looks at. `told`, `snoozed`, `wishes` are by director key; `routes` by spelling; `as_of` by group."""

    on: date
    now: Standings
    courses: Mapping[Place, Course]
    told: Mapping[str, Told]
    routes: Mapping[str, Route]
    snoozed: Mapping[str, Mapping[Place, str]]
    wishes: Mapping[str, Wish]
    as_of: Mapping[str, str]


class Due(NamedTuple):
    """One digest that is due. `taken_back`: the day of an extraction that was told and is not there any more."""

    key: str
    spelling: str
    route: Route
    reason: str
    correction: bool
    lines: list[Line]
    taken_back: date | None = None


def owners_of(world: World) -> dict[Place, Owner]:
    """Who each place belongs to now: the director on the school's latest row, also for a group of an older one."""
    latest: dict[str, Standing] = {}
    for standing in world.now.values():
        known = latest.setdefault(standing.school_key, standing)
        if (standing.on, standing.group) > (known.on, known.group):
            latest[standing.school_key] = standing
    owners = {}
    for place, standing in world.now.items():
        newest = latest[standing.school_key]
        spelling = (standing if standing.on == newest.on else newest).director
        owners[place] = Owner(world.routes[spelling].key, spelling)
    return owners


def digests_due(world: World, only: Collection[str] | None = None) -> list[Due]:
    """The digests that are due, for all directors or for some keys only; two spellings of one person are one."""
    owners = owners_of(world)
    mine: dict[str, list[Standing]] = defaultdict(list)
    for place, standing in world.now.items():
        mine[owners[place].key].append(standing)
    in_file = {owner.spelling for owner in owners.values()}
    best_last = sorted(world.routes.items(), key=lambda item: (item[0] in in_file, item[0]))
    spelled = {route.key: (spelling, route) for spelling, route in best_last}
    found = []
    for key in sorted({*mine, *world.told}):
        if (only is not None and key not in only) or key not in spelled:
            continue
        told = world.told.get(key)
        lines = open_lines(mine[key], told, world.courses, world.snoozed.get(key, {}))
        if told is not None:
            lines += closed_lines(told, world.now, owners, key)
        lines = in_order(lines)
        reason = reason_of(lines, told, world.on, world.wishes.get(key, Wish()))
        if reason is not None:
            # Where only a route was mended, a school that came with it or went corrects no number.
            counted = [line for line in lines if only is None or line.mark not in (NEW, MOVED)]
            corrects = is_correction(counted, told, world.on, world.as_of)
            found.append(Due(key, *spelled[key], reason, corrects, lines, taken_back(told, world.as_of)))
    return sorted(found, key=lambda due: (due.spelling.casefold(), due.key))


def escalations_due(world: World, heads: Mapping[str, Route], after: int) -> list[Due]:
    """One digest per region with a known head: the places in Tier 1 for `after` extractions or more, once new ones come."""
    found = []
    for region, route in sorted(heads.items()):
        told = world.told.get(route.key)
        known = set() if told is None else {line.place for line in told.lines if line.mark in OPEN}
        lines = [
            line_of(standing, "still" if place in known else "new", world.courses[place])
            for place, standing in world.now.items()
            if standing.region == region and standing.tier == 1 and place in world.courses
            and world.courses[place].lasted >= after
        ]  # fmt: skip
        if after and any(line.mark == "new" for line in lines):
            found.append(Due(route.key, f"Head of region {region}", route, "escalated", False, in_order(lines)))
    return found


def counts_of(lines: Sequence[Line]) -> dict[str, int]:
    """How many lines carry each mark."""
    found: dict[str, int] = defaultdict(int)
    for line in lines:
        found[line.mark] += 1
    return dict(found)
