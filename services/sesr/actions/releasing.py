"""Releasing figures to the public, and taking them back."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, update

from services.sesr.tables import Incident, PublicRelease
from shared.access import Who, audit
from shared.errors import Conflict


def release_figures(
    session: Session, who: Who, incident: Incident, day: date, as_of: datetime, figures: dict[str, Any]
) -> PublicRelease:
    """Puts the figures of a moment on the public page, in place of those before. Raises Conflict for a drill."""
    if incident.drill:
        raise Conflict("This is a drill. Its figures are not released to the public.", code="drill")
    withdraw_figures(session, who)
    made = PublicRelease(
        incident_id=incident.incident_id, name=incident.name, day=day, as_of=as_of, figures=figures, author=who.actor
    )
    session.add(made)
    session.flush()
    audit(session, who.actor, "figures.release", str(incident.incident_id), {"day": day.isoformat(), **figures})
    return made


def withdraw_figures(session: Session, who: Who) -> None:
    """Takes what is public off the page; what was public and when stays known."""
    now = update(PublicRelease).where(col(PublicRelease.withdrawn_at).is_(None)).values(withdrawn_at=func.now())
    for row in session.execute(now.returning(col(PublicRelease.id))):
        audit(session, who.actor, "figures.withdraw", str(row.id))
