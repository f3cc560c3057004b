"""The rows of the table as HTML, each made once for a state of its extraction and kept in memory."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from services.rates.pages.cells import row_cells
from services.rates.queries import table
from services.rates.queries.columns import HISTORY
from services.rates.queries.extractions import ExtractionSummary
from services.rates.queries.filters import RateFilter
from services.rates.queries.own import Own
from shared.web import Db
from shared.web.pages import environment

# A row is some 2 KB: so many are kept for each of the last KEPT_EXTRACTIONS states and layouts, then it starts afresh.
KEPT_ROWS, KEPT_EXTRACTIONS = 3_000, 8


@lru_cache(maxsize=KEPT_EXTRACTIONS)
def _kept(_extraction: ExtractionSummary, _layout: tuple[str, ...], _brief: bool) -> dict[str, Markup]:
    """The rows that were made of an extraction in a state, by school."""
    return {}


def shown_layout(rates: RateFilter) -> tuple[str, ...]:
    """The columns of the page: a large page leaves out the pictures, which would make up most of its weight."""
    return tuple(name for name in rates.layout if name != HISTORY) if rates.everything else rates.layout


def school_rows(
    session: Db, extraction: ExtractionSummary, rates: RateFilter, own: Own | None, size: int, offset: int
) -> list[Markup]:
    """The rows that the filter leaves, in its order; only those that nobody has looked at yet are read and made."""
    keys = table.keys(session, extraction, rates, own, size, offset)
    layout, brief = shown_layout(rates), rates.everything
    kept = _kept(extraction, layout, brief)
    fresh = _made(session, extraction, layout, [key for key in keys if key not in kept], brief=brief)
    found = [kept[key] if key in kept else fresh[key] for key in keys if key in kept or key in fresh]
    if len(kept) + len(fresh) > KEPT_ROWS:
        kept.clear()
    kept.update(fresh)
    return found


def _made(
    session: Db, extraction: ExtractionSummary, layout: tuple[str, ...], keys: Sequence[str], *, brief: bool
) -> dict[str, Markup]:
    if not keys:
        return {}
    make: Any = environment("rates").get_template("_row.html").module
    found = table.rows_of(session, extraction, keys)
    return {row.school_key: make.school_row(row_cells(row, brief=brief), layout) for row in found}
