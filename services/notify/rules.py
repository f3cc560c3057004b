"""The district's decisions on alerts: who is told what of which school, and when nobody is."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from shared.names import person_name, same_person

ALERT_TIER = 1


class Standing(NamedTuple):
    """A school's state for one group at one extraction."""

    school_key: str
    group: str
    on: date
    ploc: str
    school: str
    region: str
    cos: str
    director: str
    total: int | None
    submitted: int | None
    tier: int | None
    needed: int | None
    rate: str


class News(NamedTuple):
    """What a director is told: entered and left since the extraction before, missing now, and all still in Tier 1."""

    entered: list[Standing]
    left: list[Standing]
    missing: list[Standing]
    still: list[Standing]


Standings = Mapping[tuple[str, str], Standing]


def news_by_director(now: Standings, before: Standings) -> dict[str, News]:
    """The news for each director as named in the newest rows; (school key, group) -> standing on both sides.

    A school that is absent now is unknown: neither left nor entered, listed as missing under its last director.
    """
    found: dict[str, News] = {}

    def news_of(director: str) -> News:
        return found.setdefault(director, News([], [], [], []))

    for place, standing in now.items():
        was = before.get(place)
        if standing.tier == ALERT_TIER:
            news_of(standing.director).still.append(standing)
            if was is not None and was.tier != ALERT_TIER:
                news_of(standing.director).entered.append(standing)
        elif was is not None and was.tier == ALERT_TIER and standing.tier is not None:
            news_of(standing.director).left.append(standing)
    for place, was in before.items():
        if was.tier == ALERT_TIER and place not in now:
            news_of(was.director).missing.append(was)
    for news in found.values():
        for listed in news:
            listed.sort(key=lambda s: (s.group, s.needed or 0, s.school, s.school_key))
    return found


def reason_of(news: News, *, first: bool) -> str | None:
    """Why a mail is due, as Alertmanager's pipeline names it; None when there is nothing to say."""
    if not news.still:
        return "all left" if news.left and not first else None
    if first:
        return "first"
    if news.entered:
        return "new schools"
    return "some left" if news.left else "still"


def fingerprint(news: News) -> str:
    """The same for the same news: a correction that changes nothing for a director mails nothing."""
    facts = [[(s.school_key, s.group, s.submitted, s.total) for s in listed] for listed in news]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


class Route(NamedTuple):
    """Where a director's mail goes: the person, or None with the reason why there is no route."""

    person_id: str | None
    why: str


def route_of(director: str, aliases: Mapping[str, Iterable[str]]) -> Route:
    """The one person whose name or alias this spelling is; never guessed: person id -> spellings."""
    if not director.strip():
        return Route(None, "the row names no regional director")
    spelled = person_name(director)
    exact = {pid for pid, names in aliases.items() for name in names if name.casefold() == director.casefold()}
    if len(exact) == 1:
        return Route(exact.pop(), "")
    near = {
        pid
        for pid, names in aliases.items()
        for name in names
        if spelled is not None and (other := person_name(name)) is not None and same_person(spelled, other)
    }
    if len(near) == 1:
        return Route(near.pop(), "")
    if near or exact:
        return Route(None, "several people of the directory have this name")
    return Route(None, "nobody in the directory has this name")
