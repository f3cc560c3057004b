"""Names in files: respondent groups, regions, communities of schools and directors in all their spellings."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from services.ingest.rules.cells import Cell, shown
from shared.events import GROUPS, Group
from shared.names import PersonName, name_key, person_name, same_person, tidy

REGIONS = ("N", "S", "E", "W", "XS")
_REGION_NAMES = {
    **{name.casefold(): name for name in REGIONS},
    "north": "N",
    "south": "S",
    "east": "E",
    "west": "W",
    "options": "XS",
    "virtual": "XS",
    "region north": "N",
    "region south": "S",
    "region east": "E",
    "region west": "W",
}


def group_of(cell: Cell) -> Group | None:
    """The respondent group that a category cell or a tab is named after."""
    words = name_key(shown(cell)).split()
    for group in GROUPS:
        if words and words[0] in (group, group.rstrip("s")) and len(words) <= 2:
            return group
    return None


def region_of(cell: Cell) -> str | None:
    """N, S, E, W or XS; None for a name that is none of them."""
    return _REGION_NAMES.get(name_key(shown(cell)))


def cos_key(cos: str) -> str:
    """By which spellings of one community of schools are equal: separators, case, and I, l and 1 do not count."""
    return name_key(cos).replace("l", "i").replace("1", "i")


def canonical_cos(seen: Mapping[str, int], known: Iterable[str]) -> dict[str, str]:
    """Spelling -> the district's form, for the spellings that differ from it.

    `seen`: spelling -> rows; `known`: the communities of the directory, else the most frequent spelling with `/`.
    """
    forms = {cos_key(cos): cos for cos in sorted(known) if cos}
    for spelling, _ in Counter(seen).most_common():
        forms.setdefault(cos_key(spelling), spelling.replace("_", "/"))
    return {spelling: form for spelling in seen if (form := forms[cos_key(spelling)]) != spelling}


class Spellings:
    """Whose name or alias a spelling is; person id -> spellings. Never guessed by likeness."""

    def __init__(self, people: Mapping[str, Iterable[str]]) -> None:
        self._exact: dict[str, set[str]] = defaultdict(set)
        self._alike: dict[tuple[str, str], list[tuple[PersonName, str]]] = defaultdict(list)
        for person, names in people.items():
            for name in names:
                self._exact[tidy(name).casefold()].add(person)
                spelled = person_name(name)
                if spelled is not None:
                    self._alike[spelled.last, spelled.first].append((spelled, person))

    def people(self, director: str) -> set[str]:
        """The people who are written so."""
        exact = self._exact.get(tidy(director).casefold(), set())
        spelled = person_name(director)
        if exact or spelled is None:
            return exact
        alike = self._alike.get((spelled.last, spelled.first), [])
        return {person for other, person in alike if same_person(spelled, other)}
