"""What a person's calendar shows, asked again each time it is read."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import exists
from sqlmodel import Session, col, select

from services.sesr.queries.incidents import course_of
from services.sesr.rules.calendar import FeedEntry, FeedIncident
from services.sesr.tables import CalendarAddress, CalendarEntry, Expected, Incident, School
from shared.access import Scope, Who


def address(session: Session, address_id: str) -> CalendarAddress | None:
    """The address; None where it was turned off or replaced."""
    return session.get(CalendarAddress, address_id)


def own_address(session: Session, who: Who) -> CalendarAddress | None:
    """The person's address in the role they are in."""
    own = select(CalendarAddress).where(CalendarAddress.person_id == who.person_id, CalendarAddress.role == who.role)
    return session.exec(own).one_or_none()


def feed_incidents(session: Session, scope: Scope, since: date) -> list[FeedIncident]:
    """The incidents that last to a day or longer and expect a school of the scope, by their first day."""
    found = select(Incident).where(col(Incident.last_day) >= since)
    if not scope.everywhere:
        expected = (
            exists()
            .where(col(Expected.incident_id) == Incident.incident_id)
            .where(col(Expected.until).is_(None), col(Expected.excused).is_(False))
            .where(col(School.school_key) == Expected.school_key, scope.covers(School))
        )
        found = found.where(expected)
    ordered = found.order_by(col(Incident.first_day), col(Incident.incident_id))
    return [
        FeedIncident(row.incident_id, row.name, row.drill, course_of(session, row)) for row in session.exec(ordered)
    ]


def feed_entries(session: Session) -> Sequence[FeedEntry]:
    """The survey windows and the extraction days, oldest first."""
    rows = session.exec(
        select(CalendarEntry).order_by(col(CalendarEntry.first_day), col(CalendarEntry.kind), col(CalendarEntry.term))
    )
    return [FeedEntry(**row.model_dump()) for row in rows]
