"""Measures that come from the School Experience Survey: item, who answered, level, subgroup, and the tracker's item."""

import re
from dataclasses import dataclass
from typing import Literal

from shared.names import name_key

Kind = Literal["no", "explicit", "implicit"]
LEVELS = ("Elementary", "Middle", "High")
ALL = "All"
_SURVEY = "School Experience Survey"
# Another survey with a like name; its measures are kept apart.
_OTHER_SURVEY = "BSAP survey"
_QUOTED = re.compile(r"[\"“]([^\"“”]+)[\"”]")
_FEEL = re.compile(r"students who (feel .+?)(?= for Highest| per |$)", re.DOTALL)
_THAT = re.compile(r"agreeing that (?:the )?(.+?)(?= \(|$)", re.DOTALL)
_LEVEL = re.compile(r"\b(Elementary|Middle|High)\b(?! / | \(|-Need| quality|est)", re.IGNORECASE)
_ENDING = re.compile(r" - ([A-Z][A-Za-z ]+)$")
_HIGHEST_NEED = "Highest-need schools"
# Which item of the progress tracker, by its id, says nearly the same (proposal; the others have none).
TRACKER_ITEMS = (
    ("safe", "students", "2a-safe"),
    ("lots of chances", "students", "3d-leadership"),
)


@dataclass(frozen=True)
class Survey:
    """A measure's place in the survey; `level` and `subgroup` are empty where only the values' groups tell them."""

    kind: Kind
    item: str = ""
    respondents: str = ""
    level: str = ""
    subgroup: str = ""


def survey_of(measure: str) -> Survey:
    """What the measure's words say: 'explicit' where they name the survey, 'implicit' for a feeling nobody else asks."""
    if _OTHER_SURVEY in measure:
        return Survey("no")
    felt = _FEEL.search(measure)
    explicit = _SURVEY in measure
    if not explicit and felt is None:
        return Survey("no")
    quoted, that = _QUOTED.search(measure), _THAT.search(measure)
    item = quoted[1] if quoted else felt[1] if felt else that[1] if that else measure
    respondents = "parents" if re.search(r"\bparents?\b", measure, re.IGNORECASE) else "students"
    outside = measure.replace(quoted[0], "") if quoted else measure
    return Survey(
        "explicit" if explicit else "implicit",
        re.sub(r"\bare a part\b", "are part", item).strip(),
        respondents,
        level_of(outside),
        _subgroup(outside),
    )


def level_of(text: str) -> str:
    """Elementary, Middle or High where the text names one; empty otherwise."""
    found = _LEVEL.search(text.replace("Highest- Need", "").replace("Highest-Need", ""))
    return found[1].capitalize() if found else ""


def _subgroup(measure: str) -> str:
    ending = _ENDING.search(measure)
    if ending and not level_of(ending[1]):
        return plain_group(ending[1])
    if "Community Schools" in measure:
        return "Community Schools"
    if "Highest" in measure:
        return _HIGHEST_NEED
    return "Black students" if "Black students" in measure else ""


def plain_group(group: str) -> str:
    """One spelling for a subgroup: `All Students`, `Overall` and `Elementary School (Overall)` are all pupils."""
    bare = re.sub(r"^(Elementary|Middle|High) Schools?\b", "", group).strip(" ()")
    if name_key(bare) in ("", "overall", "all students"):
        return ALL
    return "English Learners" if name_key(bare) == "english learner" else bare


def tracker_item(survey: Survey) -> str:
    """The id of the tracker's like item; empty where it has none."""
    for words, respondents, item_id in TRACKER_ITEMS:
        if survey.respondents == respondents and words in survey.item:
            return item_id
    return ""
