"""Extractions told to rates as ingest tells them, for the tests of this service."""

import json
from datetime import date
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from services.rates.actions.extractions import compute_tiers
from services.rates.actions.forecasts import fit_forecasts
from shared.db import transaction
from shared.events import ExtractionLoaded, ExtractionRow, Group

GUIDE: Final[dict[str, Any]] = json.loads((Path(__file__).parent.parent / "data" / "rates" / "guide.json").read_text())
OPENS, CLOSES = date(2025, 1, 27), date(2025, 3, 14)
FEB_7, FEB_14, FEB_21 = date(2025, 2, 7), date(2025, 2, 14), date(2025, 2, 21)


def counts(school: str, submitted: int | None, total: int | None = 100, **more: str) -> ExtractionRow:
    """A row of a school named `school`; region, cos, director, level and ploc as given or the same for all."""
    facts = {
        "region": "E",
        "cos": "North CoS",
        "director": "VEGA, MARTA",
        "level": "Elementary",
        "ploc": "4001",
        **more,
    }
    return ExtractionRow(
        more.get("key", f"k-{school}"),
        facts["ploc"],
        None,
        facts["region"],
        facts["cos"],
        facts["director"],
        school,
        facts["level"],
        total,
        submitted,
        facts.get("file_tier", ""),
        facts.get("file_rate", ""),
    )


def extraction(
    on: date,
    *rows: ExtractionRow,
    group: Group = "parents",
    revision: int = 1,
    removed: tuple[str, ...] = (),
    term: str = "Sp25",
    closes: date = CLOSES,
    follows: int | None = None,
) -> ExtractionLoaded:
    """An upload's one part."""
    return ExtractionLoaded(
        upload_id=uuid4(),
        term=term,
        extraction_date=on,
        revision=revision,
        follows_revision=revision - 1 if follows is None else follows,
        groups=(group,),
        group=group,
        part=1,
        parts=1,
        window_opens=OPENS,
        window_closes=closes,
        rows=list(rows),
        removed=list(removed),
    )


def load(on: date, *rows: ExtractionRow, **told: Any) -> None:
    """Stores the rows as the extraction of a day; `told` as `extraction` takes it."""
    with transaction("rates") as session:
        compute_tiers(session, extraction(on, *rows, **told), fit_forecasts)


def guide_rows() -> list[ExtractionRow]:
    """The sixteen rows that the guide prints."""
    names = ("region", "cos", "director", "ploc")
    return [
        counts(row["school"], row["submitted"], row["total"], **{name: row[name] for name in names})
        for row in GUIDE["participation_rows"]
    ]
