"""Keeping the directory's schools, and who is expected in the open incidents."""

from sqlalchemy import text
from sqlmodel import Session

from shared.events import DirectoryLoaded

_SCHOOLS = text(
    "insert into school(school_key, revision, ploc, cost_centre, name, level, region, cos, director, enrolled,"
    " classified_classroom, classified_other, certificated_admin, certificated_other, principal, landline)"
    " values (:school_key, :revision, :ploc, :cost_centre, :name, :level, :region, :cos, :director, :enrolled,"
    " :classified_classroom, :classified_other, :certificated_admin, :certificated_other, :principal, :landline)"
    " on conflict (school_key) do update set revision = excluded.revision, ploc = excluded.ploc,"
    " cost_centre = excluded.cost_centre, name = excluded.name, level = excluded.level, region = excluded.region,"
    " cos = excluded.cos, director = excluded.director, enrolled = excluded.enrolled,"
    " classified_classroom = excluded.classified_classroom, classified_other = excluded.classified_other,"
    " certificated_admin = excluded.certificated_admin, certificated_other = excluded.certificated_other,"
    " principal = excluded.principal, landline = excluded.landline where school.revision < excluded.revision"
)
_EXPECT = text(
    "insert into expected(incident_id, school_key) select i.incident_id, s.school_key from incident i, school s"
    " where i.closed_at is null and (cast(:incident_id as uuid) is null or i.incident_id = :incident_id)"
    " and (i.regions = '{}' or s.region = any(i.regions)) and (i.levels = '{}' or s.level = any(i.levels))"
    " on conflict do nothing"
)


def store_directory(session: Session, event: DirectoryLoaded) -> None:
    """Keeps the newer revision of each school; a new school is expected in the open incidents that it fits."""
    rows = [{**school._asdict(), "revision": event.revision} for school in event.schools]
    if rows:
        session.execute(_SCHOOLS, rows)
        expect_schools(session)


def expect_schools(session: Session, incident_id: object = None) -> None:
    """Expects the schools that fit the open incidents (or one of them) and are not known there yet."""
    session.execute(_EXPECT, {"incident_id": incident_id})
