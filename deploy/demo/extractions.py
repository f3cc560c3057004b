"""The weekly participation extractions of the demo district over a survey window that is open today."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from deploy.demo.courses import Course, course
from deploy.demo.shapes import Director, District, School
from deploy.demo.spellings import mixed, upper

GROUPS = ("Students", "Staff", "Parents")
WINDOW_DAYS = 49
OPENED_DAYS_AGO = 35
# Days after the window opened: weekly, with two in mid-week and the one that the user uploads by hand.
DAYS = (3, 10, 13, 17, 24, 27, 31, 34)
# The first files are of the older make: `_` in the CoS, directors in mixed case without an initial.
OLDER_MAKE = 2
MISSPELT_FROM = 3
ZERO_TOTALS = {"full": 5, "small": 1}
STUDENT_SHARE = {"Elementary": 0.33, "Span": 0.6}
NO_STUDENT_SURVEY = ("EEC", "PC")


class Row(NamedTuple):
    """A school's counts for one respondent group, as the file prints them."""

    region: str
    ploc: str
    cos: str
    director: str
    school: str
    group: str
    total: int
    submitted: int


@dataclass(frozen=True)
class DemoExtraction:
    """One file: the day the data were pulled, the term label of its headers (`Sp26`), its rows."""

    on: date
    term: str
    rows: tuple[Row, ...]


def window(today: date) -> tuple[date, date]:
    """First and last day of the survey window."""
    opens = today - timedelta(days=OPENED_DAYS_AGO)
    return opens, opens + timedelta(days=WINDOW_DAYS - 1)


def term_label(opens: date) -> str:
    """`Sp26` for a window that opens from January to June, else `Fa26`."""
    return f"{'Sp' if opens.month <= 6 else 'Fa'}{opens:%y}"


def extractions(district: District, today: date) -> tuple[DemoExtraction, ...]:
    """All extractions, oldest first; the last one is the user's to upload."""
    opens, _ = window(today)
    courses = _courses(district)
    return tuple(
        DemoExtraction(
            opens + timedelta(days=day),
            term_label(opens),
            tuple(
                _row(district, school, group, number, numbers[number])
                for (school, group), numbers in courses.items()
                if _open(district, school, number)
            ),
        )
        for number, day in enumerate(DAYS)
    )


def _courses(district: District) -> dict[tuple[School, str], Course]:
    """The counts of each school and group at each extraction; paper piles up at the schools of some directors."""
    rng = Random(f"{district.seed}/courses")
    slow = set(rng.sample(district.directors, len(district.directors) // 4))
    empty = set(rng.sample([school.code for school in district.schools], ZERO_TOTALS[district.size]))
    found: dict[tuple[School, str], Course] = {}
    for school in district.schools:
        for group in GROUPS:
            if group == "Students" and (school.kind in NO_STUDENT_SURVEY or rng.random() < 0.03):
                continue
            total = 0 if school.code in empty and group == "Parents" else _expected(school, group, rng)
            paper = group == "Parents" and rng.random() < (0.5 if school.director in slow else 0.04)
            found[school, group] = course(group, total, DAYS, paper, rng)
    return found


def _expected(school: School, group: str, rng: Random) -> int:
    """How many surveys a group should hand in; students are asked from grade 4 on."""
    if group == "Staff":
        return school.staff
    share = rng.uniform(0.72, 0.88) if group == "Parents" else STUDENT_SHARE.get(school.level, 1.0)
    return max(1, round(school.enrolled * share))


def _open(district: District, school: School, number: int) -> bool:
    opened = district.opened_at.get(school.code, 0)
    return opened <= number < district.closed_at.get(school.code, len(DAYS))


def _row(district: District, school: School, group: str, number: int, counts: tuple[int, int]) -> Row:
    name, region, cos, director = _as_of(district, school, number)
    older = number < OLDER_MAKE
    spelling = mixed(director) if older else upper(director)
    if number >= MISSPELT_FROM:
        spelling = district.misspelt.get(school.code, spelling)
    return Row(region, school.ploc, cos.replace("/", "_") if older else cos, spelling, name, group, *counts)


def _as_of(district: District, school: School, number: int) -> tuple[str, str, str, Director]:
    change = district.changes.get(school.code)
    if change and number < change.at:
        return change.name, change.region, change.cos, change.director
    return school.name, school.region, school.cos, school.director
