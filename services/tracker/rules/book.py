"""What a workbook holds: schools, each with its lines at a level."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from services.tracker.rules.progress import ProgressFacts


class BookLine(NamedTuple):
    """An item of a school with its values and what follows from them."""

    item_id: str
    texts: tuple[str, str, str, str, str]
    respondents: str
    increase: Decimal | None
    values: Sequence[Decimal | None]
    facts: ProgressFacts


class BookSchool(NamedTuple):
    """A school and its lines at one level."""

    school_key: str
    ploc: str
    name: str
    lines: Sequence[BookLine]
