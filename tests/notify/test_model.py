"""An independent model of the alerts, written from their rules alone, and random histories that drive both.

The rules, as a director would say them:
1. After each file that is complete I know exactly my schools below 25 %, and nobody else is told that they have them.
2. A school is mine by the newest row that names me so that nobody else can be meant. A misspelled or blank name changes
   nothing: who had the school before keeps it.
3. A school that the file does not have is missing; it is never counted as left. Total 0 is neither.
4. What I snoozed without an end is quiet in the next file's mail, and listed again in the one after.
5. A school that is retired is in no mail. Restored, it is back with the next file.
6. The newest mail in my mailbox is of the newest file that had news for me, and no two mails say the same twice.
7. "New" is what was not on my last mail and not on anybody else's; "now yours" is what was on somebody else's.
"""

import random
from collections.abc import Mapping
from datetime import timedelta

import pytest

from services.notify.actions import answers, retiring
from shared.db import transaction
from tests.notify.telling import FEB7, TERM, mark_sent, person, row, rows_of, tell, tell_directory

NAMES = {"vega": "Vega, Marta", "frisch": "Frisch, Soren L", "nolan": "Nolan, Pat"}
SPELLINGS = {
    "vega": ("VEGA, MARTA", "Vega, Marta"),
    "frisch": ("FRISCH, SOREN L", "Frisch, Soren"),
    "nolan": ("NOLAN, PAT",),
    None: ("", "VEGGA, MARTA", "NOBODY, NO"),
}
SCHOOLS = tuple(range(4001, 4009))


class Model:
    """What each director must know, by plain sets and dictionaries."""

    def __init__(self) -> None:
        self.owner: dict[int, str] = {}
        self.known: dict[str, dict[int, str]] = {name: {} for name in NAMES}
        self.snoozed: dict[tuple[str, int], int] = {}
        self.retired: set[int] = set()

    def file(self, week: int, rows: Mapping[int, tuple[int, int, str | None]]) -> None:
        """A file: by school the surveys, the total and who is named (None: nobody who can be told)."""
        for school, (_, _, named) in rows.items():
            if named is not None:
                self.owner[school] = named
        before = {name: dict(schools) for name, schools in self.known.items()}
        for name in NAMES:
            now: dict[int, str] = {}
            for school, (submitted, total, _) in rows.items():
                if school in self.retired or self.owner.get(school) != name:
                    continue
                if total and submitted * 4 < total:
                    others = any(school in known for other, known in before.items() if other != name)
                    mark = "still" if school in before[name] else "handed over" if others else "new"
                    is_first = not before[name] and name not in self._mailed()
                    mark = "still" if is_first and mark == "new" else mark
                    quiet = self.snoozed.get((name, school))
                    now[school] = "snoozed" if quiet is not None and week <= quiet + 1 else mark
            missing = {s: "missing" for s in before[name] if s not in rows and s not in self.retired}
            # Where all that was open is retired there is nothing to say, so the last mail stays the last one.
            if now or missing or not set(before[name]) <= self.retired:
                self.known[name] = now | missing

    def _mailed(self) -> set[str]:
        return {
            r.director_key.partition(":")[2].partition("@")[0]
            for r in rows_of("select distinct director_key from digest where state = 'planned'")
        }


def shown(name: str) -> dict[int, str]:
    """What the newest mail of a director has as below 25 % or missing."""
    query = "select content from digest where state = 'planned' and director_key = :key order by digest_id desc limit 1"
    rows = rows_of(query, key=f"director:{name}@lausd.example")
    lines = rows[0].content["lines"] if rows else []
    kept = ("new", "handed over", "still", "snoozed", "missing")
    return {int(line["ploc"]): line["mark"] for line in lines if line["mark"] in kept}


def in_tier_1(marks: Mapping[int, str]) -> set[int]:
    return {school for school, mark in marks.items() if mark not in ("missing", "snoozed")}


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("seed", range(6))
def test_over_a_random_term_every_mail_says_what_the_model_says(seed: int) -> None:
    chance = random.Random(seed)
    model = Model()
    tell_directory([person(f"{name}@lausd.example", spelled) for name, spelled in NAMES.items()])
    directors: dict[int, str] = {school: chance.choice(tuple(NAMES)) for school in SCHOOLS}
    for week in range(8):
        rows: dict[int, tuple[int, int, str | None]] = {}
        for school in SCHOOLS:
            if chance.random() < 0.1 and week:
                continue
            if chance.random() < 0.1:
                directors[school] = chance.choice(tuple(NAMES))
            named = None if week and chance.random() < 0.2 else directors[school]
            rows[school] = (chance.choice((5, 20, 24, 25, 60)), chance.choice((100, 100, 100, 0)), named)
        model.file(week, rows)
        day = FEB7 + timedelta(days=7 * week)
        tell(
            [
                row(f"School {school}", 0 if total == 0 else submitted, total, chance.choice(SPELLINGS[named]))
                for school, (submitted, total, named) in rows.items()
            ],
            day,
        )
        mark_sent()
        for name in NAMES:
            assert shown(name) == model.known[name], (seed, week, name)
        _answer(chance, model, week)
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
        with transaction("notify") as session:
            digest = answers.digest_of(session, newest[0].digest_id, key)
            answers.snooze(session, digest, answers.SnoozeRequest([(f"1{school}01", None)], "closed", None), name)
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
