"""Survey results of the demo district for the progress tracker: the twelve items over five Falls."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import NamedTuple

from deploy.demo.shapes import District, School

PERIODS = ("Fall 2021", "Fall 2022", "Fall 2023", "Fall 2024", "Fall 2025")
LEVEL = "Elementary"
ITEMS = (
    "I am happy to be at this school.",
    "I feel safe in this school or in online school sessions.",
    '"Overall" SEL Growth Mindset',
    '"Overall" SEL Self-Efficacy',
    '"Overall" SEL Self-Management',
    '"Overall" SEL Social Awareness',
    "I feel welcome to participate at this school.",
    '"Overall" Customer Service',
    "This school provides me with information (verbal and written) I can understand.",
    "Participation Rate",
    '"Overall" Opportunities for Participation & Leadership',
    "This school is a supportive and inviting place for staff to work.",
)
MISSING_YEARS = 0.05
# Schools so high that baseline plus increase passes 100%.
UNREACHABLE = 3


class Result(NamedTuple):
    """A school's percent, one decimal, for an item in a period."""

    period: str
    level: str
    item: str
    code: str
    ploc: str
    school: str
    percent: Decimal


def results(district: District) -> Iterator[Result]:
    """Baselines about 70 with spread 10, falling by 1.5 a year with spread 4; some years are missing."""
    rng = Random(f"{district.seed}/results")
    surveyed = [school for school in district.schools if school.level == LEVEL]
    high = set(rng.sample([school.code for school in surveyed], UNREACHABLE))
    for school in surveyed:
        for item in ITEMS:
            baseline = rng.uniform(95.5, 97) if school.code in high else rng.gauss(70, 10)
            yield from _of_item(school, item, baseline, rng)


def _of_item(school: School, item: str, baseline: float, rng: Random) -> Iterator[Result]:
    percent = min(max(baseline, 30.0), 97.0)
    for number, period in enumerate(PERIODS):
        if number:
            percent = min(max(percent + rng.gauss(-1.5, 4), 5.0), 100.0)
        if rng.random() >= MISSING_YEARS:
            shown = Decimal(round(percent * 10)).scaleb(-1)
            yield Result(period, school.level, item, school.code, school.ploc, school.name, shown)
