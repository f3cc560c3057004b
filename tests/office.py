"""A small district as the office loads it: three schools and their people by files, an extraction, and a strike of today."""

from collections.abc import Sequence
from typing import Final

from tests.files import PEOPLE_HEADER, SCHOOL_HEADER, extraction, workbook
from tests.people import PEOPLE, api_of
from tests.sesr.world import open_incident
from tests.stack import deliver, failures

ALDER, ELA, CEDAR = "1400101", "1400201", "1400301"
SCHOOLS: Final = (
    (ALDER, "4001", "Alder El", "Elementary", "E", "North CoS", "VEGA, MARTA"),
    (ELA, "4002", "Éla Vista MS", "Middle", "E", "North CoS", "VEGA, MARTA"),
    (CEDAR, "4003", "Cedar HS", "High School", "W", "West CoS", "ODUYA, KEM"),
)
# Parents' surveys of a hundred at each school: all in Tier 1.
SUBMITTED: Final = (20, 5, 12)


def load_office(submitted: Sequence[int] = SUBMITTED, *, strike: bool = True) -> None:
    """Loads all of it and delivers what follows; the third school's director is nobody of the directory."""
    people = [(name, role, f"{role}@lausd.example", ";".join(scope), "") for role, (name, scope) in PEOPLE.items()]
    rows = [
        (region, ploc, cos, director, name, "Parents", "", "", 100, count, f"{count}%", "2025-02-21")
        for (_, ploc, name, _, region, cos, director), count in zip(SCHOOLS, submitted, strict=True)
    ]
    upload("directory", workbook({"Schools": [SCHOOL_HEADER, *SCHOOLS], "People": [PEOPLE_HEADER, *people]}))
    upload("participation", extraction(rows))
    if strike:
        open_incident()
    assert failures() == []


def upload(kind: str, content: bytes) -> None:
    """Publishes a file as central staff do, and delivers what follows."""
    sent = {"file": (f"{kind}.xlsx", content)}
    answer = api_of("central").post("/ingest/api/v1/uploads", params={"kind": kind}, files=sent)
    assert answer.status_code == 201, answer.text
    deliver()
