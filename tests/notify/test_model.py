"""An independent model of the alerts, written from their rules alone, and random histories that drive both.

The rules, as a director would say them:
1. After each file that is complete I know exactly my schools below 25%, and nobody else is told that they have them.
2. A school is mine by the newest row that names me so that nobody else can be meant. A misspelled or blank name changes
   nothing: who had the school before keeps it.
3. A school that the file does not have is missing; it is never counted as left. Total 0 is neither.
4. What I snoozed without an end is quiet in the next file's mail, and listed again in the one after.
5. A school that is retired is in no mail. Restored, it is back with the next file.
6. The newest mail in my mailbox is of the newest file that had news for me, and no two mails say the same twice.
7. "New" is what was not on my last mail and not on anybody else's; "now yours" is what was on somebody else's.
8. A correction of the newest file, or its undo, is mailed to me alone whom it concerns: where a school came, left or moved, or a
   number that I was mailed is another one now. Who was mailed these numbers already is not mailed again.
9. A spelling that the directory gives me as an alias names me from then on.
"""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

import pytest

from services.notify.actions import retiring
from shared.db import transaction
from tests.notify.telling import FEB7, TERM, mark_sent, person, rows_of, tell, tell_directory
from tests.notify.telling import row as tier_row
from tests.people import api_of

NAMES = {"vega": "Vega, Marta", "frisch": "Frisch, Soren L", "nolan": "Nolan, Pat"}
SPELLINGS = {
    "vega": ("VEGA, MARTA", "Vega, Marta"),
    "frisch": ("FRISCH, SOREN L", "Frisch, Soren"),
    "nolan": ("NOLAN, PAT",),
    None: ("", "VEGGA, MARTA", "NOBODY, NO"),
}
# Spellings that the directory gives as aliases from a week on; no file has them before.
ALIASES = {"vega": ("VEGA-ROSS, M",), "frisch": ("S. FRISCH JR",), "nolan": ("NOLAN-DIAZ, P",)}
ALIAS_WEEK = 4
UNDO = 3
SCHOOLS = tuple(range(4001, 4009))


class Row(NamedTuple):
    """A school's row in a file: surveys, total, and who is named (None: nobody who can be mailed)."""

    submitted: int
    total: int
    named: str | None


class Mailed(NamedTuple):
    """What a director was last mailed of a school that is open: the mark, and the numbers with the week they are of."""

    mark: str
    numbers: tuple[int, int, int]


class Model:
    """What each director must know, by plain sets and dictionaries."""

    def __init__(self) -> None:
        self.owner: dict[int, str] = {}
        self.known: dict[str, dict[int, Mailed]] = {name: {} for name in NAMES}
        self.last_week: dict[str, int] = {}
        self.snoozed: dict[tuple[str, int], int] = {}
        self.retired: set[int] = set()

    def file(self, week: int, rows: Mapping[int, Row]) -> None:
        """A file of a week, its correction, or what an undo brings back: each time all rows that hold now."""
        for school, row in rows.items():
            if row.named is not None:
                self.owner[school] = row.named
        before = {
            name: {school: mailed for school, mailed in schools.items() if school not in self.retired}
            for name, schools in self.known.items()
        }
        for name in NAMES:
            now = self._open(name, week, rows, before)
            if self._has_news(name, week, now, before[name], rows):
                self.known[name], self.last_week[name] = now, week

    def _open(
        self, name: str, week: int, rows: Mapping[int, Row], before: Mapping[str, Mapping[int, Mailed]]
    ) -> dict[int, Mailed]:
        now = {}
        for school, row in rows.items():
            is_low = row.total and row.submitted * 4 < row.total
            if school in self.retired or self.owner.get(school) != name or not is_low:
                continue
            others = any(school in known for other, known in before.items() if other != name)
            mark = "still" if school in before[name] else "handed over" if others else "new"
            mark = "still" if mark == "new" and name not in self.last_week else mark
            quiet = self.snoozed.get((name, school))
            mark = "snoozed" if quiet is not None and week <= quiet + 1 else mark
            now[school] = Mailed(mark, (row.submitted, row.total, week))
        gone = {school: Mailed("missing", was.numbers) for school, was in before[name].items() if school not in rows}
        return now | gone

    def _has_news(
        self,
        name: str,
        week: int,
        now: Mapping[int, Mailed],
        before: Mapping[int, Mailed],
        rows: Mapping[int, Row],
    ) -> bool:
        marks = {mailed.mark for mailed in now.values()}
        listed = marks & {"new", "handed over", "still"}
        if name not in self.last_week:
            return bool(listed)
        came_or_went = marks & {"new", "handed over"} or before.keys() - now.keys()
        newly_missing = {s for s in now if now[s].mark == "missing" and before[s].mark != "missing"}
        if came_or_went or newly_missing:
            return True
        others = any(
            now[s].numbers != before[s].numbers or (now[s].mark, before[s].mark).count("missing") == 1 for s in now
        )
        return bool(listed) and (week > self.last_week[name] or others)

    def marks(self, name: str) -> dict[int, str]:
        return {school: mailed.mark for school, mailed in self.known[name].items()}


def shown(name: str) -> dict[int, str]:
    """What the newest mail of a director has as below 25% or missing."""
    query = "select content from digest where state = 'planned' and director_key = :key order by digest_id desc limit 1"
    rows = rows_of(query, key=f"director:{name}@lausd.example")
    lines = rows[0].content["lines"] if rows else []
    kept = ("new", "handed over", "still", "snoozed", "missing")
    return {int(line["ploc"]): line["mark"] for line in lines if line["mark"] in kept}


def in_tier_1(marks: Mapping[int, str]) -> set[int]:
    return {school for school, mark in marks.items() if mark not in ("missing", "snoozed")}


def numbers(chance: random.Random) -> tuple[int, int]:
    total = chance.choice((100, 100, 100, 0))
    return (chance.choice((5, 20, 24, 25, 60)) if total else 0), total


def tell_file(
    chance: random.Random, week: int, rows: Mapping[int, Row], revision: int, spelled: dict[int, str]
) -> None:
    """The rows as rates publishes them; a spelling stays the same over the revisions of a file."""
    for school, found in rows.items():
        spelled.setdefault(school, chance.choice(SPELLINGS[found.named]))
    published = [
        tier_row(f"School {school}", each.submitted, each.total, spelled[school]) for school, each in rows.items()
    ]
    tell(published, FEB7 + timedelta(days=7 * week), revision=revision, is_undo=revision == UNDO)
    mark_sent()


def as_the_model_says(model: Model, where: tuple[int, int, str]) -> None:
    for name in NAMES:
        assert shown(name) == model.marks(name), (*where, name)
        listed = sum(mark in ("new", "handed over", "still") for mark in model.marks(name).values())
        if listed:
            assert subject_of(name).startswith((f"{listed} school", f"Corrected: {listed} school")), (*where, name)


def subject_of(name: str) -> str:
    query = "select subject from mail where rcpt = :rcpt and state = 'sent' order by mail_id desc limit 1"
    return str(rows_of(query, rcpt=f"{name}@lausd.example")[0].subject)


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("seed", range(6))
def test_over_a_random_term_every_mail_says_what_the_model_says(seed: int) -> None:
    chance = random.Random(seed)
    model = Model()
    tell_directory([person(f"{name}@lausd.example", spelled) for name, spelled in NAMES.items()])
    directors: dict[int, str] = {school: chance.choice(tuple(NAMES)) for school in SCHOOLS}
    for week in range(8):
        if week == ALIAS_WEEK:
            aliased = [person(f"{name}@lausd.example", spelled, *ALIASES[name]) for name, spelled in NAMES.items()]
            tell_directory(aliased, revision=2)
        rows: dict[int, Row] = {}
        for school in SCHOOLS:
            if chance.random() < 0.1 and week:
                continue
            if chance.random() < 0.1:
                directors[school] = chance.choice(tuple(NAMES))
            named = None if week and chance.random() < 0.2 else directors[school]
            rows[school] = Row(*numbers(chance), named)
        spelled = {
            school: chance.choice(ALIASES[found.named])
            for school, found in rows.items()
            if found.named and week >= ALIAS_WEEK and chance.random() < 0.3
        }
        model.file(week, rows)
        tell_file(chance, week, rows, 1, spelled)
        as_the_model_says(model, (seed, week, "file"))
        _answer(chance, model, week)
        if chance.random() < 0.5:
            few = chance.sample(sorted(rows), min(len(rows), 2))
            corrected = {**rows, **{school: Row(*numbers(chance), rows[school].named) for school in few}}
            model.file(week, corrected)
            tell_file(chance, week, corrected, 2, spelled)
            as_the_model_says(model, (seed, week, "correction"))
            if chance.random() < 0.5:
                model.file(week, rows)
                tell_file(chance, week, rows, UNDO, spelled)
                as_the_model_says(model, (seed, week, "undo"))
    twice = rows_of("select 1 from mail where state <> 'superseded' group by message_id having count(*) > 1")
    assert twice == []


def _answer(chance: random.Random, model: Model, week: int) -> None:
    """Now and then a director snoozes a school of the newest mail, or central staff retire or restore one."""
    name = chance.choice(tuple(NAMES))
    open_now = sorted(in_tier_1(shown(name)))
    key = f"director:{name}@lausd.example"
    newest = rows_of(
        "select digest_id, extraction_date from digest where state = 'planned' and director_key = :k"
        " order by digest_id desc limit 1",
        k=key,
    )
    if open_now and newest and newest[0].extraction_date == FEB7 + timedelta(days=7 * week) and chance.random() < 0.5:
        school = chance.choice(open_now)
        sent = {"digest_id": newest[0].digest_id, "school_key": f"1{school}01", "reason": "closed"}
        assert api_of("central").post("/notify/api/v1/snoozes", json=sent).status_code == 201
        model.snoozed[name, school] = week
    if chance.random() < 0.2:
        school = chance.choice(SCHOOLS)
        with transaction("notify") as session:
            if school in model.retired:
                retiring.restore_school(session, TERM, f"1{school}01", "central")
                model.retired.discard(school)
            else:
                retiring.retire_school(session, TERM, f"1{school}01", "closed", "central")
                model.retired.add(school)
