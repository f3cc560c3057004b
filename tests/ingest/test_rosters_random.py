"""Random districts as rosters, whole and as changes: read by the reader of files and by a model of its own, with one outcome."""

import tempfile
from datetime import date
from itertools import chain
from typing import Any

import pytest

from services.ingest.actions.listings import sheets_of
from services.ingest.actions.roster_reading import kept_package, read_roster
from services.ingest.rules.roster_mapping import RosterMapping, assignments
from services.ingest.rules.roster_rows import Roster, RosterRead, kept_rows, merged, roster_before
from services.ingest.rules.rosters import Made, directory_of
from services.ingest.sheets import Batch, Sheet
from services.ingest.sheets.child import batches
from services.ingest.sheets.rosters import roster_of, roster_rows
from tests.ingest.roster_model import Expected, expected
from tests.ingest.rosters import District, mapping

TODAY = date(2026, 10, 15)
DISTRICTS = 60
EVERYWHERE = {
    "roster_families", "roster_user_disabled", "roster_email_unreadable", "roster_email_shared", "roster_org_unknown",
    "roster_code_unreadable", "roster_code_twice", "roster_parent_missing", "roster_org_cycle", "roster_gone",
    "roster_status_unknown", "roster_id_twice", "row_repeated", "roster_undated", "roster_director_several",
    "roster_principal_missing",
}  # fmt: skip


def read(content: bytes) -> RosterRead:
    """The package by the child's own reading, in this process."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        members = roster_of(file.name)
        assert members is not None
        parts = (Sheet(**part) if isinstance(part, dict) else part for part in batches(roster_rows(file.name, members)))
        return read_roster(sheets_of(chain[Sheet | Batch](parts)))  # type: ignore[arg-type]


def made(packages: list[bytes], said: dict[str, Any]) -> tuple[Made, RosterRead]:
    """The directory after one package and those put over it, each time with no more than is kept of a roster."""
    before: Roster | None = None
    for content in packages:
        found = read(content)
        roster = merged(None if found.is_whole() else before, found)
        outcome = directory_of(roster, assignments(roster), RosterMapping(**said), {}, TODAY, found.report)
        used = outcome.used
        before = roster_before(kept_rows(roster, used["users"], used["roles"], used["enrollments"]))
    return outcome, found


def as_expected(outcome: Made) -> Expected:
    fields = ("name", "region", "principal", "director")
    people: dict[str, dict[str, Any]] = {}
    for row in outcome.people:
        there = people.setdefault(row["person_id"], {"name": row["name"], "scope": set()})
        there["scope"] |= set(row["scope"])
    return Expected(
        {row["cost_center"]: {name: row[name] for name in fields} for row in outcome.schools},
        people,
        {question.code: set(question.candidates) for question in outcome.questions},
    )


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_the_directory_of_a_random_roster_is_that_of_the_model(version: str) -> None:
    met: set[str] = set()
    for seed in range(DISTRICTS):
        district = District(seed, version)
        said = mapping(version)
        for packages in ([district.bulk()], [district.bulk(), district.delta()]):
            first = expected(packages, said, TODAY.isoformat())
            assert as_expected(made(packages, said)[0]) == first, (
                seed,
                len(packages),
                "before the principals are named",
            )
            answers = mapping(version, principals={code: min(people) for code, people in first.unclear.items()})
            again = expected(packages, answers, TODAY.isoformat())
            outcome, found = made(packages, answers)
            assert as_expected(outcome) == again, (seed, len(packages))
            assert not again.unclear
            met |= {code for code, _ in found.report.tallies}
    assert met >= EVERYWHERE | ({"roster_role_ended", "roster_date_unreadable"} if version == "1.2" else set())


def test_what_is_kept_of_a_package_reads_alike_and_holds_no_student_and_no_password() -> None:
    for seed in range(10):
        district = District(seed, "1.2")
        district.hire("pupil", "student", district.schools()[0])
        content = district.bulk()
        found = read(content)
        again = read(kept_package(found))
        assert (again.rows, again.gone, again.package) == (found.rows, found.gone, found.package)
        kept = b"".join(str(cell).encode() for rows in found.package.values() for _, cells in rows for cell in cells)
        assert b"secret-of" not in kept
        assert b"pupil" not in kept
        assert found.report.count("roster_families") > 0
