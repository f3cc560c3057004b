"""Incidents: those there are, those that a school is asked about."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, select

from services.sesr.tables import Incident
from shared.errors import NotFound

_LIST = text(
    "select i.*, (select count(*) from expected e where e.incident_id = i.incident_id and not e.excused) as schools,"
    " (select count(*) from report r where r.incident_id = i.incident_id) as reports"
    " from incident i order by i.closed_at is not null, i.drill, i.opened_at desc limit :limit offset :offset"
)
_FOR_SCHOOL = text(
    "select i.incident_id from incident i join expected e on e.incident_id = i.incident_id"
    " and e.school_key = :school_key and e.excused = :excused"
    " where i.closed_at is null and :day between i.first_day and i.last_day"
    " order by i.drill, i.opened_at desc limit 10"
)
_IS_EXPECTED = text(
    "select 1 from expected where (incident_id, school_key) = (:incident_id, :school_key) and not excused"
)
_CURRENT = text(
    "select incident_id from incident order by closed_at is not null, not (:day between first_day and last_day), drill,"
    " opened_at desc limit 1"
)


def incidents(session: Session, limit: int = 50, offset: int = 0) -> Sequence[Any]:
    """Incidents with their number of schools and reports: open before closed, real before drill, newest first."""
    return session.execute(_LIST, {"limit": limit, "offset": offset}).all()


def incident(session: Session, incident_id: UUID) -> Incident | None:
    return session.get(Incident, incident_id)


def known_incident(session: Session, incident_id: UUID) -> Incident:
    """The incident; raises NotFound."""
    found = incident(session, incident_id)
    if found is None:
        raise NotFound("There is no such incident. Choose one from the list of incidents.")
    return found


def current_incident(session: Session, day: date) -> Incident | None:
    """The incident that a board shows when none is named: open, running on that day, real before drill."""
    found = session.execute(_CURRENT, {"day": day}).scalar()
    return session.get(Incident, found) if found else None


def is_expected(session: Session, incident_id: UUID, school_key: str) -> bool:
    """Whether the school is expected to report in the incident."""
    values = {"incident_id": incident_id, "school_key": school_key}
    return session.execute(_IS_EXPECTED, values).scalar() is not None


def incidents_for(session: Session, school_key: str, day: date, *, excused: bool = False) -> list[Incident]:
    """The open incidents of a day that expect a school, or from which it is excused; real before drill."""
    values = {"school_key": school_key, "day": day, "excused": excused}
    ids = session.execute(_FOR_SCHOOL, values).scalars().all()
    found = {row.incident_id: row for row in session.exec(select(Incident).where(Incident.incident_id.in_(ids)))}  # type: ignore[attr-defined]
    return [found[incident_id] for incident_id in ids]
