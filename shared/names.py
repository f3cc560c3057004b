"""Names of people and things as keys, so that all services read a name alike, and the one rule for whose name a spelling is."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

_SPACE = re.compile(r"[\s\u00a0\u200b\u200c\u200d\ufeff]+")
_NOT_WORD = re.compile(r"[^0-9a-z]+")
_NOT_LETTER_OR_DIGIT = re.compile(r"[\W_\u02b9-\u02bd]+")
# `LATIN SMALL LETTER O WITH STROKE` is an o. What has no such name is in _LATIN.
_WITH_MARK = re.compile(r"LATIN (?:SMALL|CAPITAL) LETTER (?:DOTLESS )?([A-Z])(?: WITH [-A-Z ]+)?")
_LATIN = {
    "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ŋ": "ng", "ĸ": "k", "ɛ": "e", "ɔ": "o", "ə": "e", "ǝ": "e", "ɣ": "g",
    "ɩ": "i", "ʊ": "u", "ʒ": "z", "ɑ": "a", "ʌ": "a", "ȣ": "ou", "ꜳ": "aa", "ꜵ": "ao", "ꜷ": "au", "ꝏ": "oo",
}  # fmt: skip
# What may stand between the letters of a name: white space, points, hyphens, apostrophes. Any other sign may be a letter
# that a program has lost (`MU?OZ`), so such a name is nobody's until a person says whose it is.
_BETWEEN = re.compile(r"[\s.,'`´·\-\u00ad\u2010-\u2015\u2018\u2019\u02b9-\u02bd\u2032\u2212]")
# Of accents that stand by themselves in one name: composing takes a time that grows with the square of their number.
MOST_MARKS = 1000
_SUFFIXES = ("jr", "sr", "ii", "iii", "iv", "v")


class PersonName(NamedTuple):
    """A person's name as keys: last name, first name, the names or initials after it, and a suffix such as `jr`."""

    last: str
    first: str
    middle: tuple[str, ...]
    suffix: str


def tidy(text: str) -> str:
    """The text with runs of any white space as one space, zero-width characters and outer spaces gone."""
    return " ".join(text.split()) if text.isascii() else _SPACE.sub(" ", text).strip()


def name_key(text: str) -> str:
    """Lower-case letters and digits, words separated by one space: `Núñez, José` -> `nunez jose`, `ĐẶNG` -> `dang`.

    Accents go, letters stay: one that is no Latin letter stands in the key as it is.
    """
    if text.isascii():
        return _NOT_WORD.sub(" ", text.lower()).strip()
    return _NOT_LETTER_OR_DIGIT.sub(" ", "".join(map(_plain, _decomposed(text)))).strip()


def spelling_key(text: str) -> str:
    """By which two spellings of a name are the very same one: case, white space and composed accents do not count."""
    return _composed(tidy(text).casefold())


def sort_key(text: str) -> str:
    """The text as it is sorted and searched: lower case and without accents, É as e; punctuation and digits stay."""
    return text.lower() if text.isascii() else "".join(map(_plain, _decomposed(text)))


def person_name(text: str) -> PersonName | None:
    """`LAST, FIRST M` in any case as keys.

    None where the text has no comma or no first name, or holds a sign or letter that cannot be mapped to a to z.
    """
    last, comma, rest = tidy(text).partition(",")
    words = name_key(rest).split()
    if not comma or not words or not name_key(last) or not _is_mapped(text):
        return None
    suffix = words.pop() if len(words) > 1 and words[-1] in _SUFFIXES and len(words[-1]) > 1 else ""
    return PersonName(name_key(last), words[0], tuple(words[1:]), suffix)


def spoken_name(text: str) -> str:
    """`Frisch, Soren L` as it is said, `Soren L Frisch`; a name without a comma as it is."""
    last, comma, rest = tidy(text).partition(",")
    return f"{rest.strip()} {last}".strip() if comma and rest.strip() else tidy(text)


def same_person(a: PersonName, b: PersonName) -> bool:
    """Whether two spellings can be one person: last and first name equal, and nothing after them that contradicts.

    An initial agrees with a name that begins with it; a side without middle names or suffix agrees with any.
    """
    if (a.last, a.first) != (b.last, b.first) or (a.suffix and b.suffix and a.suffix != b.suffix):
        return False
    return all(_agree(*pair) for pair in zip(a.middle, b.middle, strict=False))


class Spellings:
    """Whose name a spelling is, by the names and aliases of all who may be meant: person id -> spellings.

    Never guessed by likeness. A spelling that is somebody's name or alias as it stands is theirs alone; else whoever can
    be written so may be meant (`same_person`), and a spelling that may mean two people is nobody's.
    """

    def __init__(self, people: Mapping[str, Iterable[str]]) -> None:
        self._exact: dict[str, set[str]] = defaultdict(set)
        self._alike: dict[tuple[str, str], list[tuple[PersonName, str]]] = defaultdict(list)
        for person_id, spellings in people.items():
            for spelling in spellings:
                self._exact[spelling_key(spelling)].add(person_id)
                name = person_name(spelling)
                if name is not None:
                    self._alike[name.last, name.first].append((name, person_id))

    def possible(self, spelling: str) -> set[str]:
        """All the people whom the spelling may mean."""
        exact = self._exact.get(spelling_key(spelling), set())
        name = person_name(spelling)
        if exact or name is None:
            return set(exact)
        return {
            person_id for other, person_id in self._alike.get((name.last, name.first), ()) if same_person(name, other)
        }

    def person(self, spelling: str) -> str | None:
        """The one person whose name this is; None where nobody's or where it may mean several."""
        found = self.possible(spelling)
        return found.pop() if len(found) == 1 else None


def _agree(a: str, b: str) -> bool:
    return a == b or (a[0] == b[0] and min(len(a), len(b)) == 1)


def _decomposed(text: str) -> str:
    """The case-folded text with each letter apart from its accents.

    Letter by letter: over a whole text the accents are sorted too, in a time that grows with the square of their number.
    """
    return "".join(map(_parts, text.casefold()))


@lru_cache(maxsize=4096)
def _parts(character: str) -> str:
    return unicodedata.normalize("NFKD", character)


def _composed(text: str) -> str:
    """The text with composed accents; one with more accents than letters can carry is no name, and stays as it is."""
    marks = sum(map(_is_mark, text))
    return text if marks > MOST_MARKS else unicodedata.normalize("NFC", text)


@lru_cache(maxsize=4096)
def _is_mark(character: str) -> bool:
    return unicodedata.combining(character) > 0


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """The letters a to z of a decomposed, case-folded Latin letter; nothing for an accent; any other as it is."""
    if character.isascii():
        return character
    name = unicodedata.name(character, "")
    if unicodedata.combining(character) and "LETTER" not in name:
        return ""
    marked = _WITH_MARK.fullmatch(name.removeprefix("COMBINING "))
    return marked[1].lower() if marked else _LATIN.get(character, character)


def _is_mapped(text: str) -> bool:
    """Whether nothing of a name is lost or left over when it is written with the letters a to z."""
    letters = map(_plain, _BETWEEN.sub("", _decomposed(text)))
    return all(letter.isascii() and letter.isalnum() for letter in letters if letter)
