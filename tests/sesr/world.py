"""A small world of strike reports: three schools, an incident open today, and reports by API."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from httpx2 import Response
from sqlalchemy import text

from services.sesr.tables import HeldReport
from shared.db import transaction
from shared.delivery.outbox import publish
from shared.events import DirectoryLoaded, DirectorySchool
from shared.web.clock import district_zone, today
from tests.deploy.waiting import until
from tests.people import api_of
from tests.stack import deliver, failures

ALDER, BIRCH, CEDAR = "1400101", "1400201", "1400301"
SCHOOLS = [
    DirectorySchool(ALDER, "4001", ALDER, "Alder El", "Elementary", "E", "North CoS", "VEGA, MARTA", 944, 6, 29, 4, 52,
                    "Per Lindqvist", "213-555-0101"),
    DirectorySchool(BIRCH, "4002", BIRCH, "Birch MS", "Middle", "E", "North CoS", "VEGA, MARTA", 800, 5, 20, 3, 40,
                    "Ana Ruiz", "213-555-0102"),
    DirectorySchool(CEDAR, "4003", CEDAR, "Cedar HS", "High School", "W", "West CoS", "ODUYA, KEM", 1500, 9, 40, 6, 80,
                    "Jo Park", "213-555-0103"),
]  # fmt: skip


def load_schools(schools: list[DirectorySchool] = SCHOOLS, revision: int = 1) -> None:
    """The directory as ingest publishes it, in all services."""
    with transaction("ingest") as session:
        publish(session, DirectoryLoaded(revision=revision, part=1, parts=1, schools=schools, people=[]))
    deliver()
    # Where a stack runs beside the test, one of its workers may be at it just now.
    until(lambda: failures() == [], seconds=10)


def open_incident(**other: Any) -> str:
    """An incident of today that was open when the day began; answers its id."""
    plan = {"name": "Strike", "first_day": str(today()), "last_day": str(today()), "weekends": True, **other}
    answer = api_of("central").post("/sesr/api/v1/incidents", json=plan)
    assert answer.status_code == 201, answer.text
    with transaction("sesr") as session:
        session.execute(text("update incident set opened_at = first_day - interval '1 day'"))
        session.execute(
            text("update expected e set since = i.opened_at from incident i where i.incident_id = e.incident_id")
        )
    return str(answer.json()["incident_id"])


def body(**other: Any) -> dict[str, Any]:
    """A report of Alder El with 310 of 944 present."""
    return {"report_id": str(uuid4()), "school_key": ALDER, "counts": {"students_present": 310}, **other}


def send(role: str = "principal", **other: Any) -> Response:
    """A report by API in a role; the desk's are by telephone."""
    more = {"proxy_for": "the office"} if role in ("desk", "central") else {}
    return api_of(role).post("/sesr/api/v1/reports", json=body(**{**more, **other}))


def hold(school_key: str) -> None:
    """A report of somebody who may not report any more, for the desk to decide on."""
    with transaction("sesr") as session:
        session.add(
            HeldReport(
                report_id=uuid4(),
                school_key=school_key,
                person_id="gone@lausd.example",
                role="designee",
                reason="The role was taken.",
                submission={"counts": {"students_present": "12"}, "flags": {}},
            )
        )


def yesterday() -> date:
    return today() - timedelta(days=1)


def midnight(day: date | None = None) -> datetime:
    """When a day of the district began, by default today."""
    return datetime.combine(day or today(), time(), district_zone())
