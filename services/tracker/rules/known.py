"""The district's first plan (the progress tracker's own sheet), with which the tracker begins; people add others."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shared.names import name_key

LEVELS = ("Elementary", "Middle", "High School")
PERIODS = ("Fall 2021", "Fall 2022", "Fall 2023", "Fall 2024", "Fall 2025")
PLAN_ID, PLAN_NAME, FINAL_LABEL = "2022-2026", "Strategic Plan 2022-2026", "2026"
GROUPS = ("STUDENTS", "PARENTS", "STAFF")
TO_BE_SET = "To be set for this level."
_LEVEL_WORDS = {
    "elementary": LEVELS[0],
    "el": LEVELS[0],
    "primary": LEVELS[0],
    "middle": LEVELS[1],
    "ms": LEVELS[1],
    "high": LEVELS[2],
    "hs": LEVELS[2],
    "senior": LEVELS[2],
    "sh": LEVELS[2],
}

# Kinds of schools of the directory that name no level of the tracker, and where their schools are expected unless
# central staff say otherwise (a proposal; the documents are silent).
KINDS = {
    "Span": (LEVELS[0], LEVELS[1]),
    "Options": (LEVELS[2],),
    "Early Education": (LEVELS[0],),
    "Special Education": (LEVELS[0],),
}


class KnownItem(NamedTuple):
    """An item as the Elementary tab prints it; `is_of_level` where the goal is stated for elementary schools only."""

    item_id: str
    pillar: str
    metric: str
    district_goal: str
    respondents: str
    item: str
    category: str
    area: str
    increase: str
    is_of_level: bool = False
    aliases: tuple[str, ...] = ()
    from_rates: bool = False


_SEL_METRIC = "Increase STUDENTS social-emotional learning (SEL) competencies 8 percentage points by June 2026."
_SEL_GOAL = (
    "Students will demonstrate growth of 8 percentage points (2 percentage points annually) in each of the"
    " social-emotional learning (SEL) competencies of growth mindset, self-efficacy, self-management, and social"
    " awareness."
)
_CLIMATE = "School Climate"
_SEL = "Social-Emotional Learning"


def _sel(item_id: str, area: str) -> KnownItem:
    """One of the four social-emotional competencies, which share metric and goal."""
    item = f'"Overall" SEL {area}'
    return KnownItem(item_id, "Pillar 2, Priority 2C", _SEL_METRIC, _SEL_GOAL, "STUDENTS", item, _SEL, area, "8.0")


ITEMS = (
    KnownItem(
        "1b-happy",
        "Pillar 1, Priority 1B",
        "Increase the percentage of STUDENTS reporting on the School Experience Survey that they are happy to be at"
        " their school.",
        "Elementary schools will increase by 10 percentage points the percentage of happy to be at this school.",
        "STUDENTS",
        "I am happy to be at this school.",
        _CLIMATE,
        "Connectedness",
        "10.0",
        is_of_level=True,
    ),
    KnownItem(
        "2a-safe",
        "Pillar 2, Priority 2A",
        "Increase the percentage of STUDENTS reporting on the School Experience Survey that feel safe at their school.",
        "District will increase by 9.3 percentage points the percentage of students reporting on the School"
        " Experience Survey that they feel safe at their school.",
        "STUDENTS",
        "I feel safe in this school or in online school sessions.",
        _CLIMATE,
        "Safety",
        "9.3",
    ),
    _sel("2c-growth-mindset", "Growth Mindset"),
    _sel("2c-self-efficacy", "Self-Efficacy"),
    _sel("2c-self-management", "Self-Management"),
    _sel("2c-social-awareness", "Social Awareness"),
    KnownItem(
        "3a-welcome",
        "Pillar 3, Priority 3A",
        "Increase the percentage of PARENTS reporting on the School Experience Survey they feel welcome to"
        " participate at their school.",
        "District will increase 7.7 percentage points the percentage of parents reporting on the School Experience"
        " Survey that they feel welcome to participate at their school.",
        "PARENTS",
        "I feel welcome to participate at this school.",
        _CLIMATE,
        "Parent Engagement",
        "7.7",
    ),
    KnownItem(
        "3a-customer-service",
        "Pillar 3, Priority 3A",
        "Increase the percentage of PARENTS responding favorably on the School Experience Survey around overall"
        " customer service.",
        "Elementary schools will increase 8 percentage points (2 percentage points annually) the percentage of"
        " parents responding favorably on the School Experience Survey around overall customer service.",
        "PARENTS",
        '"Overall" Customer Service',
        _CLIMATE,
        "Customer Service",
        "8.0",
        is_of_level=True,
    ),
    KnownItem(
        "3b-information",
        "Pillar 3, Priority 3B",
        "Increase the percentage of PARENTS reporting on the School Experience Survey that their school provides them"
        " with information they can understand.",
        "District will increase 4.8 Percentage points the percentage of parents reporting on the School Experience"
        " Survey that their school provides them with information they can understand.",
        "PARENTS",
        "This school provides me with information I can understand.",
        _CLIMATE,
        "Resource Availability",
        "4.8",
        aliases=("This school provides me with information (verbal and written) I can understand.",),
    ),
    KnownItem(
        "3d-participation-rate",
        "Pillar 3, Priority 3D",
        "Increase the percentage of PARENTS participating in the annual School Experience Survey.",
        "District will increase the School Experience Survey parent participation rate 8 percentage points to 60% by"
        " 2026 (from 52% 2021-22 baseline).",
        "PARENTS",
        "Participation Rate",
        "N/A",
        "",
        "8.0",
        from_rates=True,
    ),
    KnownItem(
        "3d-leadership",
        "Pillar 3, Priority 3D",
        "Increase the percentage of STUDENTS responding favorably on the School Experience Survey around overall"
        " opportunities for participation and leadership.",
        "Elementary schools will increase 8 percentage points (2 percentage points annually) the percentage of"
        " students responding favorably on the School Experience Survey around opportunities for participation and"
        " leadership.",
        "STUDENTS",
        '"Overall" Opportunities for Participation & Leadership',
        _CLIMATE,
        "Opportunities for Participation & Leadership",
        "8.0",
        is_of_level=True,
    ),
    KnownItem(
        "5c-supportive",
        "Pillar 5, Priority 5C",
        "Increase the percentage of STAFF reporting on the School Experience Survey that their school is a supportive"
        " and inviting place to work.",
        "District will increase 10 percentage points the percentage of staff reporting on the School Experience"
        " Survey that their school is a supportive and inviting place to work.",
        "STAFF",
        "This school is a supportive and inviting place for staff to work.",
        _CLIMATE,
        "School Climate Staff",
        "10.0",
    ),
)


def goal_of(item: KnownItem, level: str) -> tuple[str | None, str]:
    """The increase and the goal's words at a level; None for a goal that is stated for elementary schools only."""
    if item.is_of_level and level != LEVELS[0]:
        return None, TO_BE_SET
    return item.increase, item.district_goal


def level_of(directory_level: str) -> str | None:
    """The tab that a level of the directory, or of a results file, names; None where it names none."""
    first = directory_level.casefold().split()
    return _LEVEL_WORDS.get(first[0]) if first else None


def level_words(level: str) -> list[str]:
    """The words by which files name a level, its own first."""
    return [level, *(word for word, name in _LEVEL_WORDS.items() if name == level)]


def levels_of(directory_level: str, kinds: Mapping[str, Sequence[str]]) -> list[str]:
    """The levels at which a school of a kind is expected; `kinds` by name key, empty where nobody has said it."""
    named = kinds.get(name_key(directory_level))
    if named is not None:
        return list(named)
    level = level_of(directory_level)
    return [] if level is None else [level]
