"""The small district of the tracker's tests: three schools in two regions, published as events."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import uuid4

from services.tracker.tasks import compute_targets, store_directory
from shared.db import transaction
from shared.events import DirectoryLoaded, DirectorySchool, ResultRow, SurveyResultsLoaded

ALDER, BIRCH, CEDAR = "1400101", "1400201", "1500101"


def school(key: str, name: str, level: str = "Elementary", region: str = "E") -> DirectorySchool:
    counts = (400, 6, 29, 4, 52)
    return DirectorySchool(key, key[1:5], key, name, level, region, "North CoS", "VEGA, MARTA", *counts, "Lind, P", "")


SCHOOLS = (
    school(ALDER, "Alder El"),
    school(BIRCH, "Birch MS", level="Middle"),
    school(CEDAR, "Cedar El", region="W"),
)


def tell_directory(
    schools: Sequence[DirectorySchool] = SCHOOLS, revision: int = 1, part: int = 1, parts: int = 1
) -> None:
    event = DirectoryLoaded(revision=revision, part=part, parts=parts, schools=list(schools), people=[])
    with transaction("tracker") as session:
        store_directory(session, event)


def tell_results(rows: Sequence[tuple[str, str, str, str | None]], revision: int = 1) -> None:
    """Rows of (school key, item, period, percent) at the level Elementary."""
    found = [
        ResultRow(key, key[1:5], "Elementary", item, period, None if percent is None else Decimal(percent))
        for key, item, period, percent in rows
    ]
    event = SurveyResultsLoaded(upload_id=uuid4(), revision=revision, part=1, parts=1, rows=found)
    with transaction("tracker") as session:
        compute_targets(session, event)
