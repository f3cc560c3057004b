"""A term through the front door: files go in, events are delivered, a mail server takes the mails."""

import pytest

from services.ingest.rules.verdicts import QUARANTINES
from services.notify.actions import sending
from shared.files.workbooks import Cell
from shared.settings import settings
from tests.files import directory, extraction
from tests.notify.sinks import sink
from tests.notify.telling import digests, mails, rows_of
from tests.people import api_of, browser_of
from tests.stack import deliver, failures

PEOPLE = (
    ("Vega, Marta", "director", "director@lausd.example", "", ""),
    ("Frisch, Soren L", "director", "soren.frisch@lausd.example", "", ""),
    ("Okafor, Ines", "central", "central@lausd.example", "", ""),
)


def school(number: int, submitted: int, extraction_date: str, director: str = "VEGA, MARTA") -> tuple[Cell, ...]:
    name = f"Alder {number} El"
    return (
        "E",
        str(number),
        "North CoS",
        director,
        name,
        "Parents",
        "",
        "",
        100,
        submitted,
        f"{submitted}%",
        extraction_date,
    )


@pytest.mark.usefixtures("clean")
def test_a_term_is_told_as_it_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    central = api_of("central")

    def upload(content: bytes, kind: str = "participation") -> None:
        files = {"file": ("extraction.xlsx", content)}
        answer = central.post(f"/ingest/api/v1/uploads?kind={kind}", files=files)
        if answer.status_code == 409:  # counts that fell: the office has looked, and means them
            held_for = {problem["code"] for problem in answer.json()["problems"]}
            assert held_for & set(QUARANTINES) == {"fallen_many"}, answer.text
            answer = central.post(f"/ingest/api/v1/uploads/{answer.json()['upload_id']}/publish?confirm=true")
        assert answer.status_code in (200, 201), answer.text
        deliver(times=2)
        sending.send_due()
        deliver()

    with sink() as (kept, url):
        monkeypatch.setattr(settings(), "smtp_url", url)

        def new_mails() -> list[str]:
            subjects = [f"{rcpt.partition('@')[0]}: {mail['Subject']}" for rcpt, mail in kept.messages()]
            kept.accepted.clear()
            return sorted(subjects)

        upload(directory(PEOPLE), "directory")
        first = [school(4001, 10, "2025-02-07"), school(4002, 20, "2025-02-07"), school(4003, 60, "2025-02-07")]
        upload(extraction(first))
        assert new_mails() == ["director: 2 schools below 25% - SES Sp25, Feb 7"]
        upload(extraction(first))
        assert new_mails() == []
        upload(
            extraction([school(4001, 40, "2025-02-14"), school(4002, 20, "2025-02-14"), school(4003, 20, "2025-02-14")])
        )
        assert new_mails() == ["director: 2 schools below 25%, 1 new, 1 rose above - SES Sp25, Feb 14"]
        upload(extraction([school(4002, 22, "2025-02-14")]))
        assert new_mails() == ["director: Corrected: 2 schools below 25% - SES Sp25, Feb 14"]
        upload(
            extraction([school(4001, 5, "2025-02-10"), school(4002, 5, "2025-02-10"), school(4003, 5, "2025-02-10")])
        )
        assert new_mails() == []
        moved = [
            school(4001, 40, "2025-02-21"),
            school(4002, 22, "2025-02-21", "FRISCH, SOREN L"),
            school(4003, 90, "2025-02-21"),
        ]
        upload(extraction(moved))
        assert new_mails() == [
            "director: 1 school rose above 25% - SES Sp25, Feb 21",
            "soren.frisch: 1 school below 25%, 1 now yours - SES Sp25, Feb 21",
        ]
        upload(
            extraction(
                [
                    school(4001, 40, "2025-02-28"),
                    school(4002, 80, "2025-02-28", "Frisch, Soren"),
                    school(4003, 90, "2025-02-28"),
                ]
            )
        )
        assert new_mails() == ["soren.frisch: All your schools are above 25% - SES Sp25"]
    assert failures() == []


@pytest.mark.usefixtures("clean")
def test_a_match_goes_to_the_directory_and_is_taken_back_there() -> None:
    central, staff = api_of("central"), browser_of("central")
    marta = "director:director@lausd.example"

    def upload(content: bytes, kind: str) -> None:
        answer = central.post(f"/ingest/api/v1/uploads?kind={kind}", files={"file": ("f.xlsx", content)})
        assert answer.status_code == 201, answer.text
        deliver(times=3)

    upload(directory(PEOPLE), "directory")
    upload(extraction([school(4001, 10, "2025-02-07", "VGEA. M")]), "participation")
    assert digests() == [("VGEA. M", "first", "unroutable")]
    assert staff.post("/notify/unroutable/match", data={"alias": "VGEA. M", "person_id": marta}).status_code == 303
    deliver(times=3)
    assert [rcpt for rcpt, _ in mails()] == ["director@lausd.example"]
    upload(directory([*PEOPLE, ("Ito, Ken", "director", "ken.ito@lausd.example", "", "")]), "directory")
    person = f"/ingest/api/v1/directory/people/{marta}"
    assert central.delete(f"{person}/aliases/VGEA. M").json()["resolved_aliases"] == []
    deliver(times=3)
    assert rows_of("select * from alias_match") == []
    upload(extraction([school(4001, 11, "2025-02-14", "VGEA. M")]), "participation")
    assert digests("unroutable") == [("VGEA. M", "first", "unroutable")]
    assert failures() == []
