"""Keys by which names are compared, sorted and searched, so that all services read a name alike."""

import re
import unicodedata
from typing import NamedTuple

_SPACE = re.compile(r"[\s\u00a0\u200b\u200c\u200d\ufeff]+")
_NOT_WORD = re.compile(r"[^0-9a-z]+")


class PersonName(NamedTuple):
    """A person's name as keys: last name, first name, initials after it."""

    last: str
    first: str
    initials: str


def tidy(text: str) -> str:
    """The text with runs of any white space as one space, zero-width characters and outer spaces gone."""
    return " ".join(text.split()) if text.isascii() else _SPACE.sub(" ", text).strip()


def name_key(text: str) -> str:
    """Lower-case letters and digits without accents, words parted by one space: `Núñez, José` -> `nunez jose`."""
    if text.isascii():
        return _NOT_WORD.sub(" ", text.lower()).strip()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return _NOT_WORD.sub(" ", "".join(c for c in plain if not unicodedata.combining(c))).strip()


def person_name(text: str) -> PersonName | None:
    """`LAST, FIRST M` in any case as keys; None where the text has no comma or no first name."""
    last, comma, rest = tidy(text).partition(",")
    words = name_key(rest).split()
    if not comma or not name_key(last) or not words:
        return None
    initials = "".join(word[0] for word in words[1:])
    return PersonName(name_key(last), words[0], initials)


def spoken_name(text: str) -> str:
    """`Frisch, Soren L` as it is said, `Soren L Frisch`; a name without a comma as it is."""
    last, comma, rest = tidy(text).partition(",")
    return f"{rest.strip()} {last}".strip() if comma and rest.strip() else tidy(text)


def same_person(a: PersonName, b: PersonName) -> bool:
    """Whether two spellings can be one person: last and first equal, initials equal or one side without."""
    if (a.last, a.first) != (b.last, b.first):
        return False
    return not a.initials or not b.initials or a.initials[0] == b.initials[0]
