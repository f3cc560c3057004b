"""Files that fit nobody wait for a person, with the counts; what counts the same changes nothing; superseded mails."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from services.ingest.actions import kept_files
from services.ingest.queries.progress import delivery_progress
from services.ingest.tables import DeliveryStep, Upload
from shared.db import transaction
from tests.files import directory
from tests.ingest.door import UPLOADS, Door
from tests.ingest.making import row, text_table, with_header
from tests.people import add_people
from tests.stack import wipe

COUNT = 30
PEOPLE = [(f"Vega, Marta {n}", "director", f"vega{n}@lausd.example", "", "") for n in range(COUNT)]
CENTRAL = ("Okafor, Ines", "central", "central@lausd.example", "", "")
SCHOOLS = [
    (f"1{4100 + n}01", f"{4100 + n}", f"School {n} El", "Elementary", "E", "North CoS", "VEGA, MARTA")
    for n in range(COUNT)
]


@pytest.fixture
def door(stack_servers: object) -> Iterator[Door]:
    wipe()
    add_people()
    made = Door()
    assert made.send(directory([CENTRAL, *PEOPLE], SCHOOLS), dry=False, kind="directory").status_code == 201
    yield made
    made.client.close()


def rows(day: str = "2026-03-02", **others: object) -> list[tuple[object, ...]]:
    return [row(f"{4100 + n}", f"School {n} El", 20 + n, extraction_date=day, **others) for n in range(COUNT)]


def table(listed: list[tuple[object, ...]]) -> bytes:
    return text_table(with_header(listed))


def reasons(door: Door, content: bytes, kind: str = "participation") -> dict[str, str]:
    """Code -> sentence of why a file is held."""
    answer = door.send(content, dry=False, kind=kind, name="a.xlsx" if kind == "directory" else "a.csv")
    assert answer.status_code == 409, answer.text
    return {
        each["code"]: each["message"] for each in answer.json()["problems"] if each["code"].endswith(("many", "lost"))
    }


def test_schools_that_nobody_knows_hold_the_file(door: Door) -> None:
    strangers = [row(f"{7100 + n}", f"Other {n} El") for n in range(6)]
    found = reasons(door, table([*rows()[:24], *strangers]))
    assert found["unknown_many"].startswith("6 of 30 rows name schools that are not known here.")
    one = door.send(table([*rows()[:29], row("7100", "Other El")]), dry=False, name="b.csv")
    assert one.status_code == 201


def test_counts_that_fell_or_lie_above_their_total_hold_the_file(door: Door) -> None:
    assert door.send(table(rows()), dry=False).status_code == 201
    fallen = [row(f"{4100 + n}", f"School {n} El", 1, extraction_date="2026-03-09") for n in range(4)] + rows(
        "2026-03-09"
    )[4:]
    assert reasons(door, table(fallen)) == {
        "fallen_many": "4 of 30 schools have fewer surveys submitted than in the last extraction. Check the column and the date."
    }
    above = [row(f"{4100 + n}", f"School {n} El", 101, extraction_date="2026-03-09") for n in range(4)] + rows(
        "2026-03-09"
    )[4:]
    assert list(reasons(door, table(above))) == ["above_many"]


def test_a_directory_that_loses_many_waits_and_can_be_confirmed(door: Door) -> None:
    small = directory([CENTRAL, *PEOPLE[:3]], SCHOOLS[:3])
    found = reasons(door, small, "directory")
    assert set(found) == {"schools_lost", "people_lost"}
    assert found["people_lost"].startswith(f"{COUNT - 3} of {COUNT + 1} people")
    with transaction("ingest") as session:
        upload = session.exec(select(Upload).where(Upload.state == "quarantined")).one()
    answer = door.client.post(f"{UPLOADS}/{upload.upload_id}/publish", params={"confirm": True})
    assert (answer.status_code, answer.json()["counts"]["people"]) == (201, 4)


def test_the_same_counts_written_in_another_way_change_nothing(door: Door) -> None:
    shown = [row(f"{4100 + n}", f"School {n} El", 20 + n, rate=f"{20 + n}%") for n in range(COUNT)]
    exported = [row(f"{4100 + n}", f"School {n} El", 20 + n, "100.0", rate=(20 + n) / 100) for n in range(COUNT)]
    first = door.send(table(shown), dry=False, name="a.csv").json()
    again = door.send(table(exported), dry=False, name="b.csv").json()
    assert (first["state"], again["state"]) == ("published", "unchanged")
    assert (again["counts"]["changed"], again["revision"]) == (0, first["revision"])


def test_mails_that_a_newer_upload_replaced_are_not_waited_for(door: Door) -> None:
    older = UUID(door.send(table(rows()), dry=False, name="a.csv").json()["upload_id"])
    with transaction("ingest") as session:
        for step, detail in (("digests", {"planned": 8, "held": 0, "unroutable": 0}), ("tiers/parents/1", {})):
            session.add(DeliveryStep(upload_id=older, step=step, detail=detail))
    with transaction("ingest") as session:
        assert [step.done for step in delivery_progress(session, session.get_one(Upload, older))][-1] is False
    assert door.send(table(rows("2026-03-09")), dry=False, name="b.csv").status_code == 201
    with transaction("ingest") as session:
        last = delivery_progress(session, session.get_one(Upload, older))[-1]
    assert (last.done, last.words) == (True, "0 of 8; a newer upload replaced the others")


def test_a_dry_run_that_a_worker_read_is_listed_nowhere_and_goes_with_the_day(door: Door) -> None:
    with transaction("ingest") as session:
        session.add(
            Upload(
                upload_id=uuid4(),
                kind="participation",
                file_name="a.csv",
                sha256=b"",
                size=1,
                state="discarded",
                uploaded_by="x",
                intent="dry",
            )
        )
    names = [each["file_name"] for each in door.client.get(UPLOADS).json()["uploads"]]
    assert "a.csv" not in names
    with transaction("ingest") as session:
        kept_files.purge_dry_runs(session, days=0)
        assert session.exec(select(Upload).where(Upload.intent == "dry")).all() == []


def test_rejected_rows_are_counted_among_all_rows_of_the_file(door: Door) -> None:
    unread = [row(f"{4100 + n}", f"School {n} El", "many") for n in range(6)]
    found = reasons(door, table([*unread, *rows()[6:]]))
    assert found["rejected_many"].startswith("6 of 30 rows were rejected.")
