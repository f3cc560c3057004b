"""The people of the demo district: directors, principals, designees, duty desks, survey team, operations."""

from collections import defaultdict
from random import Random

from deploy.demo.names import FIRST, LAST
from deploy.demo.shapes import Director, Person, School, mail_address
from deploy.demo.spellings import aliases, full

# The first directors show each shape of a last name: accent, two words, hyphen, apostrophe.
SHOWN_FIRST = ("Zúñiga", "Maldonado Vega", "Peralta-Quinn", "O'Dowd")
REGION_DESKS = ("N", "S", "E", "W", "XS")
DESIGNEE_SHARE = 0.3


def directors(count: int, rng: Random) -> tuple[Director, ...]:
    """Directors with different last names; one in five has no middle initial."""
    others = rng.sample([last for last in LAST if last not in SHOWN_FIRST], count)
    lasts = (*SHOWN_FIRST, *others)[:count]
    firsts = rng.sample(FIRST, count)
    return tuple(
        Director(last, first, rng.choice("ABCDEFGHJKLMNPRSTV") if rng.random() < 0.8 else "")
        for last, first in zip(lasts, firsts, strict=True)
    )


def invented_names(taken: tuple[Director, ...], rng: Random) -> list[str]:
    """`First Last` for everybody who is no director, all different, in random order."""
    used = {f"{director.first} {director.last}" for director in taken}
    pairs = [f"{first} {last}" for first in FIRST for last in LAST]
    return [name for name in rng.sample(pairs, 4000) if name not in used]


def people(schools: tuple[School, ...], heads: tuple[Director, ...], rng: Random) -> tuple[Person, ...]:
    """Every person of the directory, directors first."""
    sites: dict[str, list[str]] = defaultdict(list)
    for school in schools:
        sites[school.principal].append(school.code)
    spare = [name for name in invented_names(heads, rng) if name not in sites]
    found = [Person(full(head), "director", head.email, (), aliases(head)) for head in heads]
    found += [_person(name, "principal", codes) for name, codes in sites.items()]
    found += [_person(spare.pop(), "designee", codes) for codes in sites.values() if rng.random() < DESIGNEE_SHARE]
    found += [_person(spare.pop(), "desk", [region]) for region in REGION_DESKS]
    found += [_person(spare.pop(), "central", []) for _ in range(3)]
    found += [_person(spare.pop(), "ops", []) for _ in range(2)]
    return tuple(found)


def _person(name: str, role: str, scope: list[str]) -> Person:
    first, _, last = name.partition(" ")
    return Person(f"{last}, {first}", role, mail_address(first, last), tuple(scope), (name,))
