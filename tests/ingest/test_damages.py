"""A good extraction with one of many named damages: the right values, a finding on the damaged place, or a held file."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import Session, col, select

from deploy.embedded.installation import Servers
from services.ingest.actions.uploads import Offered, read_offered, take_upload
from services.ingest.tables import ExtractionCount, Upload
from shared.db import engine, transaction
from shared.errors import Refused
from shared.names import name_key
from tests.files import directory, extraction
from tests.ingest.damages import DAMAGES, DIRECTOR, PLOC, SCHOOL, SUBMITTED, TOTAL, Rows, text
from tests.ingest.writers import FORMS
from tests.people import add_people
from tests.stack import wipe

COUNT = 24
LEAST_DAMAGES = 40
SEEDS = range(3)
BEFORE, NOW = "2026-03-02", "2026-03-09"
# Findings that say nothing of a single row.
OF_THE_FILE = frozenset({"text_encoding", "term_suffix_differs"})


def rows(day: str) -> Rows:
    """Rows of as many schools, with rates from 0 to nearly all."""
    chance = random.Random(7)
    found = []
    for number in range(COUNT):
        total = 40 + 37 * number
        submitted = chance.randrange(total * 7 // 8) + (2 if day == NOW else 0)
        cells = ["E", f"{4100 + 13 * number}", "North CoS", "VEGA, MARTA", f"{chr(65 + number)}{number} Oak El"]
        found.append([*cells, "Parents", "", "", total, submitted, "", day])
    return found


@pytest.fixture(scope="module", autouse=True)
def district(stack_servers: Servers) -> Iterator[None]:
    """A directory of these schools, and the extraction of the week before."""
    wipe()
    add_people()
    schools = [
        (f"1{row[PLOC]}01", row[PLOC], row[SCHOOL], "Elementary", "E", "North CoS", "VEGA, MARTA") for row in rows(NOW)
    ]
    people = (
        ("Vega, Marta", "director", "vega@lausd.example", "", ""),
        ("Okafor, Ines", "central", "o@lausd.example", "", ""),
    )
    for offered in (
        Offered("directory", "d.xlsx", directory(people, schools), "tests"),
        Offered("participation", "a.csv", text(rows(BEFORE)).encode(), "tests"),
    ):
        with transaction("ingest") as session:
            take_upload(session, offered, read_offered(offered))
    yield


def taken(content: bytes, name: str) -> tuple[Upload, dict[tuple[str, str], tuple[Any, ...]]] | None:
    """The upload with the rows that it published, taken back again; None where the file was refused."""
    with Session(engine("ingest"), expire_on_commit=False, autoflush=False) as session, session.begin() as whole:
        try:
            offered = Offered("participation", name, content, "tests")
            upload = take_upload(session, offered, read_offered(offered)).upload
            session.flush()
            found = session.exec(select(ExtractionCount).where(col(ExtractionCount.revision) == upload.revision)).all()
            stored = {
                (row.ploc, row.school): (row.total, row.submitted, name_key(row.director))
                for row in found
                if row.extraction_date == upload.extraction_date and row.extraction_date.isoformat() != BEFORE
            }
        except Refused:
            return None
        finally:
            whole.rollback()
    return upload, stored


def unexplained(upload: Upload, stored: dict[tuple[str, str], tuple[Any, ...]]) -> list[str]:
    """Schools whose stored row is not the true one, although nothing that was found speaks of them."""
    true = {(row[PLOC], row[SCHOOL]): (row[TOTAL], row[SUBMITTED], name_key(row[DIRECTOR])) for row in rows(NOW)}
    lines = {place: number for number, place in enumerate(true, 2)}
    found = [problem for problem in upload.problems if problem["code"] not in OF_THE_FILE]
    numbers = {problem.get("row") for problem in found}
    words = " ".join(f"{problem.get('value', '')} {problem.get('became', '')}" for problem in found)
    wrong = [place for place in {*true, *stored} if true.get(place) != stored.get(place)]
    return [
        f"{place}: {stored.get(place)} and not {true.get(place)}"
        for place in wrong
        if not ({lines.get(place), lines.get(place, -1) + 1} & numbers or place[1] in words or place[0] in words)
    ]


def test_there_are_enough_damages() -> None:
    assert len(DAMAGES) >= LEAST_DAMAGES


def test_the_undamaged_file_is_published_as_it_is() -> None:
    for content in (text(rows(NOW)).encode(), extraction([tuple(row) for row in rows(NOW)])):
        found = taken(content, "good")
        assert found is not None
        assert (found[0].state, found[0].reasons, len(found[1])) == ("published", [], COUNT)
        assert unexplained(*found) == []


@pytest.mark.parametrize("name", FORMS)
def test_a_good_file_in_another_form_is_taken_as_it_is(name: str) -> None:
    found = taken(FORMS[name](rows(NOW), random.Random(name)), "form")
    assert found is not None
    upload, stored = found
    assert (upload.state, upload.reasons, upload.counts["rejected"]) == ("published", [], 0), upload.found
    true = {(row[PLOC], row[SCHOOL]): (row[TOTAL], row[SUBMITTED], name_key(row[DIRECTOR])) for row in rows(NOW)}
    assert (stored, str(upload.extraction_date)) == (true, NOW)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", DAMAGES)
def test_a_damage_is_repaired_found_or_held(name: str, seed: int) -> None:
    content = DAMAGES[name](rows(NOW), random.Random(f"{name} {seed}"))
    found = taken(content, "damaged")
    if found is None or found[0].state == "quarantined":
        return
    assert found[0].state in ("published", "unchanged")
    assert unexplained(*found) == []
