"""LCAP tables for the tests: the committed demo files, the published shape with invented wording, and their loading."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

from services.ingest.rules.lcap import LcapFound, LcapReader
from services.ingest.rules.rows import SheetAbout
from shared.db import transaction
from shared.delivery.outbox import publish
from shared.events import LcapLoaded
from tests.stack import deliver, failures

ROOT = Path(__file__).parents[2]
Rows = list[dict[str, Any]]
Table = Literal["actions", "measures"]


def demo(table: Table) -> Rows:
    """The rows of a demo file as ingest publishes them."""
    with (ROOT / f"deploy/demo/lcap/lcap_{table}.csv").open(encoding="utf-8", newline="") as file:
        return clean(table, list(csv.reader(file)))


def clean(table: Table, lines: Sequence[Sequence[str]]) -> Rows:
    """The rows of a clean table, its headings first, as ingest publishes them."""
    found = LcapFound()
    reader = LcapReader(found, SheetAbout(""), table)
    for number, cells in enumerate(lines, 1):
        reader.read(number, cells)
    assert found.contradictions == []
    return found.rows


def published() -> Rows:
    """The lines of the published shape: every kind of page header and damage, all wording invented."""
    text = (ROOT / "tests/data/lcap/published.txt").read_text(encoding="utf-8")
    return [{"line": number, "text": line} for number, line in enumerate(text.split("\n"), 1)]


def loaded_events(
    table: Table,
    rows: Rows,
    revision: int = 1,
    parts: int = 1,
    upload_id: UUID | None = None,
    file_name: str = "lcap.csv",
) -> list[LcapLoaded]:
    """The events of a load, cut into parts."""
    upload = upload_id or uuid4()
    size = max(1, -(-len(rows) // parts))
    cuts = [rows[at : at + size] for at in range(0, len(rows), size)] or [[]]
    return [
        LcapLoaded(
            upload_id=upload,
            table=table,
            revision=revision,
            part=number,
            parts=len(cuts),
            file_name=file_name,
            rows=cut,
        )
        for number, cut in enumerate(cuts, 1)
    ]


def load(*loaded: LcapLoaded) -> None:
    """Publishes the events as ingest does, and delivers them."""
    with transaction("ingest") as session:
        for event in loaded:
            publish(session, event)
    deliver()
    assert failures() == []
