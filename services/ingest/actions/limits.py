"""From which share of rows on a file waits for a person, as the settings say."""

from services.ingest.rules.verdicts import Limits
from shared.settings import settings


def limits() -> Limits:
    """The limits of this installation."""
    given = settings()
    return Limits(
        rejected=given.hold_rejected_percent,
        contradicting=given.hold_contradicting_percent,
        unnamed=given.hold_unnamed_percent,
        fractions=given.hold_fractions_percent,
        unknown=given.hold_unknown_percent,
        swapped=given.hold_swapped_percent,
        fallen=given.hold_fallen_percent,
        totals=given.hold_totals_percent,
        above=given.hold_above_percent,
        lost=given.hold_lost_percent,
        from_rows=given.hold_from_rows,
    )
