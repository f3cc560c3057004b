"""Names and phone numbers in strike reports that nobody needs any more; the figures stay."""

from sqlalchemy import text
from sqlmodel import Session

from shared.access import audit
from shared.db import rehearsed

DAYS = 400
_BLANK = text(
    "update report set commander = '', landline = '', cell = '', author_name = '', proxy_for = ''"
    " where received_at < now() - make_interval(days => :days)"
    " and (commander, landline, cell, author_name, proxy_for) <> ('', '', '', '', '') returning 1"
)


def purge(session: Session, days: int = DAYS, *, dry_run: bool = False) -> dict[str, int]:
    """How many reports older than `days` lost their names; a dry run counts the same and leaves everything."""
    with rehearsed(session, dry_run=dry_run):
        counts = {"names and phones in strike reports": len(session.execute(_BLANK, {"days": days}).all())}
    if any(counts.values()) and not dry_run:
        audit(session, "retention", "purge", "reports", {"days": days, **counts})
    return counts
