"""Who a director's name is: the one person of the directory, or the reason why nobody, with suggestions for a person."""

import difflib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from shared.names import Spellings, name_key, spelling_key

# The key of a region's head, before the region.
HEAD = "head:"
# The first character of the key of a spelling that is nobody of the directory.
NOBODY = "?"


class Route(NamedTuple):
    """Where a director's mail goes: the person, or None with the reason; `key` is by whom digests are kept."""

    key: str
    name: str
    person_id: str | None
    why: str


class DirectorRoute(NamedTuple):
    """A director of the directory with all spellings of the name; `refused` is the server's no to the address."""

    person_id: str
    name: str
    email: str
    aliases: tuple[str, ...]
    refused: str = ""


class Suggestion(NamedTuple):
    """Somebody whom a spelling may mean; `score` from 0 to 1 orders them, and decides nothing."""

    person_id: str
    name: str
    score: float


def route_of(spelling: str, people: Iterable[DirectorRoute], matches: Mapping[str, str]) -> Route:
    """The one person whose name, alias or matched spelling this is. `matches`: spelling key -> person id."""
    return routes_of([spelling], people, matches)[spelling]


def routes_of(
    spellings: Iterable[str], people: Iterable[DirectorRoute], matches: Mapping[str, str]
) -> dict[str, Route]:
    """The route of each spelling, as `route_of`."""
    known = {person.person_id: person for person in people}
    owners = Spellings({person.person_id: person.aliases for person in known.values()})
    return {spelling: _route(spelling, known, owners, matches) for spelling in spellings}


def _route(spelling: str, known: Mapping[str, DirectorRoute], owners: Spellings, matches: Mapping[str, str]) -> Route:
    if not name_key(spelling):
        return _nobody(spelling, "the row names no regional director")
    matched = known.get(matches.get(spelling_key(spelling), ""))
    if matched is not None:
        return route_to(matched)
    possible = owners.possible(spelling)
    if len(possible) == 1:
        return route_to(known[possible.pop()])
    if possible:
        return _nobody(spelling, "several people of the directory have this name")
    return _nobody(spelling, "nobody in the directory has this name")


def route_to(person: DirectorRoute) -> Route:
    """Where the mail of this very person goes."""
    if not person.email:
        return Route(person.person_id, person.name, None, "the directory has no address for this person")
    if person.refused:
        return Route(person.person_id, person.name, None, f"the address {person.email} was refused: {person.refused}")
    return Route(person.person_id, person.name, person.person_id, "")


def _nobody(spelling: str, why: str) -> Route:
    return Route(f"{NOBODY}{spelling_key(spelling)}", spelling, None, why)


def route_of_head(region: str, name: str, refused: str) -> Route:
    """Where a region's escalations go; `refused` is the mail server's no to the address of its head."""
    key = f"{HEAD}{region}"
    why = f"the address of the head of region {region} was refused: {refused}" if refused else ""
    return Route(key, name, None if refused else key, why)


def suggestions(spelling: str, people: Iterable[DirectorRoute], most: int = 3) -> list[Suggestion]:
    """The people whose spellings are nearest, best first."""
    key = name_key(spelling)
    scored = [
        Suggestion(
            person.person_id,
            person.name,
            max((difflib.SequenceMatcher(None, key, name_key(name)).ratio() for name in person.aliases), default=0.0),
        )
        for person in people
    ]
    return sorted((s for s in scored if s.score >= 0.5), key=lambda s: (-s.score, s.name))[:most]
