"""What changes during the survey window: movers, new names, a closed and an opened school, a spelling nobody knows."""

from random import Random
from typing import TypedDict

from deploy.demo.names import PERSON_WORDS
from deploy.demo.shapes import Director, FormerSchool, School
from deploy.demo.spellings import damaged

DIRECTOR_MOVES = 0.01
PLACE_MOVES = 0.003
RENAMED = 2
CLOSED_AT = 4
OPENED_AT = 2


class Changes(TypedDict):
    """The parts of a district that change during the window."""

    changes: dict[str, FormerSchool]
    closed_at: dict[str, int]
    opened_at: dict[str, int]
    misspelt: dict[str, str]


def changes(schools: tuple[School, ...], heads: tuple[Director, ...], rng: Random) -> Changes:
    """Each change concerns another school; only elementary schools that share their PLOC with nobody."""
    sharing = {school.ploc for school in schools if school.kind == "Mag"}
    alone = [school for school in schools if school.kind == "El" and school.ploc not in sharing]
    rng.shuffle(alone)
    closed, opened, misspelt = alone.pop(), alone.pop(), alone.pop()
    found = {school.code: _renamed(school, rng) for school in (alone.pop() for _ in range(RENAMED))}
    for _ in range(max(1, round(len(schools) * DIRECTOR_MOVES))):
        school = alone.pop()
        found[school.code] = _other_director(school, schools, heads, rng)
    for _ in range(max(1, round(len(schools) * PLACE_MOVES))):
        school = alone.pop()
        found[school.code] = _other_place(school, schools, rng)
    return Changes(
        changes=found,
        closed_at={closed.code: CLOSED_AT},
        opened_at={opened.code: OPENED_AT},
        misspelt={misspelt.code: damaged(misspelt.director)},
    )


def _renamed(school: School, rng: Random) -> FormerSchool:
    old = f"{rng.choice(PERSON_WORDS)} Mem El"
    return FormerSchool(rng.randrange(2, 6), old, school.region, school.cos, school.director)


def _other_director(
    school: School, schools: tuple[School, ...], heads: tuple[Director, ...], rng: Random
) -> FormerSchool:
    """Before, the school had another director of its region; where there is none, any other."""
    near = {other.director for other in schools if other.region == school.region} - {school.director}
    old = rng.choice([head for head in heads if head in near] or [h for h in heads if h != school.director])
    return FormerSchool(rng.randrange(2, 6), school.name, school.region, school.cos, old)


def _other_place(school: School, schools: tuple[School, ...], rng: Random) -> FormerSchool:
    """Before, the school stood where some school of another CoS stands."""
    old = rng.choice([other for other in schools if other.cos != school.cos and other.region != "XS"])
    return FormerSchool(rng.randrange(2, 6), school.name, old.region, old.cos, old.director)
