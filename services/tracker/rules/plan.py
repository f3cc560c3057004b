"""What a plan's editor may type: the texts of an item, how long they and a year's label may be, and which must be there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.tracker.rules.known import GROUPS
from services.tracker.rules.values import BadPercent, read_percent
from shared.names import tidy

LABELS = {
    "pillar": "Pillar and priority",
    "metric": "Survey metric",
    "item": "Survey item",
    "category": "Survey category",
    "area": "Content area",
    "owner": "Owner",
    "next_step": "Next step",
}
LONGEST = {"pillar": 60, "metric": 400, "item": 200, "category": 80, "area": 120, "owner": 120, "next_step": 400}
REQUIRED = ("pillar", "item", "category")
LABEL_LONGEST, NAME_LONGEST, GOAL_LONGEST, ALIAS_LONGEST = 20, 80, 400, 200
ALIASES_AT_MOST, TERMS_AT_MOST = 20, 5


@dataclass(frozen=True)
class ItemText:
    """What an editor types about an item; `increases` and `goals` by level, None is to be set."""

    pillar: str
    metric: str
    respondents: str
    item: str
    category: str
    area: str
    aliases: tuple[str, ...]
    from_rates: bool
    increases: Mapping[str, Decimal | None]
    goals: Mapping[str, str]
    owner: str = ""
    next_step: str = ""


def read_item(
    typed: Mapping[str, str],
    aliases: Sequence[str],
    increases: Mapping[str, object],
    goals: Mapping[str, str],
    *,
    from_rates: bool,
) -> tuple[ItemText, dict[str, str]]:
    """The item that is typed, and a sentence for each field that cannot be taken.

    `typed` holds the fields of LABELS and `respondents`; problems of a level are named `increase.LEVEL`, `goal.LEVEL`.
    """
    texts = {name: tidy(typed.get(name, "")) for name in LABELS}
    others = tuple(words for alias in aliases if (words := tidy(alias)))
    in_words = {level: tidy(words) for level, words in goals.items()}
    points, problems = _increases(increases)
    problems |= _too_long(texts, others, in_words)
    problems |= {name: f"Enter the {LABELS[name].lower()}." for name in REQUIRED if not texts[name]}
    respondents = typed.get("respondents", "")
    if respondents not in GROUPS:
        problems["respondents"] = f"Choose one of the groups. They are {', '.join(GROUPS)}."
    item = ItemText(
        **texts, respondents=respondents, aliases=others, from_rates=from_rates, increases=points, goals=in_words
    )
    return item, problems


def _increases(typed: Mapping[str, object]) -> tuple[dict[str, Decimal | None], dict[str, str]]:
    points: dict[str, Decimal | None] = {}
    problems = {}
    for level, value in typed.items():
        try:
            points[level] = read_percent(value, small_is_meant=True)
        except BadPercent as error:
            problems[f"increase.{level}"] = str(error)
    return points, problems


def _too_long(texts: Mapping[str, str], aliases: Sequence[str], goals: Mapping[str, str]) -> dict[str, str]:
    words = "Use at most {} characters."
    found = {name: words.format(most) for name, most in LONGEST.items() if len(texts[name]) > most}
    found |= {f"goal.{level}": words.format(GOAL_LONGEST) for level, goal in goals.items() if len(goal) > GOAL_LONGEST}
    if len(aliases) > ALIASES_AT_MOST:
        found["aliases"] = f"Name at most {ALIASES_AT_MOST} other wordings; there are {len(aliases)}."
    elif any(len(alias) > ALIAS_LONGEST for alias in aliases):
        found["aliases"] = f"Use at most {ALIAS_LONGEST} characters in each wording."
    return found
