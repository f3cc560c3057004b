"""Incidents: those there are, those that a school is asked about, their course over time."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from services.sesr.rules.plans import Course, Plan
from services.sesr.tables import Expected, FormerPlan, Incident, Report
from shared.errors import NotFound


class IncidentRow(NamedTuple):
    """An incident with the number of schools that it expects and of reports that it has."""

    incident: Incident
    schools: int
    reports: int


def incidents(session: Session, limit: int = 50, offset: int = 0) -> list[IncidentRow]:
    """Incidents with their number of schools and reports: open before closed, real before drill, newest first."""
    schools = (
        select(func.count())
        .where(col(Expected.incident_id) == Incident.incident_id, *_now(excused=False))
        .correlate(Incident)
        .scalar_subquery()
    )
    reports = (
        select(func.count())
        .where(col(Report.incident_id) == Incident.incident_id)
        .correlate(Incident)
        .scalar_subquery()
    )
    found = select(Incident, schools, reports).order_by(
        col(Incident.closed_at).is_not(None), col(Incident.drill), col(Incident.opened_at).desc()
    )
    return [IncidentRow(*row) for row in session.exec(found.limit(limit).offset(offset))]


def incident(session: Session, incident_id: UUID) -> Incident | None:
    return session.get(Incident, incident_id)


def known_incident(session: Session, incident_id: UUID) -> Incident:
    """The incident; raises NotFound."""
    found = incident(session, incident_id)
    if found is None:
        raise NotFound("There is no such incident. Choose one from the list of incidents.")
    return found


def unended_incidents(session: Session, day: date) -> Sequence[Incident]:
    """The open incidents that run on a day or later, real before drill, the newest first."""
    found = select(Incident).where(col(Incident.closed_at).is_(None), col(Incident.last_day) >= day)
    return session.exec(found.order_by(col(Incident.drill), col(Incident.opened_at).desc())).all()


def current_incident(session: Session, day: date, regions: Sequence[str] = ()) -> Incident | None:
    """The incident that a board shows when none is named: open, running on that day, of one's own regions, real."""
    is_elsewhere = func.cardinality(Incident.regions) > 0
    if regions:
        is_elsewhere = is_elsewhere & ~col(Incident.regions).overlap(list(regions))  # type: ignore[attr-defined]
    found = select(Incident).order_by(
        col(Incident.closed_at).is_not(None),
        ~(_running(day)[0] & _running(day)[1]),
        *([is_elsewhere] if regions else []),
        col(Incident.drill),
        col(Incident.opened_at).desc(),
    )
    return session.exec(found.limit(1)).one_or_none()


def is_expected(session: Session, incident_id: UUID, school_key: str) -> bool:
    """Whether the school is expected to report in the incident."""
    found = select(Expected).where(
        Expected.incident_id == incident_id, Expected.school_key == school_key, *_now(excused=False)
    )
    return session.exec(found).one_or_none() is not None


def incidents_for(session: Session, school_key: str, day: date, *, excused: bool = False) -> Sequence[Incident]:
    """The open incidents of a day that expect a school, or from which it is excused; real before drill."""
    found = (
        select(Incident)
        .join(Expected, col(Expected.incident_id) == Incident.incident_id)
        .where(Expected.school_key == school_key, *_now(excused=excused))
        .where(col(Incident.closed_at).is_(None), *_running(day))
        .order_by(col(Incident.drill), col(Incident.opened_at).desc())
    )
    return session.exec(found).all()


def course_of(session: Session, incident: Incident) -> Course:
    """What the incident asked of schools over time."""
    found = select(FormerPlan).where(FormerPlan.incident_id == incident.incident_id)
    plans = [_plan(row, row.since) for row in session.exec(found.order_by(col(FormerPlan.since)))]
    pauses = tuple((pause.lower, pause.upper) for pause in incident.pauses)
    return Course((*plans, _plan(incident, incident.planned_at)), incident.opened_at, incident.closed_at, pauses)


def _plan(row: FormerPlan | Incident, since: datetime) -> Plan:
    return Plan(
        since,
        row.first_day,
        row.last_day,
        row.weekends,
        tuple(row.days_off),
        tuple(row.windows),
        row.grace_minutes,
        row.most_per_adult,
    )


def _now(*, excused: bool) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(Expected.until).is_(None), col(Expected.excused).is_(excused)


def _running(day: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(Incident.first_day) <= day, col(Incident.last_day) >= day
