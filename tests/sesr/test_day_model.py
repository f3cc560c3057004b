"""A random day of 200 schools against an independent model: reports, corrections and edits of what is asked, as of any minute."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.sesr.actions import incidents as actions
from services.sesr.actions.plans import NewIncident, plan_fields
from services.sesr.actions.recording import record_report
from services.sesr.queries.board import BoardFilter
from services.sesr.queries.boards import read_board
from services.sesr.queries.incidents import known_incident
from shared.access import Scope, Who
from shared.db import transaction
from shared.events import DirectorySchool, ReportSubmitted
from shared.web.clock import district_zone
from tests.sesr.world import load_schools, yesterday

pytestmark = pytest.mark.usefixtures("clean")
SCHOOLS, REPORTS, EDITS = 200, 320, 14
GRACE = timedelta(minutes=10)
TIMES = ("08:30", "10:00", "11:00", "12:00", "13:30", "15:00")
CENTRAL = Who("central@lausd.example", "Okafor, Ines", "", "central", (), ("central",), "session")
FLAGS = ("media", "outside_group")


@dataclass
class Sent:
    """A report as the model knows it."""

    number: int
    school: str
    counted: datetime
    received: datetime
    present: int
    flags: dict[str, bool]
    replaces: int | None


@dataclass
class Model:
    """What was asked and sent, in plain lists; everything is looked up by going through them."""

    opened: datetime
    reports: list[Sent] = field(default_factory=list)
    windows: list[tuple[datetime, tuple[str, ...]]] = field(default_factory=list)
    excused: list[tuple[datetime, str, bool]] = field(default_factory=list)
    closed: list[tuple[datetime, bool]] = field(default_factory=list)

    def is_expected(self, school: str, at: datetime) -> bool:
        if at < self.opened:
            return False
        said = [is_out for when, key, is_out in self.excused if key == school and when <= at]
        return not said or not said[-1]

    def asked(self, at: datetime) -> tuple[str, ...]:
        return [times for when, times in self.windows if when <= at or when == self.windows[0][0]][-1]

    def was_closed(self, at: datetime) -> bool:
        said = [shut for when, shut in self.closed if when <= at]
        return bool(said) and said[-1]

    def due(self, day: date, at: datetime) -> list[tuple[datetime, datetime]]:
        """(start, end of grace) of the windows that are over at a moment."""
        found = []
        for place, label in enumerate(self.asked(at)):
            due = datetime.combine(day, time.fromisoformat(label), district_zone()).astimezone(UTC)
            over = due + GRACE
            if over > at or over <= self.opened or label not in self.asked(over) or self.was_closed(over):
                continue
            found.append((due - timedelta(hours=1) if place else midnight_of(day), over))
        return found

    def board(self, day: date, at: datetime, schools: list[str]) -> dict[str, Any]:
        """Expected, reported, overdue and since when, students present and schools with media, as they were known."""
        shown: dict[str, Any] = {
            "expected": 0,
            "reported": 0,
            "overdue": 0,
            "present": 0,
            "media": [],
            "since": Counter(),
        }
        for school in schools:
            known = [r for r in self.reports if r.school == school and r.received <= at]
            gone = {r.replaces for r in known}
            good = sorted((r for r in known if r.number not in gone), key=lambda r: (r.counted, r.number))
            if not good and not self.is_expected(school, at):
                continue
            shown["expected"] += 1
            shown["reported"] += bool(good)
            shown["present"] += good[-1].present if good else 0
            flags: dict[str, bool] = {}
            for report in good:
                flags |= report.flags
            shown["media"] += [school] if flags.get("media") else []
            windows = self.due(day, at)
            if windows and self.is_expected(school, at) and not any(r.counted >= windows[-1][0] for r in good):
                shown["overdue"] += 1
                owed = [over - GRACE for start, over in windows if not any(r.counted >= start for r in good)]
                shown["since"][min(owed)] += 1
        return shown


def midnight_of(day: date) -> datetime:
    return datetime.combine(day, time(), district_zone()).astimezone(UTC)


class Day:
    """The product's side of the day, driven by its own actions; their moments are then moved into the past."""

    def __init__(self, day: date, opened: datetime) -> None:
        self.day = day
        with transaction("sesr") as session:
            plan = NewIncident("Strike", day, day, "08:30, 11:00, 13:30", weekends=True)
            self.incident_id = actions.open_incident(session, CENTRAL, plan).incident_id
        self.move(opened)
        with transaction("sesr") as session:
            session.execute(text("update incident set opened_at = :at"), {"at": opened})

    def move(self, at: datetime) -> None:
        """What happened really just now happened at a moment of the day."""
        recent = "> now() - interval '1 hour'"
        with transaction("sesr") as session:
            for table, column in (("expected", "since"), ("expected", "until"), ("incident", "planned_at")):
                session.execute(text(f"update {table} set {column} = :at where {column} {recent}"), {"at": at})
            session.execute(text(f"update incident set closed_at = :at where closed_at {recent}"), {"at": at})
            reopened = f"update incident set pauses = tstzmultirange(tstzrange(lower(pauses), :at)) where upper(pauses) {recent}"
            session.execute(text(reopened), {"at": at})

    def edit(self, at: datetime, what: str, *given: Any) -> None:
        with transaction("sesr") as session:
            incident = known_incident(session, self.incident_id)
            if what == "windows":
                plan = NewIncident(**{**plan_fields(incident), "windows": ", ".join(given[0])})
                actions.change_incident(session, CENTRAL, incident, plan)
            elif what == "excuse":
                actions.excuse_school(session, CENTRAL, incident, *given)
            elif given[0]:
                actions.close_incident(session, CENTRAL, incident)
            else:
                actions.reopen_incident(session, CENTRAL, incident)
        self.move(at)

    def record(self, sent: Sent) -> None:
        event = ReportSubmitted(
            report_id=UUID(int=sent.number),
            incident_id=self.incident_id,
            school_key=sent.school,
            day=self.day,
            sequence=sent.number,
            counts={"students_present": sent.present},
            flags=sent.flags,
            counted_at=sent.counted,
            received_at=sent.received,
            supersedes=UUID(int=sent.replaces) if sent.replaces else None,
        )
        with transaction("sesr") as session:
            record_report(session, [event])

    def board(self, now: datetime, as_of: datetime | None) -> dict[str, Any]:
        with transaction("sesr") as session:
            incident = known_incident(session, self.incident_id)
            shown = BoardFilter(self.incident_id, self.day)
            view = read_board(session, Scope(everywhere=True), shown, incident, now, district_zone(), as_of).view
        return {
            "expected": view.total.expected,
            "reported": view.total.reported,
            "overdue": view.total.states.get("overdue", 0),
            "present": view.total.totals["students_present"],
            "media": sorted(line.school_key for line in view.media),
            "since": Counter(line.overdue_since for line in view.lines if line.overdue_since),
        }


def keys() -> list[str]:
    return [f"15{number:05}" for number in range(SCHOOLS)]


def sent_reports(rng: random.Random, morning: datetime, schools: list[str]) -> list[Sent]:
    made: list[Sent] = []
    for number in range(1, REPORTS + 1):
        received = morning + timedelta(minutes=rng.uniform(0, 600))
        old = rng.choice(made) if made and rng.random() < 0.12 else None
        counted = old.counted if old else received - timedelta(minutes=rng.choice((0, 0, 0, 3, 45, 120)))
        flags = {name: rng.random() < 0.5 for name in FLAGS if rng.random() < 0.15}
        is_free = old is not None and old.number not in {r.replaces for r in made} and old.received < received
        school = old.school if old and is_free else rng.choice(schools)
        replaces = old.number if old and is_free else None
        made.append(Sent(number, school, counted, received, rng.randrange(500), flags, replaces))
    return made


def edits(rng: random.Random, morning: datetime, schools: list[str]) -> list[tuple[Any, ...]]:
    """Other times of reports and schools that are excused or expected again, over the day; closed once for an hour."""
    made: list[tuple[Any, ...]] = [(morning + timedelta(minutes=250), "close", True)]
    made.append((morning + timedelta(minutes=310), "close", False))
    for _ in range(EDITS):
        at = morning + timedelta(minutes=rng.uniform(5, 240) if rng.random() < 0.5 else rng.uniform(315, 590))
        if rng.random() < 0.6:
            made.append((at, "windows", tuple(sorted(rng.sample(TIMES, 3)))))
        else:
            made.append((at, "excuse", rng.choice(schools), rng.random() < 0.7))
    return sorted(made, key=lambda edit: edit[0])


@pytest.mark.parametrize("seed", [1, 2])
def test_every_minute_of_a_random_day_is_what_an_independent_model_says(seed: int) -> None:
    rng, schools, day = random.Random(seed), keys(), yesterday()
    load_schools([
        DirectorySchool(key, key[1:5], key, f"School {key}", "El", "E", "CoS", "VEGA", 500, 5, 9, 2, 30, "P", "")
        for key in schools
    ])  # fmt: skip
    morning = datetime.combine(day, time(7), district_zone()).astimezone(UTC)
    real, model = Day(day, morning), Model(morning, windows=[(morning, ("08:30", "11:00", "13:30"))])
    for at, what, *given in edits(rng, morning, schools):
        real.edit(at, what, *given)
        if what == "windows":
            model.windows.append((at, given[0]))
        elif what == "excuse":
            model.excused.append((at, *given))
        else:
            model.closed.append((at, given[0]))
    model.reports = sent_reports(rng, morning, schools)
    for sent in sorted(model.reports, key=lambda report: report.number):
        real.record(sent)
    evening = morning + timedelta(hours=11)
    for _ in range(20):
        at = morning + timedelta(minutes=rng.uniform(-10, 640))
        assert real.board(evening, at) == model.board(day, at, schools), f"as of {at}"
    assert real.board(evening, None) == model.board(day, evening, schools)
    assert model.board(day, evening, schools)["overdue"] > 0
