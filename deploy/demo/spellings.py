"""The ways in which the district writes a director's name."""

from deploy.demo.shapes import Director, without_accents


def upper(person: Director) -> str:
    """`NUNEZ, JOSE M`: capitals without accents, as in the newer files."""
    return without_accents(f"{person.last}, {person.first} {person.initial}".strip()).upper()


def mixed(person: Director) -> str:
    """`Nunez, Jose`: mixed case, no accents, no initial, as in the older files."""
    return without_accents(f"{person.last}, {person.first}")


def full(person: Director) -> str:
    """`Núñez, José M`, as the directory writes it."""
    return f"{person.last}, {person.first} {person.initial}".strip()


def aliases(person: Director) -> tuple[str, ...]:
    """Every other spelling of the name that a file may have."""
    plain = without_accents(f"{person.last}, {person.first}")
    found = (upper(person), mixed(person), plain.upper(), f"{person.first} {person.last}")
    return tuple(dict.fromkeys(spelling for spelling in found if spelling != full(person)))


def damaged(person: Director) -> str:
    """A scanner's reading of the name that no rule may guess: the comma a full stop, the last name cut and doubled."""
    last = without_accents(person.last).upper()
    return f"{last[0]}{last[2:]}S. {without_accents(person.first).upper()[:-1]}"
