"""The district of the run: who is in it, and the files that its people send, drawn by dice."""

import random
from datetime import date, timedelta
from typing import NamedTuple

from tests.files import HEADER, PEOPLE_HEADER, SCHOOL_HEADER, workbook

GROUPS = ("students", "staff", "parents")
DIRECTORS = {
    "ashby@lausd.example": "Ashby, Nora",
    "brandt@lausd.example": "Brandt, Otto",
    "calder@lausd.example": "Calder, Ida",
    "dunmore@lausd.example": "Dunmore, Eli",
}
FIRST_DAY, DAYS = date(2025, 1, 10), 80


class School(NamedTuple):
    """A school of the district; `director` is an address."""

    key: str
    ploc: str
    name: str
    director: str


SCHOOLS = [
    School(f"15{number:02}001", f"5{number:03}", f"Alder {number:02} El", tuple(DIRECTORS)[number % len(DIRECTORS)])
    for number in range(24)
]
BY_PLOC = {school.ploc: school for school in SCHOOLS}


class Place(NamedTuple):
    """What a row of an extraction is about."""

    ploc: str
    group: str


class Counts(NamedTuple):
    """Surveys of a school and group: how many there could be, how many were sent in."""

    total: int
    submitted: int


Rows = dict[Place, Counts]


class File(NamedTuple):
    """An extraction file: its day, and its rows. A whole one has every group; a correction some rows."""

    day: date
    rows: Rows

    def content(self) -> bytes:
        groups = sorted({place.group for place in self.rows}, key=GROUPS.index)
        return workbook({group.capitalize(): [HEADER, *self._of(group)] for group in groups})

    def _of(self, group: str) -> list[tuple[str | int, ...]]:
        return [
            ("E", place.ploc, "North CoS", DIRECTORS[BY_PLOC[place.ploc].director], BY_PLOC[place.ploc].name,
             group.capitalize(), "", "", counts.total, counts.submitted, "", self.day.isoformat())
            for place, counts in self.rows.items() if place.group == group
        ]  # fmt: skip


def directory() -> bytes:
    """The directory file: every school and every director."""
    schools = [
        (school.key, school.ploc, school.name, "Elementary", "E", "North CoS", DIRECTORS[school.director])
        for school in SCHOOLS
    ]
    people = [(name, "director", email, "", "") for email, name in DIRECTORS.items()]
    return workbook({"Schools": [SCHOOL_HEADER, *schools], "People": [PEOPLE_HEADER, *people]})


class Files:
    """The files of a term one after the other: a whole extraction a day, corrections of it, and of days before."""

    def __init__(self, seed: int, corrections: int) -> None:
        self.dice = random.Random(seed)
        self.corrections = corrections
        self.day = FIRST_DAY - timedelta(days=1)
        self.left = 0
        self.counts: Rows = {
            Place(school.ploc, group): Counts(total := self.dice.randrange(20, 400), self.dice.randrange(total // 3))
            for school in SCHOOLS
            for group in GROUPS
        }
        self.days: dict[date, Rows] = {}

    def next(self) -> File:
        """The next file; the days go on as long as the term does, after that only corrections come."""
        if self.left == 0 and len(self.days) < DAYS:
            self.left = self.dice.randrange(2 * self.corrections + 1)
            made = self._whole()
        else:
            self.left = max(self.left - 1, 0)
            made = self._correction()
        self.days.setdefault(made.day, {}).update(made.rows)
        return made

    def _whole(self) -> File:
        """All groups of the next day. Now and then a school is not in it: that one is missing, and no other."""
        self.day += timedelta(days=1)
        for place, counts in self.counts.items():
            more = self.dice.randrange(1 + counts.total // 20)
            self.counts[place] = counts._replace(submitted=min(counts.total, counts.submitted + more))
        absent = {self.dice.choice(list(self.counts))} if self.dice.random() < 0.3 else set()
        return File(self.day, {place: counts for place, counts in self.counts.items() if place not in absent})

    def _correction(self) -> File:
        """A few rows of the newest day, or now and then of an older one, with other numbers."""
        day = self.dice.choice(list(self.days)) if self.dice.random() < 0.15 else self.day
        rows = self.days[day]
        changed = {}
        for place in self.dice.sample(sorted(rows), self.dice.randrange(1, 14)):
            changed[place] = rows[place]._replace(submitted=self.dice.randrange(rows[place].total + 1))
        if day == self.day:
            self.counts |= changed
        return File(day, changed)
