"""Names in files: respondent groups, regions, communities of schools and directors in all their spellings."""

from collections import Counter
from collections.abc import Iterable, Mapping

from services.ingest.rules.cells import Cell, shown
from shared.events import GROUPS, Group
from shared.names import name_key

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
